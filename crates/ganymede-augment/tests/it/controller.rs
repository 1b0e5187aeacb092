//! The heuristics, and how they move the probability.

use ganymede_augment::{AdaController, Adaptive, Heuristic, Seen};
use ganymede_tensor::Tensor;
use ganymede_tensor::testing::device;

const ADAPTIVE: Adaptive = Adaptive { heuristic: Heuristic::Sign, target: 0.6, kimg: 1.0, interval: 4 };

fn scores(values: &[f32]) -> Tensor {
    Tensor::new(values, &device()).unwrap()
}

#[test]
fn p_moves_by_the_share_of_images_towards_the_target_and_stays_a_probability() {
    let mut controller = AdaController::default();
    let mut after = |r: f64, images: u64| {
        controller.adjust(&ADAPTIVE, r, images);
        controller.p()
    };
    assert_eq!(after(0.5, 100), 0.0, "there is no less");
    assert_eq!(after(0.7, 250), 0.25);
    assert_eq!(after(0.6, 250), 0.25, "at the target it stands");
    assert_eq!(after(f64::NAN, 250), 0.25, "what is not a number moves nothing");
    assert_eq!(after(f64::INFINITY, 2000), 1.0, "there is no more");
    assert_eq!(after(0.1, 500), 0.5);
}

/// As the authors' program on the way between its bounds: p of 200 batches of 64 images, moved every fourth.
#[test]
fn p_goes_as_fast_as_the_program_says() {
    let slow = Adaptive { kimg: 500.0, ..ADAPTIVE };
    let mut controller = AdaController::default();
    (0..50).for_each(|_| controller.adjust(&slow, 1.0, 4 * 64));
    assert!((controller.p() - 200.0 * 64.0 / 500_000.0).abs() < 1e-12, "{}", controller.p());
}

#[test]
fn a_state_is_a_probability_or_refused() {
    assert_eq!(AdaController::at(0.3).unwrap().p(), 0.3);
    for p in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let error = AdaController::at(p).unwrap_err().to_string();
        assert!(error.contains("p: found") && error.contains("from 0 to 1"), "{error}");
    }
}

#[test]
fn heuristics_are_those_of_the_paper() {
    let means = |heuristic: Heuristic, seen: Seen<'_>| -> Vec<f64> {
        let means = heuristic.means(seen).unwrap();
        assert_eq!(means.dims(), [heuristic.parts()]);
        means.to_vec1::<f32>().unwrap().into_iter().map(f64::from).collect()
    };
    let (real, fake, held_out) =
        (scores(&[3.0, 1.0, -1.0, 0.5]), scores(&[-1.0, -3.0, 0.0, 0.0]), scores(&[0.0, 0.5]));
    let seen = Seen { real: &real, fake: &fake, held_out: Some(&held_out), undecided: 0.0 };
    assert_eq!(means(Heuristic::Sign, seen), [0.5]);
    // 0.5 itself is neither.
    assert_eq!(means(Heuristic::Sign, Seen { undecided: 0.5, ..seen }), [0.25]);
    assert_eq!(means(Heuristic::HeldOut, seen), [0.875, 0.25, -1.0]);
    assert_eq!(Heuristic::HeldOut.of(&[0.875, 0.25, -1.0]), 0.625 / 1.875);
    assert_eq!(Heuristic::Sign.of(&[0.5]), 0.5);
    // Where generated samples score higher than real ones.
    assert!(Heuristic::HeldOut.of(&[0.0, -1.0, 2.0]) > 1e7);
    assert!(Heuristic::HeldOut.means(Seen { held_out: None, ..seen }).is_err());
    // Several scores a sample.
    let patches = scores(&[1.0, -1.0, 2.0, 3.0]).reshape((2, 2)).unwrap();
    assert_eq!(means(Heuristic::Sign, Seen { real: &patches, ..seen }), [0.5]);
}
