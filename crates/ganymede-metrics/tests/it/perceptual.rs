//! MS-SSIM and path length.

use ganymede_metrics::{
    LatentPath, PathLengthConfig, PathLengthSubject, PathSampling, Result, ms_ssim, ms_ssim_diversity,
    path_length,
};
use ganymede_tensor::{D, DType, Device, Rng, Tensor};
use ndarray::{Array3, Array4, Axis};
use safetensors::SafeTensors;

use crate::support::fixture_path;

#[test]
fn ms_ssim_is_that_of_scipys_filters() {
    let bytes = std::fs::read(fixture_path("slices", "slices.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    for case in ["small", "large"] {
        let image = |which: &str| {
            let view = file.tensor(&format!("ms-ssim/{case}/{which}")).unwrap();
            let shape = (view.shape()[0], view.shape()[1], view.shape()[2]);
            Array3::from_shape_vec(shape, view.data().iter().map(|b| f32::from(*b)).collect()).unwrap()
        };
        let value = file.tensor(&format!("ms-ssim/{case}/value")).unwrap();
        let want = f64::from_le_bytes(value.data().try_into().unwrap());
        let (a, b) = (image("a"), image("b"));
        for got in [ms_ssim(a.view(), b.view()).unwrap(), ms_ssim(b.view(), a.view()).unwrap()] {
            assert!((got - want).abs() < 1e-10, "{case}: {got} {want}");
        }
        assert!((ms_ssim(a.view(), a.view()).unwrap() - 1.0).abs() < 1e-12);
    }
}

fn noise(n: usize) -> Array4<f32> {
    let mut rng = Rng::new(1);
    Array4::from_shape_simple_fn((n, 1, 32, 32), || (255.0 * rng.unit()) as f32)
}

#[test]
fn a_collapsed_generator_has_similarity_1_and_noise_has_little() {
    let images = noise(12);
    let diverse = ms_ssim_diversity(images.view(), 40, 0).unwrap();
    assert!(diverse.mean < 0.3 && diverse.std > 0.0 && diverse.pairs == 40, "{diverse:?}");
    let first = images.index_axis(Axis(0), 0);
    let same = first.broadcast((12, 1, 32, 32)).unwrap();
    let collapsed = ms_ssim_diversity(same, 10, 0).unwrap();
    assert!((collapsed.mean - 1.0).abs() < 1e-12 && collapsed.std < 1e-12);
    assert_eq!(ms_ssim_diversity(images.view(), 40, 0).unwrap(), diverse);
    assert_ne!(ms_ssim_diversity(images.view(), 40, 1).unwrap(), diverse);
}

#[test]
fn images_that_cannot_be_compared_are_refused() {
    let images = noise(2);
    assert!(ms_ssim_diversity(noise(1).view(), 5, 0).unwrap_err().to_string().contains("at least 2 images"));
    let tiny = Array3::<f32>::zeros((1, 8, 8));
    assert!(ms_ssim(tiny.view(), tiny.view()).unwrap_err().to_string().contains("16×16"));
    let first = images.index_axis(Axis(0), 0);
    let other = Array3::<f32>::zeros((3, 32, 32));
    assert!(ms_ssim(first, other.view()).is_err());
    let mut broken = first.to_owned();
    broken[(0, 3, 3)] = f32::NAN;
    assert!(ms_ssim(broken.view(), first).unwrap_err().to_string().contains("not finite"));
}

/// A generator of vectors, and how far they lie apart.
struct Subject<'a> {
    images: &'a dyn Fn(&Tensor) -> Result<Tensor>,
    distance: &'a dyn Fn(&Tensor, &Tensor) -> Result<Tensor>,
}

impl PathLengthSubject for Subject<'_> {
    fn ends(&mut self, n: usize, rng: &mut Rng) -> Result<[Tensor; 2]> {
        let mut normal = || rng.normal((n, 64), DType::F64, &Device::Cpu);
        Ok([normal()?, normal()?])
    }

    fn images(&mut self, points: &Tensor) -> Result<Tensor> {
        (self.images)(points)
    }

    fn distance(&self, first: &Tensor, second: &Tensor) -> Result<Tensor> {
        (self.distance)(first, second)
    }

    fn distance_name(&self) -> String {
        "pixels".to_owned()
    }
}

fn squared_distance(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    Ok((a - b)?.sqr()?.sum(D::Minus1)?)
}

fn config(path: LatentPath, sampling: PathSampling) -> PathLengthConfig {
    PathLengthConfig { pairs: 2000, batch: 300, path, sampling, ..PathLengthConfig::default() }
}

fn measure(
    images: &dyn Fn(&Tensor) -> Result<Tensor>,
    config: &PathLengthConfig,
) -> ganymede_metrics::PathLength {
    path_length(&mut Subject { images, distance: &squared_distance }, config).unwrap()
}

#[test]
fn the_path_of_a_linear_generator_is_as_long_as_its_latent_path() {
    // G(z) = 3z: on a line the distance is 9|b − a|² everywhere, and E|b − a|² = 2·64.
    let linear = |z: &Tensor| -> Result<Tensor> { Ok((z * 3.0)?) };
    let mut lerp = config(LatentPath::Straight, PathSampling::Full);
    lerp.percentiles = [0.0, 100.0];
    let line = measure(&linear, &lerp);
    assert_eq!((line.name.as_str(), line.kept), ("ppl-w-full-pixels", 2000));
    assert!((line.mean / (9.0 * 128.0) - 1.0).abs() < 0.02, "{line:?}");
    // On a great circle through vectors of length about 8, a right angle apart: 9·64·(π/2)².
    let circle = measure(&linear, &config(LatentPath::Spherical, PathSampling::End));
    let want = 9.0 * 64.0 * (std::f64::consts::PI / 2.0).powi(2);
    assert_eq!(circle.name, "ppl-z-end-pixels");
    assert!((circle.mean / want - 1.0).abs() < 0.05, "{circle:?} {want}");
    // 1 % of 2,000 at either end: positions 19 and 1980 are kept themselves.
    assert_eq!(circle.kept, 1962);
    assert_eq!(measure(&linear, &lerp), line);
}

#[test]
fn a_generator_that_ignores_its_input_has_length_0() {
    let constant = |z: &Tensor| -> Result<Tensor> { Ok(z.zeros_like()?) };
    assert_eq!(measure(&constant, &config(LatentPath::Spherical, PathSampling::Full)).mean, 0.0);
}

#[test]
fn settings_and_closures_that_make_no_sense_are_refused() {
    let same = |z: &Tensor| -> Result<Tensor> { Ok(z.clone()) };
    let wrong = |a: &Tensor, _: &Tensor| -> Result<Tensor> { Ok(a.clone()) };
    let broken = |a: &Tensor, b: &Tensor| -> Result<Tensor> { Ok((squared_distance(a, b)? * f64::NAN)?) };
    let usual = config(LatentPath::Spherical, PathSampling::Full);
    let message = |distance: &dyn Fn(&Tensor, &Tensor) -> Result<Tensor>, config: &PathLengthConfig| {
        path_length(&mut Subject { images: &same, distance }, config).unwrap_err().to_string()
    };
    assert!(message(&wrong, &usual).contains("[300, 64], not [300]"));
    assert!(message(&broken, &usual).contains("not finite"));
    assert!(message(&squared_distance, &PathLengthConfig { epsilon: 0.0, ..usual }).contains("epsilon"));
    assert!(message(&squared_distance, &PathLengthConfig { pairs: 0, ..usual }).contains("at least 1"));
    let upside_down = PathLengthConfig { percentiles: [99.0, 1.0], ..usual };
    assert!(message(&squared_distance, &upside_down).contains("ascending"));
}
