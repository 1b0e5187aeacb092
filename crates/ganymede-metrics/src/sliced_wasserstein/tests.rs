use ndarray::ArrayView3;
use safetensors::SafeTensors;

use super::*;

fn with_fixture(check: impl Fn(&SafeTensors<'_>)) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/slices/slices.safetensors");
    let bytes = std::fs::read(path).unwrap();
    check(&SafeTensors::deserialize(&bytes).unwrap());
}

fn f64s(file: &SafeTensors<'_>, key: &str) -> Vec<f64> {
    let bytes = file.tensor(key).unwrap().data().to_vec();
    bytes.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
}

fn f32s(file: &SafeTensors<'_>, key: &str) -> Vec<f32> {
    let bytes = file.tensor(key).unwrap().data().to_vec();
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

#[test]
fn pyramids_are_those_of_scipys_filters() {
    with_fixture(|file| {
        let view = file.tensor("ms-ssim/small/a").unwrap();
        let levels: Vec<f32> = view.data().iter().map(|level| f32::from(*level)).collect();
        let image = ArrayView3::from_shape((2, 32, 48), &levels).unwrap();
        for (level, got) in laplacian_pyramid(image, 2).iter().enumerate() {
            let want = f64s(file, &format!("pyramid/{level}"));
            assert_eq!(got.data.len(), want.len());
            let apart =
                got.data.iter().zip(&want).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
            assert!(apart < 1e-4, "level {level}: {apart} of 255");
        }
    });
}

#[test]
fn distances_along_given_directions_are_those_of_numpy() {
    with_fixture(|file| {
        let (a, b, theta) = (f32s(file, "sliced/a"), f32s(file, "sliced/b"), f32s(file, "sliced/theta"));
        for (k, want) in f64s(file, "sliced/w1").iter().enumerate() {
            let got = distances(&a, &b, 5, &theta[k * 5..(k + 1) * 5]);
            assert!((got / want - 1.0).abs() < 1e-5, "direction {k}: {got} {want}");
        }
        let together: f64 = f64s(file, "sliced/w1").iter().sum();
        assert!((distances(&a, &b, 5, &theta) / together - 1.0).abs() < 1e-5);
    });
}

#[test]
fn an_odd_size_is_halved_upwards_and_a_constant_leaves_no_detail() {
    let flat = vec![7.0; 33 * 35];
    let pyramid = laplacian_pyramid(ArrayView3::from_shape((1, 33, 35), &flat).unwrap(), 2);
    assert_eq!((pyramid[1].height, pyramid[1].width), (17, 18));
    assert!(pyramid[0].data.iter().all(|v| v.abs() < 1e-5));
    assert!(pyramid[1].data.iter().all(|v| (v - 7.0).abs() < 1e-5));
}
