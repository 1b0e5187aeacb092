//! Perceptual path length: how far images move when their latent vector moves a little.

mod levels;

use ganymede_tensor::{D, DType, Device, Rng, Tensor};

use crate::{MetricError, Result};

pub use levels::path_length_levels;

/// How two latent vectors are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatentPath {
    /// Along the great circle between their directions, while the length changes evenly: for normal z. Written `z` in
    /// names.
    Spherical,
    /// On a straight line: for the w of a mapping network. Written `w` in names.
    Straight,
}

/// Where on the path the step is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathSampling {
    /// Uniformly anywhere (`full`).
    Full,
    /// At its start (`end`), as torch-fidelity does.
    End,
}

/// Settings of [`path_length`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathLengthConfig {
    /// Number of pairs of latent vectors. StyleGAN's is 50,000.
    pub pairs: usize,
    /// Pairs that are generated at once.
    pub batch: usize,
    /// Length of the step as a share of the path. StyleGAN's is 1e-4.
    pub epsilon: f64,
    /// Kind of path.
    pub path: LatentPath,
    /// Place of the step.
    pub sampling: PathSampling,
    /// Percentiles below and above which distances are left out. StyleGAN's are 1 and 99; 0 and 100 keep all.
    pub percentiles: [f64; 2],
    /// Seed of the latent vectors and places.
    pub seed: u64,
}

impl Default for PathLengthConfig {
    fn default() -> Self {
        Self {
            pairs: 50_000,
            batch: 32,
            epsilon: 1e-4,
            path: LatentPath::Spherical,
            sampling: PathSampling::Full,
            percentiles: [1.0, 99.0],
            seed: 0,
        }
    }
}

/// What is measured: a generator, and a distance of images.
pub trait PathLengthSubject {
    /// The end points of `n` paths, `(n, Z)` each: normal vectors, or what a mapping network makes of them. Where a
    /// generator has a condition, it is drawn here, and is that of all images until the next call.
    ///
    /// # Errors
    /// The device refuses the memory.
    fn ends(&mut self, n: usize, rng: &mut Rng) -> Result<[Tensor; 2]>;

    /// Images of points `(n, Z)` on these paths. Keep them as the generator gives them: rounded to bytes, a step of
    /// 1e-4 is mostly rounding, and the number another (torch-fidelity rounds unless told otherwise).
    ///
    /// # Errors
    /// The generator has some.
    fn images(&mut self, points: &Tensor) -> Result<Tensor>;

    /// Squared distances `(n,)` of as many images each: LPIPS, or squared distances of features.
    ///
    /// # Errors
    /// The network that sees them has some.
    fn distance(&self, first: &Tensor, second: &Tensor) -> Result<Tensor>;

    /// Name of the distance, which becomes part of the result's: `lpips-vgg16`, `fashion-cnn`.
    fn distance_name(&self) -> String;
}

/// What [`path_length`] gives.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct PathLength {
    /// `ppl-z-full-lpips-vgg16` and the like: only equal names can be compared. What papers report ends in
    /// `lpips-vgg16`.
    pub name: String,
    /// Mean of the distances that were kept, each divided by ε².
    pub mean: f64,
    /// Their standard deviation (population).
    pub std: f64,
    /// How many were kept.
    pub kept: usize,
}

/// The perceptual path length of a generator: E[d(G(p(t)), G(p(t + ε)))] / ε² over paths p between pairs of
/// latent vectors.
///
/// Distances beyond the two percentiles are left out: the lower one is taken at the next lower distance, the
/// upper one at the next higher, and both are kept, as StyleGAN does.
///
/// Karras, Laine and Aila, 2019, "A style-based generator architecture for generative adversarial networks",
/// arXiv:1812.04948, section 4.1, equations 2 and 3, who crop faces, shrink to 256 pixels and use LPIPS over
/// VGG-16. On spherical paths they normalise the vectors; here the lengths of the two are kept, which is the same for a
/// generator that normalises its input. (torch-fidelity keeps them too, but by a weighted sum of the vectors as they are,
/// which does not turn at an even speed.) With other distances the number is another: hence its name.
///
/// # Errors
/// A setting makes no sense, the subject fails or gives another shape, or a distance is not finite.
pub fn path_length(subject: &mut dyn PathLengthSubject, config: &PathLengthConfig) -> Result<PathLength> {
    check(config)?;
    let mut rng = Rng::stream(config.seed, "path-length");
    let mut distances = Vec::with_capacity(config.pairs);
    while distances.len() < config.pairs {
        let n = config.batch.min(config.pairs - distances.len());
        distances.extend(batch(subject, config, n, &mut rng)?);
    }
    let kept = within_percentiles(distances, config.percentiles);
    let mean = kept.iter().sum::<f64>() / kept.len() as f64;
    let variance = kept.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / kept.len() as f64;
    let space = if config.path == LatentPath::Spherical { "z" } else { "w" };
    let place = if config.sampling == PathSampling::Full { "full" } else { "end" };
    Ok(PathLength {
        name: format!("ppl-{space}-{place}-{}", subject.distance_name()),
        mean,
        std: variance.sqrt(),
        kept: kept.len(),
    })
}

fn check(config: &PathLengthConfig) -> Result<()> {
    let [low, high] = config.percentiles;
    let problem = if config.pairs == 0 || config.batch == 0 {
        "the numbers of pairs and of pairs at once must be at least 1"
    } else if !(config.epsilon > 0.0 && config.epsilon <= 1.0) {
        "epsilon must be in (0, 1]"
    } else if !(0.0 <= low && low < high && high <= 100.0) {
        "percentiles must be ascending, from 0 to 100"
    } else {
        return Ok(());
    };
    Err(MetricError::Invalid(format!("path length: {problem}")))
}

fn batch(
    subject: &mut dyn PathLengthSubject,
    config: &PathLengthConfig,
    n: usize,
    rng: &mut Rng,
) -> Result<Vec<f64>> {
    let [a, b] = subject.ends(n, rng)?;
    let start = match config.sampling {
        PathSampling::Full => rng.uniform(0.0, 1.0, (n, 1), DType::F64, &Device::Cpu)?,
        PathSampling::End => Tensor::zeros((n, 1), DType::F64, &Device::Cpu)?,
    };
    // Steps of 1e-4 are lost in f32 between points that are near: the path is computed in f64, which not every device
    // has.
    let wide = |end: &Tensor| end.to_device(&Device::Cpu)?.to_dtype(DType::F64);
    let ends = (wide(&a)?, wide(&b)?);
    let at = |t: &Tensor| config.path.point(&ends.0, &ends.1, t)?.to_dtype(a.dtype())?.to_device(a.device());
    let first = subject.images(&at(&start)?)?;
    let second = subject.images(&at(&(start + config.epsilon)?)?)?;
    let distances = subject.distance(&first, &second)?;
    if distances.dims() != [n] {
        let shape = distances.dims();
        return Err(MetricError::Invalid(format!("path length: the distance gave {shape:?}, not [{n}]")));
    }
    let values = distances.to_dtype(DType::F64)?.to_vec1::<f64>()?;
    if values.iter().any(|value| !value.is_finite()) {
        return Err(MetricError::Invalid("path length: a distance is not finite".into()));
    }
    Ok(values.into_iter().map(|value| value / (config.epsilon * config.epsilon)).collect())
}

impl LatentPath {
    /// The points at `t` `(n, 1)` in [0, 1] on the paths from `a` to `b` `(n, Z)`. On a line (1 − t)·a + t·b; on a great
    /// circle, with the directions â and b̂, the lengths |a| and |b| and the angle ω between the two,
    /// ((1 − t)·|a| + t·|b|)·(sin((1 − t)ω)·â + sin(tω)·b̂)/sin ω: the direction turns at an even speed, and the length
    /// changes evenly. At 0 and 1 these are `a` and `b` themselves. Parallel and opposite vectors define no great circle,
    /// and are joined by a line. Between vectors of one length it is the formula of Shoemake, 1985, "Animating rotation with
    /// quaternion curves", section 3.3.
    ///
    /// # Errors
    /// The shapes do not fit; the device or the dtype of the three is not the same.
    pub fn point(self, a: &Tensor, b: &Tensor, t: &Tensor) -> ganymede_tensor::Result<Tensor> {
        if self == Self::Straight {
            return a.broadcast_mul(&t.affine(-1.0, 1.0)?)? + b.broadcast_mul(t)?;
        }
        let norm = |v: &Tensor| v.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?.clamp(1e-7, f64::MAX);
        let (norm_a, norm_b) = (norm(a)?, norm(b)?);
        let cosine = (a.broadcast_div(&norm_a)? * b.broadcast_div(&norm_b)?)?.sum_keepdim(D::Minus1)?;
        let list = |x: &Tensor| x.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>();
        let (norm_a, norm_b, cosine, t) = (list(&norm_a)?, list(&norm_b)?, list(&cosine)?, list(t)?);
        let shares: Vec<[f64; 2]> =
            (0..t.len()).map(|i| on_circle(cosine[i], [norm_a[i], norm_b[i]], t[i])).collect();
        let column = |k: usize| {
            let values: Vec<f64> = shares.iter().map(|share| share[k]).collect();
            Tensor::from_vec(values, (shares.len(), 1), a.device())?.to_dtype(a.dtype())
        };
        a.broadcast_mul(&column(0)?)? + b.broadcast_mul(&column(1)?)?
    }
}

/// The shares of two vectors in the point at `t` between them.
fn on_circle(cosine: f64, [a, b]: [f64; 2], t: f64) -> [f64; 2] {
    if cosine.abs() >= 1.0 - 1e-7 {
        return [1.0 - t, t];
    }
    let (omega, length) = (cosine.acos(), (1.0 - t) * a + t * b);
    [((1.0 - t) * omega).sin() / omega.sin() * (length / a), (t * omega).sin() / omega.sin() * (length / b)]
}

/// Those between the percentiles, which are themselves among them.
fn within_percentiles(mut values: Vec<f64>, [low, high]: [f64; 2]) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    let last = (values.len() - 1) as f64;
    let from = values[(low / 100.0 * last).floor() as usize];
    let to = values[(high / 100.0 * last).ceil() as usize];
    values.into_iter().filter(|value| (from..=to).contains(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(path: LatentPath, [a, b]: [[f64; 3]; 2], t: &[f64]) -> Vec<Vec<f64>> {
        let n = t.len();
        let row = |v: [f64; 3]| Tensor::new(&[v], &Device::Cpu).unwrap().repeat((n, 1)).unwrap();
        let t = Tensor::new(t, &Device::Cpu).unwrap().reshape((n, 1)).unwrap();
        path.point(&row(a), &row(b), &t).unwrap().to_vec2().unwrap()
    }

    #[track_caller]
    fn assert_near(got: &[f64], want: &[f64]) {
        let is_near = got.len() == want.len() && got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(is_near, "{got:?} {want:?}");
    }

    #[test]
    fn a_great_circle_turns_at_an_even_speed_and_keeps_the_length_of_its_end_points() {
        // A right angle, vectors of length 2.
        let found = points(LatentPath::Spherical, [[2.0, 0.0, 0.0], [0.0, 0.0, 2.0]], &[0.0, 0.25, 0.5, 1.0]);
        for (t, point) in [0.0f64, 0.25, 0.5, 1.0].into_iter().zip(&found) {
            let angle = t * std::f64::consts::FRAC_PI_2;
            assert_near(point, &[2.0 * angle.cos(), 0.0, 2.0 * angle.sin()]);
        }
        // Another angle, and vectors of one length: the middle is their sum, brought to it.
        let middle = &points(LatentPath::Spherical, [[1.0, 0.0, 0.0], [0.6, 0.8, 0.0]], &[0.5])[0];
        assert_near(middle, &[1.6 / 3.2f64.sqrt(), 0.8 / 3.2f64.sqrt(), 0.0]);
        // Vectors of 1 and 3 at an angle of 60°: three quarters of the way at 45°, and 2.5 long.
        let sixty = [[1.0, 0.0, 0.0], [1.5, 3.0 * 0.75f64.sqrt(), 0.0]];
        let found = &points(LatentPath::Spherical, sixty, &[0.75])[0];
        assert_near(found, &[2.5 * 0.5f64.sqrt(), 2.5 * 0.5f64.sqrt(), 0.0]);
    }

    #[test]
    fn both_ends_are_exact() {
        let ends = [[0.1, -0.7, 2.3], [1.9, 0.3, -0.77]];
        for path in [LatentPath::Spherical, LatentPath::Straight] {
            assert_eq!(points(path, ends, &[0.0, 1.0]), ends.map(|end| end.to_vec()));
        }
        assert_near(&points(LatentPath::Straight, ends, &[0.25])[0], &[0.55, -0.45, 1.5325]);
    }

    #[test]
    fn where_there_is_no_great_circle_there_is_a_line() {
        for (b, middle) in
            [([-1.0, -2.0, 0.0], [0.0; 3]), ([2.0, 4.0, 0.0], [1.5, 3.0, 0.0]), ([0.0; 3], [0.5, 1.0, 0.0])]
        {
            let found = points(LatentPath::Spherical, [[1.0, 2.0, 0.0], b], &[0.0, 0.5]);
            assert_near(&found[0], &[1.0, 2.0, 0.0]);
            if b != [0.0; 3] {
                assert_near(&found[1], &middle);
            }
            assert!(found.iter().flatten().all(|x| x.is_finite()), "{found:?}");
        }
    }

    #[test]
    fn percentiles_take_the_next_value_outwards() {
        let values: Vec<f64> = (0..10).map(f64::from).collect();
        // 15 % of 9 is 1.35 and 85 % is 7.65.
        assert_eq!(within_percentiles(values, [15.0, 85.0]), (1..=8).map(f64::from).collect::<Vec<_>>());
    }
}
