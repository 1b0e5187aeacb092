use ganymede_tensor::Var;
use ganymede_tensor::testing::{Tol, assert_close};

use super::super::seeded;
use super::*;
use crate::{BatchOptions, CacheKey};
use std::path::Path;

fn shapes() -> Vec<(String, Vec<usize>)> {
    seeded::shapes("inception")
}

fn network(config: InceptionConfig) -> Inception {
    Inception::build(seeded::weights(&shapes()), config, &Device::Cpu).unwrap()
}

fn images() -> Tensor {
    seeded::images("inception.images", 2, 3, SIDE)
}

/// Within 1e-4 of the number; where it is near 0, within 1e-6 of the tap's largest (PyTorch in f32
/// is no nearer to itself in f64).
fn assert_parity(found: &Tensor, expected: &Tensor) {
    let largest = expected.abs().unwrap().flatten_all().unwrap().max(0).unwrap().to_scalar::<f32>().unwrap();
    assert_close(found, expected, Tol { rel: 1e-4, abs: 1e-6 * f64::from(largest) });
}

#[test]
fn every_tap_is_that_of_pytorch_fid_and_dgm_eval() {
    let expected = seeded::fixture("inception");
    let config = InceptionConfig {
        range: InceptionRange::Unit255,
        spatial: Some(SpatialTap::LastBlock),
        ..Default::default()
    };
    // As on the CPU, and as on a device.
    let on_device = || Trunks::Device(Trunk::load(&mut seeded::weights(&shapes()), &Device::Cpu).unwrap());
    for trunk in [network(config).trunk, on_device()] {
        let network = Inception { trunk, ..network(config) };
        let outputs = network.forward(&images()).unwrap();
        for (tap, pool) in InceptionTap::ALL.iter().zip(&outputs.pools) {
            assert_parity(pool.as_ref().unwrap(), &expected[&format!("pytorch_fid.{}", tap.dim())]);
        }
        assert_parity(&outputs.spatial.unwrap(), &expected["dgm_eval.spatial"]);
        let config =
            InceptionConfig { tap: InceptionTap::Pool768, spatial: Some(SpatialTap::Mixed6), ..config };
        let outputs = Inception { config, ..network }.forward(&images()).unwrap();
        assert_parity(&outputs.spatial.unwrap(), &expected["guided_diffusion.spatial"]);
    }
}

#[test]
fn taps_and_logits_are_those_of_torch_fidelity() {
    let expected = seeded::fixture("inception");
    let plain = network(InceptionConfig::default());
    let outputs = plain.forward(&images()).unwrap();
    for (tap, pool) in InceptionTap::ALL.iter().zip(&outputs.pools) {
        assert_parity(pool.as_ref().unwrap(), &expected[&format!("torch_fidelity.{}", tap.dim())]);
    }
    assert_parity(&outputs.logits.unwrap(), &expected["torch_fidelity.logits_unbiased"]);
    let biased = Inception { config: InceptionConfig { logit_bias: true, ..plain.config }, ..plain };
    assert_parity(&biased.forward(&images()).unwrap().logits.unwrap(), &expected["torch_fidelity.logits"]);
}

#[test]
fn rows_of_any_batch_size_are_in_order() {
    let mut network = network(InceptionConfig {
        tap: InceptionTap::Pool768,
        spatial: Some(SpatialTap::LastBlock),
        ..Default::default()
    });
    let together = network.features(&images()).unwrap();
    network.config.batch = 1;
    let apart = network.features(&images()).unwrap();
    assert_eq!((together.pool.dim(), apart.pool.dim()), ((2, 768), (2, 768)));
    assert_eq!(together.spatial.as_ref().unwrap().dim(), (2, 2023));
    for (a, b) in together.pool.iter().zip(&apart.pool) {
        assert!((a - b).abs() <= 1e-5 * a.abs().max(1.0), "{a} {b}");
    }
    assert!(together.logits.is_none(), "the pass ends before the classifier");
    assert_eq!((network.id(), network.dim(), network.input()), ("inception2015-768", 768, [3, 299, 299]));
}

#[test]
fn no_two_settings_share_a_key_of_the_cache() {
    let mut network = network(InceptionConfig::default());
    let options = BatchOptions::new(network.input());
    let mut keys = Vec::new();
    for tap in InceptionTap::ALL {
        for range in [InceptionRange::Centred128, InceptionRange::Unit255] {
            let spatial = [None, Some(SpatialTap::LastBlock), Some(SpatialTap::Mixed6)];
            for (logit_bias, spatial) in spatial.into_iter().flat_map(|tap| [(false, tap), (true, tap)]) {
                network.config = InceptionConfig { tap, range, logit_bias, spatial, batch: 16 };
                let key = CacheKey::new("content", &network, &options, "");
                network.config.batch = 1;
                assert_eq!(CacheKey::new("content", &network, &options, ""), key);
                keys.push((network.config, key));
            }
        }
    }
    let distinct: std::collections::HashSet<_> = keys.iter().map(|(_, key)| key).collect();
    assert_eq!(distinct.len(), 48);
    assert_eq!(keys.len(), 48);
}

#[test]
fn a_pass_builds_no_graph() {
    let network = network(InceptionConfig { tap: InceptionTap::Pool64, ..Default::default() });
    let watched = Var::from_tensor(&images()).unwrap();
    let outputs = network.forward(&watched).unwrap();
    assert!(!outputs.pools[0].as_ref().unwrap().track_op());
}

#[test]
fn a_trunk_without_classifier_gives_no_logits() {
    let trunk: Vec<_> = shapes().into_iter().filter(|(name, _)| !name.starts_with("fc.")).collect();
    let network =
        Inception::build(seeded::weights(&trunk), InceptionConfig::default(), &Device::Cpu).unwrap();
    assert!(network.classifier.is_none());
}

#[test]
fn other_files_are_refused_by_name_and_shape() {
    let build = |shapes: Vec<(String, Vec<usize>)>| {
        let result = Inception::build(seeded::weights(&shapes), InceptionConfig::default(), &Device::Cpu);
        result.err().expect("a file of another network").to_string()
    };
    let without: Vec<_> =
        shapes().into_iter().filter(|(n, _)| n != "Mixed_6c.branch_pool.bn.running_var").collect();
    let message = build(without);
    assert!(
        message.contains("seeded.safetensors") && message.contains("Mixed_6c.branch_pool.bn.running_var")
    );
    assert!(message.contains("[192]"), "{message}");

    // TorchVision's own Inception has 1000 classes.
    let mut classes = shapes();
    classes.iter_mut().filter(|(name, _)| name == "fc.weight").for_each(|(_, shape)| shape[0] = 1000);
    let message = build(classes);
    assert!(message.contains("[1000, 2048]") && message.contains("[1008, 2048]"), "{message}");

    let mut more = shapes();
    more.push(("AuxLogits.fc.bias".into(), vec![1000]));
    assert!(build(more).contains("AuxLogits.fc.bias"));

    let mut half = shapes();
    half.retain(|(name, _)| name != "fc.bias");
    assert!(build(half).contains("fc.bias"));
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let conv = |variance: f32| {
        let shapes = [("a.conv.weight", vec![1, 1, 1, 1]), ("a.bn.weight", vec![1]), ("a.bn.bias", vec![1])];
        let mut all: Vec<_> = shapes.map(|(n, s)| (n.to_string(), seeded::tensor(n, &s))).into();
        all.push(("a.bn.running_mean".into(), seeded::tensor("m", &[1])));
        all.push(("a.bn.running_var".into(), Tensor::new(&[variance], &Device::Cpu).unwrap()));
        let mut weights = Weights::new(Path::new("w.pth"), String::new(), all.into_iter().collect());
        let spec = super::super::conv::Spec {
            inputs: 1,
            outputs: 1,
            kernel: [1, 1],
            stride: 1,
            padding: [0, 0],
            relu: true,
        };
        <Conv as super::super::conv::Frozen>::folded(&mut weights, "a", spec, 1e-3, &Device::Cpu).map(|_| ())
    };
    assert!(conv(1.0).is_ok());
    assert!(conv(-1.0).unwrap_err().to_string().contains("\"a\""));
}

#[test]
fn images_of_another_shape_are_refused() {
    let network = network(InceptionConfig::default());
    for shape in [[1, 3, 298, 299], [1, 1, 299, 299]] {
        let images = Tensor::zeros(&shape[..], DType::F32, &Device::Cpu).unwrap();
        let message = network.features(&images).err().unwrap().to_string();
        assert!(message.contains("(N, 3, 299, 299)"), "{message}");
    }
    let none = Tensor::zeros((0, 3, 299, 299), DType::F32, &Device::Cpu).unwrap();
    assert_eq!(network.features(&none).unwrap().pool.dim(), (0, 2048));
}
