use ganymede_tensor::testing::{Tol, assert_close};

use super::super::{class_counts, seeded};
use super::*;

const TOL: Tol = Tol { rel: 1e-4, abs: 1e-4 };

fn network() -> DigitsCnn {
    DigitsCnn::new(&Device::Cpu).unwrap()
}

fn images() -> Tensor {
    seeded::fixture("digits")["images"].to_dtype(DType::F32).unwrap()
}

#[test]
fn features_and_logits_are_pytorchs() {
    let expected = seeded::fixture("digits");
    let [features, logits] = network().forward(&images()).unwrap();
    assert_close(&features, &expected["features"], TOL);
    assert_close(&logits, &expected["logits"], TOL);
    let guesses = logits.argmax(1).unwrap().to_vec1::<u32>().unwrap();
    let labels = expected["labels"].to_dtype(DType::U32).unwrap().to_vec1::<u32>().unwrap();
    assert_eq!(guesses, labels);
}

#[test]
fn probabilities_of_numbers_sum_to_1() {
    let found = network().features(&images()).unwrap();
    let logits = found.logits.unwrap();
    for row in logits.rows() {
        let sum: f64 = row.iter().map(|x| f64::from(*x).exp()).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{sum}");
    }
    assert_eq!(class_counts(&logits).unwrap().iter().sum::<usize>(), logits.nrows());
}

#[test]
fn frames_change_nothing_and_many_images_keep_their_order() {
    let framed = ganymede_tensor::pad2d(&images(), [2; 4]).unwrap();
    let (small, large) = (network().features(&images()).unwrap(), network().features(&framed).unwrap());
    assert!(small.pool.iter().zip(&large.pool).all(|(a, b)| (a - b).abs() < 1e-4));
    let n = images().dim(0).unwrap();
    let times = 2 * BATCH / n + 1;
    let many = network().features(&images().repeat((times, 1, 1, 1)).unwrap()).unwrap();
    assert_eq!((many.pool.dim(), many.logits.unwrap().dim()), ((times * n, DIM), (times * n, CLASSES)));
    for row in 0..n {
        for (a, b) in small.pool.row(row).iter().zip(many.pool.row((times - 1) * n + row)) {
            assert!((a - b).abs() < 1e-5);
        }
    }
}

#[test]
fn other_shapes_are_refused() {
    for shape in [[1, 1, 32, 32], [1, 3, 30, 30], [1, 3, 28, 32]] {
        let images = Tensor::zeros(&shape, DType::F32, &Device::Cpu).unwrap();
        assert!(network().features(&images).err().unwrap().to_string().contains("28 or 32"));
    }
    let none = Tensor::zeros((0, 3, 32, 32), DType::F32, &Device::Cpu).unwrap();
    let features = network().features(&none).unwrap();
    assert_eq!((features.pool.dim(), features.logits.unwrap().dim()), ((0, DIM), (0, CLASSES)));
}
