use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{IndexOp, Var};

use super::super::{class_counts, seeded};
use super::*;

const TOL: Tol = Tol { rel: 1e-4, abs: 1e-4 };

fn network() -> FashionCnn {
    FashionCnn::new(&Device::Cpu).unwrap()
}

fn images() -> Tensor {
    seeded::fixture("fashion")["images"].to_dtype(DType::F32).unwrap()
}

#[test]
fn features_and_logits_are_pytorchs() {
    let expected = seeded::fixture("fashion");
    let [features, logits] = network().forward(&images()).unwrap();
    assert_close(&features, &expected["features"], TOL);
    assert_close(&logits, &expected["logits"], TOL);
    let guesses = logits.argmax(1).unwrap().to_vec1::<u32>().unwrap();
    let labels = expected["labels"].to_dtype(DType::U32).unwrap().to_vec1::<u32>().unwrap();
    let right = guesses.iter().zip(&labels).filter(|(a, b)| a == b).count();
    assert!(right >= 35, "{right} of 40 are right");
    let counts = class_counts(&network().features(&images()).unwrap().logits.unwrap()).unwrap();
    assert_eq!(counts.iter().sum::<usize>(), 40);
    assert!((0..10).all(|class| counts[class] == guesses.iter().filter(|g| **g == class as u32).count()));
}

#[test]
fn frames_and_grey_colours_change_nothing() {
    let small = images().narrow(0, 0, 4).unwrap();
    let framed = ganymede_tensor::pad2d(&small, [2; 4]).unwrap();
    let colour = framed.repeat((1, 3, 1, 1)).unwrap();
    let expected = network().features(&small).unwrap().pool;
    for same in [framed, colour] {
        let found = network().features(&same).unwrap().pool;
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-4));
    }
}

#[test]
fn colours_become_luma() {
    let colour = Tensor::new(&[[[[100f32]], [[50.0]], [[200.0]]]], &Device::Cpu).unwrap();
    let colour = colour.broadcast_as((1, 3, 32, 32)).unwrap().contiguous().unwrap();
    let grey = network().prepare(&colour).unwrap().i((0, 0, 0, 0)).unwrap().to_scalar::<f32>().unwrap();
    let luma = 0.2126 * 100.0 + 0.7152 * 50.0 + 0.0722 * 200.0;
    assert!((grey - luma).abs() < 1e-4, "{grey}");
}

#[test]
fn many_images_keep_their_order() {
    let many = images().repeat((5, 1, 1, 1)).unwrap();
    let features = network().features(&many).unwrap();
    assert_eq!((features.pool.dim(), features.logits.as_ref().unwrap().dim()), ((200, 128), (200, 10)));
    for row in 0..40 {
        for (a, b) in features.pool.row(row).iter().zip(features.pool.row(row + 160)) {
            assert!((a - b).abs() < 1e-5);
        }
    }
}

#[test]
fn a_pass_builds_no_graph() {
    let watched = Var::from_tensor(&images()).unwrap();
    assert!(network().forward(&watched).unwrap().iter().all(|t| !t.track_op()));
}

#[test]
fn other_shapes_are_refused() {
    for shape in [[1, 1, 30, 30], [1, 2, 32, 32], [1, 1, 28, 32]] {
        let images = Tensor::zeros(&shape, DType::F32, &Device::Cpu).unwrap();
        assert!(network().features(&images).err().unwrap().to_string().contains("28 or 32"));
    }
    let none = Tensor::zeros((0, 1, 32, 32), DType::F32, &Device::Cpu).unwrap();
    let features = network().features(&none).unwrap();
    assert_eq!((features.pool.dim(), features.logits.unwrap().dim()), ((0, 128), (0, 10)));
}

#[test]
fn weights_can_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    std::fs::write(&path, EMBEDDED).unwrap();
    let loaded = FashionCnn::load(&WeightsFile::given(&path), &Device::Cpu).unwrap();
    assert_eq!(loaded.weights_sha256(), network().weights_sha256());
    let (a, b) = (loaded.features(&images()).unwrap(), network().features(&images()).unwrap());
    assert_eq!(a.pool, b.pool);
}
