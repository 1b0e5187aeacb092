//! Perceptual path length: how far images move when their latent vector moves a little.

use ganymede_tensor::{D, DType, Device, Rng, Tensor};

use crate::{MetricError, Result};

/// How two latent vectors are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatentPath {
    /// Along the great circle between their directions, lengths as sine-weighted sums: for normal z. Written
    /// `z` in names.
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
pub struct PathLengthSubject<'a> {
    /// `n` end points of paths `(n, Z)`: normal vectors, or what a mapping network makes of them.
    pub latents: &'a dyn Fn(&mut Rng, usize) -> Result<Tensor>,
    /// Images of latent vectors `(n, Z)`. Keep them as the generator gives them: rounded to bytes, a step of
    /// 1e-4 is mostly rounding, and the number another (torch-fidelity rounds unless told otherwise).
    pub images: &'a dyn Fn(&Tensor) -> Result<Tensor>,
    /// Squared distances `(n,)` of as many images each: LPIPS, or squared distances of features.
    pub distance: &'a dyn Fn(&Tensor, &Tensor) -> Result<Tensor>,
    /// Name of the distance, which becomes part of the result's: `lpips-vgg16`, `inception2015`.
    pub distance_name: &'a str,
}

/// What [`path_length`] gives.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct PathLength {
    /// `ppl-z-full-lpips-vgg16` and the like: only equal names can be compared.
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
/// VGG-16. On spherical paths they normalise the vectors first; here, as in torch-fidelity, their lengths are
/// kept, which is the same for a generator that normalises its input. With other distances the number is
/// another: hence its name.
///
/// # Errors
/// A setting makes no sense, a closure fails or returns another shape, or a distance is not finite.
pub fn path_length(subject: &PathLengthSubject<'_>, config: &PathLengthConfig) -> Result<PathLength> {
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
        name: format!("ppl-{space}-{place}-{}", subject.distance_name),
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
    subject: &PathLengthSubject<'_>,
    config: &PathLengthConfig,
    n: usize,
    rng: &mut Rng,
) -> Result<Vec<f64>> {
    let (a, b) = ((subject.latents)(rng, n)?, (subject.latents)(rng, n)?);
    let start = match config.sampling {
        PathSampling::Full => rng.uniform(0.0, 1.0, (n, 1), DType::F64, &Device::Cpu)?,
        PathSampling::End => Tensor::zeros((n, 1), DType::F64, &Device::Cpu)?,
    };
    // Steps of 1e-4 are lost in f32 between points that are near: the path is computed in f64.
    let ends = (a.to_dtype(DType::F64)?, b.to_dtype(DType::F64)?);
    let at = |t: &Tensor| -> Result<Tensor> {
        Ok(point(&ends.0, &ends.1, &t.to_device(a.device())?, config.path)?.to_dtype(a.dtype())?)
    };
    let first = (subject.images)(&at(&start)?)?;
    let second = (subject.images)(&at(&(start + config.epsilon)?)?)?;
    let distances = (subject.distance)(&first, &second)?;
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

/// The point at `t` `(n, 1)` on the paths from `a` to `b` `(n, Z)`.
fn point(a: &Tensor, b: &Tensor, t: &Tensor, path: LatentPath) -> Result<Tensor> {
    let straight = (a + (b - a)?.broadcast_mul(t)?)?;
    if path == LatentPath::Straight {
        return Ok(straight);
    }
    let unit = |v: &Tensor| v.broadcast_div(&v.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?.clamp(1e-7, f64::MAX)?);
    let cosine = (unit(a)? * unit(b)?)?.sum_keepdim(D::Minus1)?;
    let (cosine, t) = (cosine.flatten_all()?.to_vec1::<f64>()?, t.flatten_all()?.to_vec1::<f64>()?);
    // Parallel or opposite vectors define no great circle.
    let circles = |c: &f64| c.abs() < 1.0 - 1e-7;
    let weights: Vec<[f64; 2]> = cosine
        .iter()
        .zip(&t)
        .map(|(c, t)| {
            let omega = c.clamp(-1.0, 1.0).acos();
            if circles(c) {
                [((1.0 - t) * omega).sin() / omega.sin(), (t * omega).sin() / omega.sin()]
            } else {
                [1.0 - t, *t]
            }
        })
        .collect();
    let column = |k: usize| {
        let values: Vec<f64> = weights.iter().map(|w| w[k]).collect();
        Tensor::from_vec(values, (weights.len(), 1), a.device())
    };
    Ok((a.broadcast_mul(&column(0)?)? + b.broadcast_mul(&column(1)?)?)?)
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

    #[test]
    fn a_great_circle_keeps_the_length_of_its_end_points() {
        let vectors = |rows: [[f64; 2]; 2]| Tensor::new(&rows, &Device::Cpu).unwrap();
        let (a, b) = (vectors([[2.0, 0.0], [1.0, 0.0]]), vectors([[0.0, 2.0], [0.6, 0.8]]));
        let t = Tensor::new(&[[0.5], [0.5]], &Device::Cpu).unwrap();
        let middle = point(&a, &b, &t, LatentPath::Spherical).unwrap().to_vec2::<f64>().unwrap();
        let half = 2f64.sqrt();
        let want = [[half, half], [1.6 / 3.2f64.sqrt(), 0.8 / 3.2f64.sqrt()]];
        for (got, want) in middle.iter().flatten().zip(want.iter().flatten()) {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
    }

    #[test]
    fn percentiles_take_the_next_value_outwards() {
        let values: Vec<f64> = (0..10).map(f64::from).collect();
        // 15 % of 9 is 1.35 and 85 % is 7.65.
        assert_eq!(within_percentiles(values, [15.0, 85.0]), (1..=8).map(f64::from).collect::<Vec<_>>());
    }
}
