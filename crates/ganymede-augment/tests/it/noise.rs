//! Noise and diffusion: against the authors' program with the numbers that it drew, and in distribution.

use std::path::Path;

use ganymede_augment::{AugmentConfig, Diffusion, Draws, NoiseDraws, Timesteps};
use ganymede_tensor::testing::{Tol, assert_close, device};
use ganymede_tensor::{DType, Rng, Tensor, load_weights};

const USUAL: Diffusion = Diffusion {
    t_min: 5,
    t_max: 500,
    beta_start: 1e-4,
    beta_end: 2e-2,
    sigma: 0.05,
    timesteps: Timesteps::Priority,
};

/// The name of a case, and its diffusion.
const CASES: &[(&str, Diffusion)] = &[
    ("beginning", USUAL),
    ("between", USUAL),
    ("end", Diffusion { t_min: 10, t_max: 1000, sigma: 0.5, ..USUAL }),
    ("points", Diffusion { sigma: 0.7, ..USUAL }),
    ("one", Diffusion { t_min: 1, t_max: 2, sigma: 1.0, ..USUAL }),
    ("single", Diffusion { t_min: 1, t_max: 1, sigma: 1.0, ..USUAL }),
];

#[test]
fn the_same_numbers_diffuse_alike() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/diffusion/diffusion.safetensors");
    let fixture = load_weights(&path, None, &device()).unwrap();
    for (case, diffusion) in CASES {
        println!("{case}");
        let tensor = |key: &str| &fixture[&format!("{case}/{key}")];
        let numbers = |key: &str| tensor(key).to_vec1::<f64>().unwrap();
        let length = diffusion.length(numbers("p")[0]);
        assert_eq!(length as f64, numbers("length")[0]);
        let timesteps: Vec<u64> = numbers("timesteps").into_iter().map(|t| t as u64).collect();
        let (kept, deviation) = diffusion.factors(length, &timesteps);
        let draws = Draws::Noise(NoiseDraws { kept, deviation, noise: numbers("noise") });
        assert_close(&draws.apply(tensor("samples")).unwrap(), tensor("out"), Tol::F64);
        let samples = tensor("samples").to_dtype(DType::F32).unwrap();
        assert_close(&draws.apply(&samples).unwrap(), tensor("out"), Tol::F32);
    }
}

/// Half of the timesteps are 0; the others have the probabilities of equation 11.
#[test]
fn timesteps_are_drawn_as_often_as_the_paper_says() {
    const N: usize = 40_000;
    for (timesteps, weight) in [(Timesteps::Priority, true), (Timesteps::Uniform, false)] {
        for length in [1_u64, 2, 7] {
            let mut rng = Rng::new(5);
            let mut counts = vec![0_usize; length as usize + 1];
            (0..N).for_each(|_| counts[timesteps.draw(length, &mut rng) as usize] += 1);
            let weights = (1..=length).map(|t| if weight { t as f64 } else { 1.0 });
            let sum: f64 = weights.clone().sum();
            let shares = std::iter::once(0.5).chain(weights.map(|weight| 0.5 * weight / sum));
            for (t, (count, share)) in counts.iter().zip(shares).enumerate() {
                // Five standard deviations.
                let most = 5.0 * (share * (1.0 - share) / N as f64).sqrt();
                let found = *count as f64 / N as f64;
                assert!((found - share).abs() < most, "{timesteps:?} of {length}: {t} {found}, not {share}");
            }
        }
    }
    // The largest, whose places lie where a square root is rounded.
    let mut rng = Rng::new(6);
    assert!((0..N).all(|_| Timesteps::Priority.draw(10_000, &mut rng) <= 10_000));
}

#[test]
fn t_goes_from_the_fewest_to_the_most() {
    assert_eq!([0.0, 0.5, 1.0].map(|p| USUAL.length(p)), [5, 253, 500]);
    let kept = USUAL.kept(3);
    let alphas = [1.0 - 1e-4, 1.0 - 1.005e-2, 1.0 - 2e-2];
    let wanted = [1.0, alphas[0], alphas[0] * alphas[1], alphas[0] * alphas[1] * alphas[2]];
    assert!(kept.len() == 4 && kept.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-15), "{kept:?}");
}

/// Of points and of images: the mean stays, the deviation is σ, and what is drawn is the stream's alone.
#[test]
fn instance_noise_adds_its_deviation_and_nothing_else() {
    for shape in [&[3000, 2][..], &[40, 3, 8, 8]] {
        let config = AugmentConfig::InstanceNoise { sigma: 0.3 };
        let draw = |seed: u64| config.draw(1.0, shape, &mut Rng::new(seed)).unwrap();
        let samples = Tensor::full(0.7, shape, &device()).unwrap();
        let changed = draw(1).apply(&samples).unwrap();
        assert_eq!(changed.dims(), shape);
        let noise = (changed - &samples).unwrap();
        let n = noise.elem_count() as f64;
        let mean = noise.mean_all().unwrap().to_scalar::<f64>().unwrap();
        let square = noise.sqr().unwrap().mean_all().unwrap().to_scalar::<f64>().unwrap();
        assert!(mean.abs() < 5.0 * 0.3 / n.sqrt(), "{mean}");
        assert!((square - 0.09).abs() < 5.0 * 0.09 * (2.0 / n).sqrt(), "{square}");
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
    // Gone out, it leaves samples alone.
    assert!(AugmentConfig::InstanceNoise { sigma: 0.0 }.draw(1.0, &[2, 2], &mut Rng::new(1)).is_none());
}

#[test]
fn noise_for_other_samples_is_refused() {
    let draws = NoiseDraws::instance(0.1, &[3, 2], &mut Rng::new(1));
    for shape in [&[2, 2][..], &[3, 3], &[2, 3]] {
        let samples = Tensor::zeros(shape, DType::F32, &device()).unwrap();
        let error = draws.apply(&samples).unwrap_err().to_string();
        assert!(error.contains("draw anew"), "{error}");
    }
}
