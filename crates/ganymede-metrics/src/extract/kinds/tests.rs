use super::*;
use crate::Convention;

#[test]
fn names_are_found_and_others_told() {
    for kind in EXTRACTORS {
        assert_eq!(find_extractor(kind.name).unwrap(), *kind);
        let layer_of = kind.layer_of.map(|name| find_extractor(name).unwrap());
        assert!(layer_of.is_none_or(|whole| kind.name.starts_with(whole.name) && kind != &whole));
        assert!(kind.classes.is_none_or(|names| Some(names.len()) == kind.logits), "{kind:?}");
    }
    let error = find_extractor("dino").unwrap_err().to_string();
    assert_eq!(error, "there is no extractor `dino`; did you mean `dinov2-s`?");
}

#[test]
fn what_is_built_in_is_what_the_table_says() {
    let dir = tempfile::tempdir().unwrap();
    let choices = Convention::Ganymede.choices();
    let options = ExtractorOptions {
        weights: None,
        cache: dir.path(),
        fetch: false,
        choices: &choices,
        spatial: false,
        batch: 4,
        device: &Device::Cpu,
        images: None,
    };
    for kind in EXTRACTORS.iter().filter(|kind| kind.is_network()) {
        let loaded = kind.load(&options, &mut |_| ());
        let Ok(network) = loaded else {
            let error = loaded.err().unwrap().to_string();
            assert!(!kind.is_built_in() && error.contains("are not there"), "{kind:?}: {error}");
            continue;
        };
        assert!(kind.is_built_in());
        assert_eq!((network.id(), network.dim(), network.input()), (kind.name, kind.dim, kind.input));
        let [c, h, w] = kind.input;
        let levels = ganymede_tensor::Tensor::zeros((1, c, h, w), ganymede_tensor::DType::F32, &Device::Cpu);
        let found = network.features(&levels.unwrap()).unwrap();
        assert_eq!(found.logits.map(|logits| logits.ncols()), kind.logits);
    }
    // Pixels are of the size that images have, up to a bound.
    let pixels = find_extractor("pixels").unwrap();
    assert!(pixels.load(&options, &mut |_| ()).is_err() && pixels.is_built_in());
    for (images, input) in [([1, 28, 28], [1, 28, 28]), ([3, 256, 64], [3, 64, 64])] {
        let own = ExtractorOptions { images: Some(images), ..options };
        assert_eq!(pixels.load(&own, &mut |_| ()).unwrap().input(), input);
    }
}
