//! Two-dimensional distributions on which GANs are understood: a ring, a grid, a Swiss roll.

use std::f64::consts::{PI, TAU};

use ganymede_files::Digest;
use ganymede_tensor::{Rng, RngState};

use crate::dataset::{Dataset, check_read};
use crate::error::DatasetError;
use crate::modes::Modes;

/// The number of samples that a toy says it has.
///
/// The distributions are endless; this is enough that a run meets few samples twice.
pub const TOY_LEN: usize = 1 << 20;

/// 32-bit words of the random stream set aside for one sample.
///
/// A sample takes about six; the normal generator rejects now and then and takes a few more. One
/// block of the generator, so that a sample costs one block.
const WORDS_PER_SAMPLE: u64 = 16;

/// Which distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toy {
    /// Eight Gaussians on a circle of radius 2, σ 0.02 (Metz et al., 2017, arXiv:1611.02163); centre k
    /// is at the angle 2πk/8. Coordinates are within about ±2.1.
    Ring,
    /// Eight Gaussians on the unit circle, σ 0.01 (Srivastava et al., 2017, arXiv:1705.07761; Lin et al., 2018,
    /// arXiv:1712.04086): [`Toy::Ring`] at half its size. Coordinates are within about ±1.05.
    UnitRing,
    /// Twenty-five Gaussians at (−4, −2, 0, 2, 4)², σ 0.05 (Lin et al., 2018, arXiv:1712.04086).
    /// Coordinates are within about ±4.2 and are not rescaled, so that σ and distances are the papers';
    /// Gulrajani et al. (2017, arXiv:1704.00028) divide by 2.828.
    Grid,
    /// t = 3π/2 · (1 + 2u) with u ~ U\[0, 1), the point (t cos t, t sin t) + N(0, 0.25²), divided by 7.5
    /// (Gulrajani et al., 2017, arXiv:1704.00028). Coordinates are within about ±2. No modes.
    SwissRoll,
}

impl Toy {
    /// All toys.
    pub const ALL: &[Self] = &[Self::Ring, Self::UnitRing, Self::Grid, Self::SwissRoll];

    /// `ring`, `unit-ring`, `grid` or `swiss-roll`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::UnitRing => "unit-ring",
            Self::Grid => "grid",
            Self::SwissRoll => "swiss-roll",
        }
    }

    fn modes(self) -> Option<Modes> {
        match self {
            Self::Ring => Some(ring(2.0, 0.02)),
            Self::UnitRing => Some(ring(1.0, 0.01)),
            Self::Grid => {
                let centre = |k: u16| [f32::from(k % 5) * 2.0 - 4.0, f32::from(k / 5) * 2.0 - 4.0];
                Some(Modes { centres: (0..25).map(centre).collect(), sigma: 0.05 })
            }
            Self::SwissRoll => None,
        }
    }
}

/// Eight modes on a circle, the first at the angle 0.
fn ring(radius: f64, sigma: f32) -> Modes {
    let centre = |k| {
        let angle = TAU * f64::from(k) / 8.0;
        [(radius * angle.cos()) as f32, (radius * angle.sin()) as f32]
    };
    Modes { centres: (0..8).map(centre).collect(), sigma }
}

/// A toy as a data set of [`TOY_LEN`] points, each a pure function of the seed and its index.
///
/// The points of the ring and the grid are labelled with their mode.
#[derive(Clone, Debug)]
pub struct ToySet {
    toy: Toy,
    seed: u64,
    stream: RngState,
    modes: Option<Modes>,
    class_names: Vec<String>,
}

impl ToySet {
    /// The points of `toy` under `seed`.
    pub fn new(toy: Toy, seed: u64) -> Self {
        let modes = toy.modes();
        let count = modes.as_ref().map_or(0, |modes| modes.centres.len());
        let stream = Rng::stream(seed, &format!("toy/{}", toy.name())).state();
        let class_names = (0..count).map(|k| format!("mode {k}")).collect();
        Self { toy, seed, stream, modes, class_names }
    }

    fn rng(&self, index: usize) -> Rng {
        Rng::from_state(&RngState { position: index as u64 * WORDS_PER_SAMPLE, ..self.stream })
    }

    fn point(&self, index: usize) -> [f32; 2] {
        let mut rng = self.rng(index);
        match &self.modes {
            Some(modes) => {
                let [x, y] = modes.centres[rng.below(modes.centres.len())];
                let mut around =
                    |mean: f32| (f64::from(mean) + f64::from(modes.sigma) * rng.standard_normal()) as f32;
                [around(x), around(y)]
            }
            None => {
                let t = 1.5 * PI * (1.0 + 2.0 * rng.unit());
                let mut around = |mean: f64| ((mean + 0.25 * rng.standard_normal()) / 7.5) as f32;
                [around(t * t.cos()), around(t * t.sin())]
            }
        }
    }
}

impl Dataset for ToySet {
    fn name(&self) -> &str {
        self.toy.name()
    }

    fn len(&self) -> usize {
        TOY_LEN
    }

    fn shape(&self) -> &[usize] {
        &[2]
    }

    fn class_names(&self) -> &[String] {
        &self.class_names
    }

    fn label(&self, index: usize) -> Option<u32> {
        let modes = self.modes.as_ref().filter(|_| index < TOY_LEN)?;
        Some(self.rng(index).below(modes.centres.len()) as u32)
    }

    fn read(&self, index: usize, out: &mut [f32]) -> Result<(), DatasetError> {
        check_read(self, index, out.len())?;
        out.copy_from_slice(&self.point(index));
        Ok(())
    }

    fn content_hash(&self) -> String {
        let mut digest = Digest::new("toy 1");
        digest.bytes(self.toy.name().as_bytes());
        digest.number(self.seed);
        digest.number(TOY_LEN as u64);
        digest.hex()
    }

    fn modes(&self) -> Option<&Modes> {
        self.modes.as_ref()
    }
}

#[cfg(test)]
mod tests;
