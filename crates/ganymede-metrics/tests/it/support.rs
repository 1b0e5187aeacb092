//! Inputs that the tests share.

use std::path::{Path, PathBuf};

use ndarray::Array2;
use safetensors::SafeTensors;

/// The portable generator of the reference numbers: an LCG, `state * 6364136223846793005 + 1442695040888963407` modulo
/// 2⁶⁴, that gives u = (state >> 11)/2⁵³; an element is (u₁ + u₂ + u₃ + u₄ − 2)·scale + shift, row by row.
pub(crate) fn portable(seed: u64, rows: usize, cols: usize, scale: f64, shift: f64) -> Array2<f64> {
    let mut state = seed;
    let mut unit = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    Array2::from_shape_simple_fn((rows, cols), || {
        let sum = unit() + unit() + unit() + unit();
        (sum - 2.0) * scale + shift
    })
}

/// The real set of the reference numbers, 200 rows of 16.
pub(crate) fn portable_real() -> Array2<f64> {
    portable(1, 200, 16, 1.0, 0.0)
}

/// The generated set, 160 rows of 16.
pub(crate) fn portable_fake() -> Array2<f64> {
    portable(2, 160, 16, 0.8, 0.15)
}

/// Asserts that two numbers agree to `tolerance`, relative to the one that is wanted (absolute below 1e-300).
#[track_caller]
pub(crate) fn assert_relative(found: f64, wanted: f64, tolerance: f64) {
    let error = (found - wanted).abs() / wanted.abs().max(1e-300);
    assert!(found.is_finite() && error <= tolerance, "{found} is not {wanted}: off by {error:.1e}");
}

/// The tensors of a fixture, `tests/fixtures/NAME/NAME.safetensors`.
pub(crate) struct Fixture {
    bytes: Vec<u8>,
}

impl Fixture {
    pub(crate) fn open(name: &str) -> Self {
        let path = fixture_path(name, &format!("{name}.safetensors"));
        Self { bytes: std::fs::read(path).unwrap() }
    }

    fn values<T, const N: usize>(&self, name: &str, read: fn([u8; N]) -> T) -> (Vec<usize>, Vec<T>) {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let view = file.tensor(name).unwrap();
        let values: Vec<T> = view.data().as_chunks::<N>().0.iter().map(|bytes| read(*bytes)).collect();
        assert_eq!(values.len(), view.shape().iter().product::<usize>(), "{name} has another type");
        (view.shape().to_vec(), values)
    }

    pub(crate) fn f32(&self, name: &str) -> Array2<f32> {
        let (shape, values) = self.values(name, f32::from_le_bytes);
        Array2::from_shape_vec((shape[0], shape[1]), values).unwrap()
    }

    pub(crate) fn f64(&self, name: &str) -> Array2<f64> {
        let (shape, values) = self.values(name, f64::from_le_bytes);
        Array2::from_shape_vec((shape[0], shape[1]), values).unwrap()
    }

    pub(crate) fn vector(&self, name: &str) -> Vec<f64> {
        self.values(name, f64::from_le_bytes).1
    }

    pub(crate) fn number(&self, name: &str) -> f64 {
        self.vector(name)[0]
    }

    /// Rows of indices.
    pub(crate) fn indices(&self, name: &str) -> Vec<Vec<usize>> {
        let (shape, values) = self.values(name, i64::from_le_bytes);
        let values: Vec<usize> = values.into_iter().map(|i| usize::try_from(i).unwrap()).collect();
        values.chunks(*shape.last().unwrap()).map(<[usize]>::to_vec).collect()
    }
}

pub(crate) fn fixture_path(name: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name).join(file)
}
