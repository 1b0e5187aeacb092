use ganymede_tensor::{Checkpoint, Tensor};

use super::*;

fn npy(folder: &Path, dict: &str, data: &[u8]) -> PathBuf {
    let path = folder.join("rows.npy");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((dict.len() as u16).to_le_bytes());
    bytes.extend(dict.as_bytes());
    bytes.extend(data);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn dict(descr: &str, fortran: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}      \n")
}

#[test]
fn every_float_in_either_order() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = [1.5f64, -2.0, 3.25, 4.0, 5.0, -6.5];
    let expected = ndarray::arr2(&[[1.5f32, -2.0, 3.25], [4.0, 5.0, -6.5]]);
    let bytes = |f: fn(f64) -> Vec<u8>| numbers.iter().flat_map(|v| f(*v)).collect::<Vec<u8>>();
    type Encode = fn(f64) -> Vec<u8>;
    let cases: [(&str, Encode); 6] = [
        ("<f2", |v| half::f16::from_f64(v).to_le_bytes().into()),
        ("<f4", |v| (v as f32).to_le_bytes().into()),
        ("<f8", |v| v.to_le_bytes().into()),
        (">f2", |v| half::f16::from_f64(v).to_be_bytes().into()),
        (">f4", |v| (v as f32).to_be_bytes().into()),
        (">f8", |v| v.to_be_bytes().into()),
    ];
    for (descr, f) in cases {
        let path = npy(folder.path(), &dict(descr, "False", "(2, 3)"), &bytes(f));
        assert_eq!(FeatureFile::read(&path).unwrap().rows, expected, "{descr}");
        let path = npy(folder.path(), &dict(descr, "True", "(3, 2)"), &bytes(f));
        let file = FeatureFile::read(&path).unwrap();
        assert_eq!(file.rows, expected.t(), "{descr}");
        assert!(file.rows.is_standard_layout());
        assert_eq!((file.id.as_str(), file.sha256.len()), ("file:rows.npy", 64));
    }
}

#[test]
fn headers_that_lie_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = [0u8; 24];
    let refused = |dict: &str, says: &str| {
        let message = FeatureFile::read(&npy(folder.path(), dict, &data)).unwrap_err().to_string();
        assert!(message.contains("rows.npy") && message.contains(says), "{message}");
    };
    refused(&dict("<f4", "False", "(2, 4)"), "cut short");
    refused(&dict("<f4", "False", "(2, 2)"), "goes on");
    refused(&dict("<f4", "False", "(4611686018427387904, 4)"), "bytes");
    refused(&dict("<f4", "False", "(6,)"), "(N, D)");
    refused(&dict("<f4", "False", "(-2, 3)"), "shape");
    refused(&dict("<i4", "False", "(2, 3)"), "f2, f4 or f8");
    refused(&dict("<f4x", "False", "(2, 3)"), "unknown");
    refused(&dict("|O", "False", "(2, 3)"), "never read");
    refused("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3)}", "structured");
    refused("{'fortran_order': False, 'shape': (2, 3)}", "descr");
    refused(&dict("<f4", "Maybe", "(2, 3)"), "fortran_order");
    refused(&dict("<f4", "False", "[2, 3]"), "shape");
}

#[test]
fn damaged_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.npy");
    for content in [
        &b""[..],
        b"\x93NUM",
        b"PK\x03\x04 no array",
        b"\x93NUMPY\x09\x00\x00\x00",
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
    ] {
        std::fs::write(&path, content).unwrap();
        assert!(matches!(FeatureFile::read(&path), Err(MetricError::File { .. })), "{content:?}");
    }
    assert!(matches!(FeatureFile::read(&folder.path().join("none.npy")), Err(MetricError::Io { .. })));
    let empty = npy(folder.path(), &dict("<f4", "False", "(0, 3)"), &[]);
    assert!(FeatureFile::read(&empty).unwrap_err().to_string().contains("0 rows"));
}

#[test]
fn what_is_not_finite_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for bad in [f32::NAN, f32::INFINITY] {
        let numbers = [0.0, 1.0, 2.0, 3.0, 4.0, bad];
        let data: Vec<u8> = numbers.iter().flat_map(|v: &f32| v.to_le_bytes()).collect();
        let path = npy(folder.path(), &dict("<f4", "False", "(2, 3)"), &data);
        match FeatureFile::read(&path) {
            Err(MetricError::NotFinite { row: 1, column: 2, .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn safetensors_hold_one_tensor_or_features() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.safetensors");
    let rows = Tensor::arange(0f64, 6.0, &Device::Cpu).unwrap().reshape((2, 3)).unwrap();
    let write = |tensors: &[(&str, &Tensor)]| {
        let tensors = tensors.iter().map(|(name, t)| (name.to_string(), (*t).clone())).collect();
        Checkpoint { tensors, ..Checkpoint::default() }.save(&path).unwrap();
    };
    for dtype in [DType::F16, DType::BF16, DType::F32, DType::F64] {
        write(&[("anything", &rows.to_dtype(dtype).unwrap())]);
        assert_eq!(
            FeatureFile::read(&path).unwrap().rows,
            ndarray::arr2(&[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
        );
    }
    write(&[("features", &rows), ("labels", &rows.get(0).unwrap())]);
    assert_eq!(FeatureFile::read(&path).unwrap().rows.dim(), (2, 3));
    write(&[("a", &rows), ("b", &rows)]);
    assert!(FeatureFile::read(&path).unwrap_err().to_string().contains("features"));
    write(&[("a", &rows.flatten_all().unwrap())]);
    assert!(FeatureFile::read(&path).unwrap_err().to_string().contains("(N, D)"));
    write(&[("a", &rows.to_dtype(DType::I64).unwrap())]);
    assert!(FeatureFile::read(&path).unwrap_err().to_string().contains("floats"));
}
