use std::collections::BTreeMap;

use ganymede_tensor::{Checkpoint, Tensor};

use super::*;
use crate::testing::{assert_says, npy};

const LIMIT: u64 = 1 << 20;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, bytes: &[u8]) -> Result<Vectors, DatasetError> {
        let path = self.0.path().join("v.npy");
        std::fs::write(&path, bytes).unwrap();
        Vectors::open(&path, LIMIT)
    }

    /// A safetensors file, whatever it is called.
    fn save(&self, tensors: &[(&str, Tensor)]) -> Result<Vectors, DatasetError> {
        let path = self.0.path().join("v.npy");
        let tensors = tensors.iter().map(|(name, tensor)| ((*name).to_owned(), tensor.clone())).collect();
        Checkpoint { tensors, metadata: BTreeMap::new() }.save(&path).unwrap();
        Vectors::open(&path, LIMIT)
    }
}

fn tensor(rows: usize, dim: usize, dtype: DType) -> Tensor {
    let values = Tensor::arange(0f32, (rows * dim) as f32, &Device::Cpu).unwrap();
    values.reshape((rows, dim)).unwrap().to_dtype(dtype).unwrap()
}

#[test]
fn rows_of_either_format_in_every_precision() {
    let place = Place::new();
    let wanted = vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    for descr in ["<f4", "<f8"] {
        let vectors = place.put(&npy(descr, &[2, 3], &wanted)).unwrap();
        assert_eq!((vectors.len(), vectors.dim(), vectors.values), (2, 3, wanted.clone()), "{descr}");
    }
    // float16: 0, 1, 2 and their bytes.
    let mut half = npy("<f2", &[1, 3], &[]);
    half.extend([0x00, 0x00, 0x00, 0x3c, 0x00, 0x40]);
    assert_eq!(place.put(&half).unwrap().row(0), Some(&[0.0, 1.0, 2.0][..]));
    for dtype in [DType::F16, DType::F32, DType::F64] {
        let vectors = place.save(&[("anything", tensor(2, 3, dtype))]).unwrap();
        assert_eq!(vectors.values, wanted, "{dtype:?}");
        assert_eq!((vectors.row(1), vectors.row(2)), (Some(&[3.0, 4.0, 5.0][..]), None));
    }
    let several = [("vectors", tensor(2, 3, DType::F32)), ("other", tensor(7, 1, DType::F32))];
    assert_eq!(place.save(&several).unwrap().dim(), 3);
}

#[test]
fn files_that_hold_no_vectors_are_refused_in_words() {
    let place = Place::new();
    let bytes: [(&[u8], &[&str]); 11] = [
        (b"", &["v.npy", "neither .npy nor safetensors"]),
        (b"hello, these are words and nothing else", &["v.npy"]),
        (b"\x93NUMPY\x01", &["cut short"]),
        (&npy("<f4", &[2, 3], &[0.0; 5]), &["cut short: 20 of the 24 bytes"]),
        (&npy("<f4", &[2, 3], &[0.0; 7]), &["goes on"]),
        (&npy("<f4", &[6], &[0.0; 6]), &["float32 (6,)", "(N, D)", "float32"]),
        (&npy("<f4", &[1, 2, 3], &[0.0; 6]), &["float32 (1, 2, 3)", "(N, D)"]),
        (&npy("<f4", &[0, 3], &[]), &["(0, 3)", "no vectors"]),
        (&npy("<f4", &[3, 0], &[]), &["(3, 0)", "no vectors"]),
        (&npy("<i8", &[2, 1], &[1.0, 2.0]), &["int64 (2, 1)", "whole numbers", "astype"]),
        (&npy("<f4", &[1, 70_000], &[0.0; 70_000]), &["70000", "65536 numbers at most"]),
    ];
    for (bytes, says) in bytes {
        assert_says(place.put(bytes), says);
    }
    for value in [f32::NAN, f32::INFINITY] {
        let row = [0.0, 0.0, 0.0, value];
        assert_says(place.put(&npy("<f4", &[2, 2], &row)), &["number 1 of vector 1", "finite"]);
    }
    let large = npy("<f4", &[300_000, 1], &vec![0.0; 300_000]);
    assert_says(place.put(&large), &["1200000 bytes", "limit"]);
    let two = [("a", tensor(2, 3, DType::F32)), ("b", tensor(7, 1, DType::F32))];
    assert_says(place.save(&two), &["2 tensors", "none is called `vectors`"]);
    assert_says(place.save(&[("a", tensor(2, 3, DType::U32))]), &["`a`", "[2, 3]", "whole numbers"]);
    assert_says(Vectors::open(&place.0.path().join("none"), LIMIT), &["could not read", "none"]);
}
