use ganymede_models::{ConditionShape, Critique, Generated, Growth, Io};
use ganymede_tensor::{DType, Device, Params, Result};

use super::*;

const MODES: usize = 8;
/// How often the generator makes each mode, and how often the data have it.
const MADE: [f64; MODES] = [0.30, 0.25, 0.15, 0.10, 0.08, 0.06, 0.04, 0.02];

/// A ring of eight points by the angle of z, which is uniform, and the logarithm of the ratio of both shares.
struct Ring {
    params: Params,
    io: Io,
}

/// `a·z`, and `b·x`.
struct Line {
    a: f64,
    b: [f64; 2],
    params: Params,
    io: Io,
}

fn mode_of(z: &[f32]) -> usize {
    let turn = f64::from(z[1].atan2(z[0])) / std::f64::consts::TAU + 0.5;
    let mut below = 0.0;
    MADE.iter()
        .position(|share| {
            below += share;
            turn < below
        })
        .unwrap_or(MODES - 1)
}

impl Generator for Ring {
    fn forward(&self, input: GeneratorInput<'_>, _: Mode) -> Result<Generated> {
        let points: Vec<f32> = input
            .latents
            .z
            .to_vec2::<f32>()?
            .iter()
            .flat_map(|z| {
                let turn = mode_of(z) as f32 * std::f32::consts::TAU / MODES as f32;
                [turn.cos(), turn.sin()]
            })
            .collect();
        let n = points.len() / 2;
        Ok(Generated::new(Tensor::from_vec(points, (n, 2), &Device::Cpu)?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn z_dim(&self) -> usize {
        2
    }

    fn io(&self) -> &Io {
        &self.io
    }
}

fn mode_at(point: &[f32]) -> usize {
    let turn = point[1].atan2(point[0]) / std::f32::consts::TAU * MODES as f32;
    turn.round().rem_euclid(MODES as f32) as usize
}

impl Discriminator for Ring {
    fn forward(&self, input: DiscriminatorInput<'_>, _: Mode) -> Result<Critique> {
        let ratio = |point: &Vec<f32>| (1.0 / MODES as f64 / MADE[mode_at(point)]).ln() as f32;
        let scores: Vec<f32> = input.samples.to_vec2::<f32>()?.iter().map(ratio).collect();
        let n = scores.len();
        Ok(Critique::new(Tensor::from_vec(scores, n, &Device::Cpu)?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn io(&self) -> &Io {
        &self.io
    }
}

impl Generator for Line {
    fn forward(&self, input: GeneratorInput<'_>, _: Mode) -> Result<Generated> {
        Ok(Generated::new((&input.latents.z * self.a)?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn z_dim(&self) -> usize {
        2
    }

    fn io(&self) -> &Io {
        &self.io
    }
}

impl Discriminator for Line {
    fn forward(&self, input: DiscriminatorInput<'_>, _: Mode) -> Result<Critique> {
        let b = Tensor::new(&self.b, &Device::Cpu)?.to_dtype(input.samples.dtype())?;
        Ok(Critique::new(input.samples.broadcast_mul(&b)?.sum(1)?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn io(&self) -> &Io {
        &self.io
    }
}

fn ring() -> Ring {
    Ring { params: Params::default(), io: Io::new([2]) }
}

fn line() -> Line {
    Line { a: 2.0, b: [1.5, -0.5], params: Params::default(), io: Io::new([2]) }
}

fn sampler(generator: Box<dyn Generator>) -> Sampler {
    Sampler {
        generator,
        told: ConditionShape::None,
        trained_on: None,
        growth: Growth::FULL,
        class_names: Vec::new(),
        device: Device::Cpu,
        note: None,
        truncation: None,
    }
}

fn drawn(n: usize, seed: u64) -> Latents {
    Latents::new(Rng::new(seed).normal((n, 2), DType::F32, &Device::Cpu).unwrap())
}

const BATCHES: u64 = 125;
const N: usize = 64;

/// Shares of the modes among samples that are kept, and the share of all that are.
fn kept(refinement: Refinement) -> ([f64; MODES], f64) {
    let sampler = sampler(Box::new(ring()));
    let with = (refinement, Redraw::Vectors);
    let mut refiner = Refiner::new(&sampler, Box::new(ring()), with, 5).unwrap();
    let mut counts = [0.0; MODES];
    for batch in 0..BATCHES {
        let latents = refiner.refine(&drawn(N, batch), &Condition::None).unwrap();
        for z in latents.z.to_vec2::<f32>().unwrap() {
            counts[mode_of(&z)] += 1.0;
        }
    }
    let (kept, drawn) = refiner.kept().unwrap();
    let all = (BATCHES * N as u64) as f64;
    assert_eq!(kept as f64, all);
    (counts.map(|count| count / all), kept as f64 / drawn as f64)
}

/// With the true ratio of densities what is kept is as the data: each mode's share within five standard deviations of an eighth,
/// of which the generator makes from 2 to 30 per cent.
#[test]
fn rejection_by_the_true_ratio_gives_the_shares_of_the_data() {
    let gamma = RejectionGamma::Number(0.0);
    let (shares, accepted) = kept(Refinement::Rejection { gamma, burn_in: 500 });
    let n = (BATCHES * N as u64) as f64;
    let deviation = (0.125 * 0.875 / n).sqrt();
    for share in shares {
        assert!((share - 0.125).abs() < 5.0 * deviation, "{shares:?}");
    }
    // 1 / max ratio of densities: the rarest mode is made in 2 of 12.5 per cent.
    let wanted = 0.02 / 0.125;
    let deviation = (wanted * (1.0 - wanted) * wanted / n).sqrt();
    assert!((accepted - wanted).abs() < 5.0 * deviation, "{accepted}");
}

/// The paper's choice refuses more of what is common than the ratio says, and keeps more of all.
#[test]
fn a_percentile_of_the_burn_in_is_found() {
    let share = |percentile: f64| {
        let gamma = RejectionGamma::Percentile(percentile);
        kept(Refinement::Rejection { gamma, burn_in: 500 })
    };
    let (low, high) = (share(20.0), share(80.0));
    // F of most samples is far below 0; a γ that is as far below keeps half of them.
    assert!(low.1 > high.1 && high.1 > 0.16, "{low:?} {high:?}");
    // What is made in 30 of 100 samples is less of what is kept.
    assert!(high.0[0] < 0.3 && high.0[7] > 0.02, "{high:?}");
}

#[test]
fn the_same_seed_keeps_the_same_samples() {
    let sampler = sampler(Box::new(ring()));
    let refinement = Refinement::Rejection { gamma: RejectionGamma::Percentile(80.0), burn_in: 100 };
    let all = |seed: u64| -> Vec<Vec<f32>> {
        let with = (refinement, Redraw::All);
        let mut refiner = Refiner::new(&sampler, Box::new(ring()), with, seed).unwrap();
        let batches = (0..3).map(|i| refiner.refine(&drawn(20, i), &Condition::None).unwrap());
        batches.flat_map(|latents| latents.z.to_vec2::<f32>().unwrap()).collect()
    };
    assert_eq!(all(1), all(1));
    assert_ne!(all(1), all(2));
}

/// z − ε/2 (z − a·b) + √ε n, and again from there.
#[test]
fn steps_of_langevin_dynamics_are_those_by_hand() {
    const STEP: f64 = 0.04;
    let sampler = sampler(Box::new(line()));
    let z = Latents::new(Tensor::new(&[[1.0f32, -2.0], [0.5, 0.0]], &Device::Cpu).unwrap());
    let found = |steps: usize| {
        let with = (Refinement::Langevin { steps, step_size: STEP }, Redraw::Vectors);
        let mut refiner = Refiner::new(&sampler, Box::new(line()), with, 7).unwrap();
        refiner.refine(&z, &Condition::None).unwrap().z.to_vec2::<f32>().unwrap().concat()
    };
    let mut rng = Rng::stream(7, "sample/langevin");
    let mut by_hand = [1.0f64, -2.0, 0.5, 0.0];
    for steps in 1..=2 {
        let noise = rng.normal((2, 2), DType::F32, &Device::Cpu).unwrap();
        let noise = noise.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (i, (z, n)) in by_hand.iter_mut().zip(noise).enumerate() {
            let up = [3.0, -1.0][i % 2];
            *z = *z - 0.02 * (*z - up) + 0.2 * f64::from(n);
        }
        for (found, wanted) in found(steps).iter().zip(by_hand) {
            assert!((f64::from(*found) - wanted).abs() < 1e-5, "{steps}: {found} {wanted}");
        }
    }
}

/// The energy of a linear score is that of a normal distribution around a·b: there the vectors end.
#[test]
fn langevin_dynamics_end_where_the_energy_says() {
    let sampler = sampler(Box::new(line()));
    let with = (Refinement::Langevin { steps: 300, step_size: 0.05 }, Redraw::Vectors);
    let mut refiner = Refiner::new(&sampler, Box::new(line()), with, 3).unwrap();
    let z = refiner.refine(&drawn(2000, 1), &Condition::None).unwrap().z;
    assert!(refiner.kept().is_none());
    let mean = z.mean(0).unwrap().to_vec1::<f32>().unwrap();
    let around = z.broadcast_sub(&z.mean_keepdim(0).unwrap()).unwrap().sqr().unwrap();
    let variance = around.mean(0).unwrap().to_vec1::<f32>().unwrap();
    // Steps of this size have a variance of 1 / (1 − ε/4).
    for (found, wanted) in mean.iter().zip([3.0, -1.0]) {
        assert!((found - wanted).abs() < 5.0 * (1.0f32 / 2000.0).sqrt(), "{mean:?}");
    }
    let wanted = 1.0 / (1.0 - 0.05 / 4.0);
    assert!(
        variance.iter().all(|v| (v / wanted - 1.0).abs() < 5.0 * (2.0f32 / 2000.0).sqrt()),
        "{variance:?}"
    );
}

#[test]
fn settings_out_of_range_are_refused() {
    let sampler = sampler(Box::new(ring()));
    let rejection = |gamma, burn_in| Refinement::Rejection { gamma, burn_in };
    let langevin = |steps, step_size| Refinement::Langevin { steps, step_size };
    for (refinement, says) in [
        (rejection(RejectionGamma::Number(f64::NAN), 10), "-1000 to 1000"),
        (rejection(RejectionGamma::Percentile(101.0), 10), "0 to 100"),
        (rejection(RejectionGamma::Number(0.0), 0), "burn-in of 0"),
        (langevin(0, 0.1), "0 steps"),
        (langevin(1, 0.0), "step size of 0"),
        (langevin(1, f64::INFINITY), "step size of inf"),
    ] {
        let outcome = Refiner::new(&sampler, Box::new(ring()), (refinement, Redraw::Vectors), 0);
        let message = outcome.err().unwrap().to_string();
        assert!(message.contains(says), "{message}");
    }
}
