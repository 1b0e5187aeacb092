//! MIND and the sliced Wasserstein distance of patches.

use ganymede_metrics::{FeatureSets, Images, SlicedWassersteinConfig, mind, sliced_wasserstein};
use ganymede_tensor::Rng;
use ndarray::{Array2, Array4, Axis, s};

fn normal(seed: u64, n: usize, d: usize) -> Array2<f32> {
    let mut rng = Rng::new(seed);
    Array2::from_shape_simple_fn((n, d), || rng.standard_normal() as f32)
}

fn mind_of(real: &Array2<f32>, generated: &Array2<f32>) -> f64 {
    mind(FeatureSets { real: real.view(), generated: generated.view() }, 1000, 3).unwrap()
}

#[test]
fn mind_of_a_set_with_itself_in_any_order_is_0() {
    let real = normal(1, 300, 16);
    let mut turned = real.clone();
    turned.invert_axis(Axis(0));
    assert_eq!(mind_of(&real, &real), 0.0);
    assert!(mind_of(&real, &turned) < 1e-9);
}

#[test]
fn mind_of_a_moved_set_is_3_d_times_the_squared_shift() {
    let (n, d) = (4000, 16);
    for shift in [0.5f32, 2.0] {
        let (real, moved) = (normal(1, n, d), normal(2, n, d) + shift);
        let want = 3.0 * d as f64 * f64::from(shift * shift);
        let got = mind_of(&real, &moved);
        assert!((got / want - 1.0).abs() < 0.1, "{got} {want}");
    }
}

#[test]
fn mind_is_symmetric_and_takes_sets_of_different_sizes() {
    let (real, other) = (normal(1, 200, 8), 1.5 * &normal(2, 200, 8));
    let there = mind_of(&real, &other);
    assert!((there - mind_of(&other, &real)).abs() < 1e-12 * there);
    // Each sample three times is the same distribution.
    let thrice = ndarray::concatenate(Axis(0), &[other.view(), other.view(), other.view()]).unwrap();
    assert!((mind_of(&real, &thrice) / there - 1.0).abs() < 1e-6);
    // Deviations 1 and 1.5: W₂² along each direction is 0.25.
    let want = 3.0 * 8.0 * 0.25;
    assert!((there / want - 1.0).abs() < 0.25, "{there} {want}");
}

#[test]
fn mind_repeats_with_its_seed_and_refuses_no_directions() {
    let (real, other) = (normal(1, 50, 4), normal(2, 40, 4));
    let rows = FeatureSets { real: real.view(), generated: other.view() };
    assert_eq!(mind(rows, 100, 7).unwrap(), mind(rows, 100, 7).unwrap());
    assert_ne!(mind(rows, 100, 7).unwrap(), mind(rows, 100, 8).unwrap());
    assert!(mind(rows, 0, 7).unwrap_err().to_string().contains("direction"));
}

fn noise(seed: u64, n: usize) -> Array4<f32> {
    let mut rng = Rng::new(seed);
    Array4::from_shape_simple_fn((n, 3, 32, 32), || 128.0 + 40.0 * rng.standard_normal() as f32)
}

/// Noise that is the same along each column: as bright and as contrasted, at every level.
fn stripes(seed: u64, n: usize) -> Array4<f32> {
    let mut picture = noise(seed, n);
    let first = picture.slice(s![.., .., ..1, ..]).to_owned();
    picture.assign(&first.broadcast((n, 3, 32, 32)).unwrap());
    picture
}

#[test]
fn patches_of_equal_images_are_near_and_structure_shows_at_the_finest_level() {
    let config = SlicedWassersteinConfig { patches: 64, directions: 128, seed: 0 };
    let real = noise(1, 40);
    let swd = |generated: &Array4<f32>| {
        let images = Images { real: real.view(), generated: generated.view() };
        sliced_wasserstein(images, &config).unwrap()
    };
    let (like, striped) = (swd(&noise(2, 40)), swd(&stripes(3, 40)));
    assert_eq!(like.levels.iter().map(|level| level.resolution).collect::<Vec<_>>(), [32, 16]);
    assert!(like.levels.iter().all(|level| level.distance < 0.05), "{like:?}");
    assert!(striped.levels[0].distance > 3.0 * like.levels[0].distance, "{striped:?} {like:?}");
    let mean = striped.levels.iter().map(|level| level.distance).sum::<f64>() / 2.0;
    assert!((striped.mean - mean).abs() < 1e-12);
    // Brightness and contrast are taken out.
    let brighter = swd(&noise(2, 40).mapv(|x| 3.0 * x + 10.0));
    assert!((brighter.mean - like.mean).abs() < 1e-4, "{brighter:?} {like:?}");
}

#[test]
fn what_has_no_patches_is_refused() {
    let config = SlicedWassersteinConfig::default();
    let real = Array4::<f32>::zeros((2, 1, 32, 32));
    let message = |generated: &Array4<f32>, config: &SlicedWassersteinConfig| {
        let images = Images { real: real.view(), generated: generated.view() };
        sliced_wasserstein(images, config).unwrap_err().to_string()
    };
    assert!(message(&real, &config).contains("constant"));
    assert!(message(&Array4::zeros((3, 1, 32, 32)), &config).contains("generated ones"));
    assert!(message(&real, &SlicedWassersteinConfig { patches: 0, ..config }).contains("at least 1"));
    let small = Array4::<f32>::zeros((2, 1, 8, 8));
    let images = Images { real: small.view(), generated: small.view() };
    assert!(sliced_wasserstein(images, &config).unwrap_err().to_string().contains("16×16"));
}
