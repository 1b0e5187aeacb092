//! Images that cannot be changed so, and draws for other images.

use ganymede_augment::{AugmentConfig, Draws, Part, Pipe, Probability};
use ganymede_tensor::testing::device;
use ganymede_tensor::{DType, Rng, Tensor};

fn images(shape: [usize; 4]) -> Tensor {
    Tensor::zeros(&shape[..], DType::F32, &device()).unwrap()
}

fn ada(pipe: &str) -> AugmentConfig {
    let pipe = Pipe::named(pipe).unwrap();
    let p = Probability::Fixed(0.5);
    AugmentConfig::Ada { pipe, p, heuristic: None, target: None, kimg: None, interval: None, held_out: None }
}

#[test]
fn samples_that_cannot_be_changed_are_refused_before_and_when_it_is_tried() {
    for (pipe, [c, h, w], want) in [
        ("color", [2, 4, 4], "1 or 3 channels; use a pipe without `color`"),
        ("bgcf", [3, 21, 32], "more than 21 pixels"),
        ("filter", [1, 32, 16], "a pipe without `filter`, such as bgc"),
    ] {
        let before = ada(pipe).check_sample(&[c, h, w]).unwrap_err().to_string();
        assert!(before.contains(want), "{before}");
        let draws = ada(pipe).draw(1.0, &[2, c, h, w], &mut Rng::new(1)).unwrap();
        let then = draws.apply(&images([2, c, h, w])).unwrap_err().to_string();
        assert!(then.contains(want), "{then}");
    }
    let error = ada("bgc").check_sample(&[2]).unwrap_err().to_string();
    assert!(error.contains("`ada` changes images"), "{error}");
    assert!(ada("bg").check_sample(&[2, 8, 8]).is_ok());
    let apa = AugmentConfig::Apa { p: Probability::Fixed(0.5), target: None, kimg: None, interval: None };
    assert!(apa.check_sample(&[2]).is_ok() && apa.draw(1.0, &[1; 4], &mut Rng::new(1)).is_none());
}

/// Noise has no shape that it needs; what changes images leaves points alone.
#[test]
fn points_are_changed_by_noise_only() {
    for kind in AugmentConfig::NAMES {
        let config: AugmentConfig =
            toml::from_str::<toml::Table>(&format!("[{kind}]")).unwrap().try_into().unwrap();
        let noise = ["instance-noise", "diffusion"].contains(kind);
        assert_eq!(config.draw(1.0, &[5, 2], &mut Rng::new(1)).is_some(), noise, "{kind}");
        assert!(!noise || config.check_sample(&[2]).is_ok() && config.check_sample(&[4, 3, 3]).is_ok());
    }
}

#[test]
fn draws_are_for_the_images_that_they_were_made_for() {
    let shape = [3, 3, 8, 8];
    let other = images([2, 3, 8, 8]);
    for part in [Part::Colour, Part::Translation, Part::Cutout, Part::Crop] {
        let draws = Draws::parts(&[part], shape, &mut Rng::new(1));
        assert!(draws.apply(&other).is_err(), "{part:?}");
        assert_eq!(draws.apply(&images(shape)).unwrap().dims(), shape);
    }
    let message = Draws::ada(Pipe::BGC, 1.0, shape, &mut Rng::new(1)).apply(&other).unwrap_err().to_string();
    assert!(message.contains("[2, 3, 8, 8]") && message.contains("draw anew"), "{message}");
    let noise = Draws::ada(Pipe::named("noise").unwrap(), 1.0, shape, &mut Rng::new(1));
    assert!(noise.apply(&images([3, 3, 8, 7])).is_err());
}
