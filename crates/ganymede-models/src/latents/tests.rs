use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{DType, Device, Rng, Tensor};

use super::LatentDistribution as Latent;
use crate::{GeneratorConfig, Io};

fn config(text: &str) -> GeneratorConfig {
    GeneratorConfig::from_table(&format!("kind = \"mlp\"\nz_dim = 8\n{text}").parse().unwrap()).unwrap()
}

/// A draw of a generator with such settings.
fn draw(text: &str, n: usize) -> Tensor {
    let g = config(text).build(&Io::new([2]), Rng::new(0), DType::F32, &Device::Cpu).unwrap();
    g.draw(n, &mut Rng::stream(3, "latents"), &Device::Cpu).unwrap().z
}

fn numbers(z: &Tensor) -> Vec<f64> {
    z.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// The mean of the p-th powers.
fn moment(z: &Tensor, p: i32) -> f64 {
    let all = numbers(z);
    all.iter().map(|x| x.powi(p)).sum::<f64>() / all.len() as f64
}

#[test]
fn what_is_not_said_is_normal_and_drawn_as_ever() {
    let mut rng = Rng::stream(3, "latents");
    let expected = numbers(&rng.normal((50, 8), DType::F32, &Device::Cpu).unwrap());
    assert_eq!(numbers(&draw("", 50)), expected);
    assert_eq!(numbers(&draw("latent = \"normal\"", 50)), expected);
    let said = config("latent = \"normal\"");
    assert_eq!((said.write().get("latent"), said.clone()), (None, config("")));
}

/// 80,000 numbers: the mean of p-th powers is off by at most five of its standard deviations.
#[test]
fn moments_are_those_of_the_distribution() {
    let n = 10_000;
    // Second and fourth moments: of N(0, 1) cut off at t they are 1 − 2tφ(t)/P and 3 − (2t³ + 6t)φ(t)/P.
    let cut = |t: f64, inside: f64| {
        let density = (-t * t / 2.0).exp() / std::f64::consts::TAU.sqrt();
        [1.0 - 2.0 * t * density / inside, 3.0 - (2.0 * t.powi(3) + 6.0 * t) * density / inside]
    };
    let cases = [
        ("latent = \"normal\"", [1.0, 3.0]),
        ("latent = \"uniform\"", [1.0 / 3.0, 0.2]),
        ("latent = \"truncated-normal\"", cut(2.0, 0.954_499_736_104)),
        ("latent = \"truncated-normal\"\nlatent_threshold = 1", cut(1.0, 0.682_689_492_137)),
        // A number of the sphere of Z dimensions has the fourth moment 3Z/(Z + 2).
        ("latent = \"sphere\"", [1.0, 2.4]),
    ];
    for (text, [second, fourth]) in cases {
        let z = draw(text, n);
        let off = |power: i32, expected: f64, spread: f64| {
            let off = (moment(&z, power) - expected).abs();
            assert!(off < 5.0 * (spread / (8 * n) as f64).sqrt() + 1e-6, "{text}: {power}: off by {off}");
        };
        off(1, 0.0, second);
        off(2, second, fourth);
        off(3, 0.0, 15.0);
        off(4, fourth, 105.0);
    }
}

#[test]
fn nothing_lies_beyond_the_bounds() {
    let largest = |z: &Tensor| numbers(z).into_iter().fold(0.0f64, |most, x| most.max(x.abs()));
    for (text, bound) in [
        ("latent = \"uniform\"", 1.0),
        ("latent = \"truncated-normal\"", 2.0),
        ("latent = \"truncated-normal\"\nlatent_threshold = 0.5", 0.5),
    ] {
        let most = largest(&draw(text, 5000));
        assert!(most <= bound && most > 0.99 * bound, "{text}: {most}");
    }
    let lengths = draw("latent = \"sphere\"", 100).sqr().unwrap().sum(1).unwrap();
    assert_close(&lengths, &Tensor::full(8f32, 100, &Device::Cpu).unwrap(), Tol::F32);
}

/// A stream goes on where it was: one long draw is two short ones.
#[test]
fn draws_go_on_from_the_position_of_their_stream() {
    for text in ["", "latent = \"uniform\"", "latent = \"truncated-normal\"", "latent = \"sphere\""] {
        let g = config(text).build(&Io::new([2]), Rng::new(0), DType::F32, &Device::Cpu).unwrap();
        let mut rng = Rng::stream(3, "latents");
        let first = g.draw(20, &mut rng, &Device::Cpu).unwrap().z;
        let mut resumed = Rng::from_state(&rng.state());
        let second = g.draw(30, &mut resumed, &Device::Cpu).unwrap().z;
        let both = Tensor::cat(&[first, second], 0).unwrap();
        assert_eq!(numbers(&both), numbers(&draw(text, 50)), "{text}");
    }
}

#[test]
fn settings_are_written_in_full_and_read_again() {
    let truncated = config("latent = \"truncated-normal\"");
    assert_eq!(truncated.write()["latent_threshold"].as_float(), Some(2.0));
    assert_eq!(GeneratorConfig::from_table(&truncated.write()).unwrap(), truncated);
    assert_ne!(truncated, config("latent = \"truncated-normal\"\nlatent_threshold = 3"));
    assert_eq!(config("latent = \"sphere\"").write().get("latent_threshold"), None);
}

#[test]
fn what_cannot_be_is_named() {
    for text in ["latent = \"truncated-normal\"\nlatent_threshold = 0.0", "latent_threshold = 2.0"] {
        assert_eq!(config(text).check()[0].field, "latent_threshold", "{text}");
    }
    let nan = "latent = \"truncated-normal\"\nlatent_threshold = nan";
    assert_eq!(config(nan).check()[0].field, "latent_threshold");
    let refused =
        |text: &str| GeneratorConfig::from_table(&format!("kind = \"mlp\"\n{text}").parse().unwrap());
    let message = refused("latent = \"nromal\"").unwrap_err().to_string();
    assert!(message.contains("latent") && message.contains("truncated-normal"), "{message}");
    assert!(refused("latent_threshold = \"2\"").is_err());
}

#[test]
fn what_has_no_tails_is_not_truncated() {
    assert_eq!(Latent::Normal.truncated(0.7), Ok(Latent::TruncatedNormal { threshold: 0.7 }));
    let truncated = Latent::TruncatedNormal { threshold: 2.0 };
    assert_eq!(truncated.truncated(0.7), Ok(Latent::TruncatedNormal { threshold: 0.7 }));
    assert!(truncated.truncated(2.5).unwrap_err().contains("±2"));
    assert!(Latent::Uniform.truncated(0.7).unwrap_err().contains("uniform"));
    assert!(Latent::Sphere.truncated(0.7).unwrap_err().contains("sphere"));
}

/// The noise of a network that has some is drawn behind its latent vectors, whatever these are drawn from.
#[test]
fn what_else_a_network_draws_is_drawn_all_the_same() {
    let io = Io::with_images([1, 16, 16], [1, 16, 16]);
    let noise = |text: &str| {
        let config = GeneratorConfig::from_table(&format!("kind = \"pix2pix\"\n{text}").parse().unwrap());
        let g = config.unwrap().build(&io, Rng::new(0), DType::F32, &Device::Cpu).unwrap();
        g.draw(2, &mut Rng::new(1), &Device::Cpu).unwrap().noise.len()
    };
    assert_eq!((noise("width = 4"), noise("width = 4\nlatent = \"sphere\"")), (3, 3));
}

#[test]
fn the_deviation_of_what_is_cut_off_is_that_of_the_closed_form() {
    let std = |threshold| Latent::TruncatedNormal { threshold }.std();
    // By √(1 − 2tφ(t)/(2Φ(t) − 1)) in 30 digits.
    for (threshold, expected) in
        [(0.5, 0.283_882_290_044_3), (1.0, 0.539_560_093_754_9), (2.0, 0.879_625_661_034_2)]
    {
        let off = std(threshold) - expected;
        assert!(off.abs() < 1e-12, "{threshold}: off by {off}");
    }
    // Uniform for a tight bound, whole for a loose one.
    assert!((std(1e-6) / 1e-6 - Latent::Uniform.std()).abs() < 1e-9);
    assert!((std(100.0) - 1.0).abs() < 1e-12 && Latent::Normal.std() == 1.0 && Latent::Sphere.std() == 1.0);
}
