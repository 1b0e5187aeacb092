//! Weights and images made from names, the same as `tests/fixtures/seeded.py` makes.

use std::collections::BTreeMap;
use std::path::Path;

use ganymede_tensor::{Device, Tensor};

use super::weights::Weights;

/// Numbers in `[0, 1)`.
fn unit(name: &str, n: usize) -> impl Iterator<Item = f64> + use<> {
    let hash = |h: u64, byte: u8| (h ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3);
    let seed = name.bytes().fold(0xCBF2_9CE4_8422_2325, hash);
    (1..=n as u64).map(move |i| {
        let mut z = seed.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f64 / 16_777_216.0
    })
}

pub(super) fn tensor(name: &str, shape: &[usize]) -> Tensor {
    let last = name.rsplit('.').next().unwrap();
    let (low, high) = match last {
        "weight" | "kernel" if shape.len() > 1 => {
            let bound = (6.0 / shape[1..].iter().product::<usize>() as f64).sqrt();
            (-bound, bound)
        }
        "weight" | "gamma" | "lambda1" | "running_var" => (0.5, 1.5),
        _ => (-0.2, 0.2),
    };
    let numbers: Vec<f32> =
        unit(name, shape.iter().product()).map(|u| (low + (high - low) * u) as f32).collect();
    Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap()
}

/// Grey levels `(n, channels, side, side)`.
pub(super) fn images(name: &str, n: usize, channels: usize, side: usize) -> Tensor {
    let cells = side.div_ceil(23);
    let coarse: Vec<f64> = unit(&format!("{name}.coarse"), n * channels * cells * cells).collect();
    let fine = unit(&format!("{name}.fine"), n * channels * side * side);
    let levels = fine.enumerate().map(|(i, fine)| {
        let (plane, y, x) = (i / (side * side), i / side % side, i % side);
        let cell = coarse[(plane * cells + y / 23) * cells + x / 23];
        ((200.0 * cell).floor() + (56.0 * fine).floor()) as f32
    });
    Tensor::from_vec(levels.collect::<Vec<f32>>(), (n, channels, side, side), &Device::Cpu).unwrap()
}

/// A file of seeded weights that was never written.
pub(super) fn weights(shapes: &[(String, Vec<usize>)]) -> Weights {
    let tensors: BTreeMap<String, Tensor> =
        shapes.iter().map(|(name, shape)| (name.clone(), tensor(name, shape))).collect();
    Weights::new(Path::new("seeded.safetensors"), "seeded".into(), tensors)
}

/// Checks that `found` is within `limit`, as a share of the largest expected number, of `expected`.
pub(super) fn assert_near(what: &str, found: &Tensor, expected: &Tensor, limit: f32) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let largest =
        |x: &Tensor| x.abs().unwrap().flatten_all().unwrap().max(0).unwrap().to_scalar::<f32>().unwrap();
    let apart = largest(&(found - expected).unwrap()) / largest(expected);
    assert!(apart <= limit, "{what}: {apart} is more than {limit}");
}

/// The expected numbers of a fixture.
pub(super) fn fixture(name: &str) -> BTreeMap<String, Tensor> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    ganymede_tensor::load_weights(&folder.join(format!("{name}.safetensors")), None, &Device::Cpu).unwrap()
}

/// Names and shapes of a published file, as a fixture's `tensors.txt` lists them.
pub(super) fn shapes(fixture: &str) -> Vec<(String, Vec<usize>)> {
    shapes_in(fixture, "tensors.txt")
}

/// As [`shapes`], in another list of the fixture.
pub(super) fn shapes_in(fixture: &str, list: &str) -> Vec<(String, Vec<usize>)> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(fixture).join(list);
    let list = std::fs::read_to_string(list).unwrap();
    let shape = |dims: &str| dims.split(',').filter(|d| !d.is_empty()).map(|d| d.parse().unwrap()).collect();
    list.lines().map(|line| line.split_once(' ').unwrap()).map(|(k, dims)| (k.into(), shape(dims))).collect()
}
