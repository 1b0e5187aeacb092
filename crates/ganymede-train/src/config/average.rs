//! `[ema]`: how the averaged generator is kept.

use ganymede_tensor::EmaConfig;

use super::check::Check;
use super::course::Course;
use super::file::EmaFile;
use super::scheduled::write_course;
use super::section;

/// As StyleGAN2-ADA's.
const USUAL_RAMPUP: f64 = 0.05;

/// How much of the old average is kept by an update.
#[derive(Clone, Debug, PartialEq)]
pub enum Average {
    /// By a share.
    Decay {
        /// The share of the old average kept at each step, in [0, 1).
        decay: Course,
        /// Whether early steps count more: see [`EmaConfig::decay_at`].
        warmup: bool,
    },
    /// By a half-life in images, so that the average reaches as far back whatever the batch (Karras et al., 2018,
    /// arXiv:1710.10196, appendix A.1, and all of StyleGAN's programs): 0.5^(images of the update / half-life).
    HalfLife {
        /// Thousands of real images after which half of it is left.
        kimg: f64,
        /// The half-life is no more than this share of the images shown before the update, in [0, 1]; 0: it is what it is
        /// from the start. 0.05 in StyleGAN2-ADA.
        rampup: f64,
    },
}

impl Average {
    /// The share of the old average kept by the update that makes step `step + 1` out of `step`: it shows the discriminator
    /// `batch` real images, after `images` before.
    pub fn decay_at(&self, step: u64, images: u64, batch: u64) -> f64 {
        match self {
            Self::Decay { decay, warmup } => {
                EmaConfig { decay: decay.at(step), warmup: *warmup }.decay_at(step)
            }
            Self::HalfLife { kimg, rampup } => {
                let whole = kimg * 1000.0;
                let half_life = if *rampup > 0.0 { whole.min(images as f64 * rampup) } else { whole };
                // No images, no memory: 0, not 0.5 to the power of infinity times something.
                if half_life > 0.0 { 0.5f64.powf(batch as f64 / half_life) } else { 0.0 }
            }
        }
    }
}

pub(super) fn resolve(file: &EmaFile, steps: u64, check: &mut Check) -> Option<Average> {
    let decay = section::number("ema.decay", file.decay.as_ref(), 0.999, steps, check);
    let half_life = file.half_life_kimg.map(|kimg| check.number("ema.half_life_kimg", Some(kimg), 10.0));
    let rampup = check.number("ema.rampup", file.rampup, USUAL_RAMPUP);
    let average = match half_life {
        Some(kimg) => {
            let why = "ema.half_life_kimg is given too, which says the same: leave one of the two out";
            check.refuse("ema.decay", file.decay.is_some(), why);
            let why = "belongs to ema.decay; with ema.half_life_kimg use ema.rampup";
            check.refuse("ema.warmup", file.warmup.is_some(), why);
            Average::HalfLife { kimg, rampup }
        }
        None => {
            let why = "belongs to ema.half_life_kimg; with ema.decay use ema.warmup";
            check.refuse("ema.rampup", file.rampup.is_some(), why);
            Average::Decay { decay, warmup: file.warmup.unwrap_or(true) }
        }
    };
    file.enabled.unwrap_or(true).then_some(average)
}

/// The section that resolves to it.
pub(super) fn write(average: Option<&Average>) -> EmaFile {
    let file = EmaFile { enabled: Some(average.is_some()), ..EmaFile::default() };
    match average {
        None => file,
        Some(Average::Decay { decay, warmup }) => {
            EmaFile { decay: Some(write_course(decay)), warmup: Some(*warmup), ..file }
        }
        Some(Average::HalfLife { kimg, rampup }) => {
            EmaFile { half_life_kimg: Some(*kimg), rampup: Some(*rampup), ..file }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// StyleGAN2-ADA: 0.5^(batch / max(min(ema_kimg·1000, cur_nimg·rampup), 1e-8)).
    #[test]
    fn a_half_life_counts_images_and_grows_with_them() {
        let average = Average::HalfLife { kimg: 1.0, rampup: 0.05 };
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-12, "{found}, not {wanted}");
        near(average.decay_at(0, 0, 32), 0.0);
        near(average.decay_at(9, 640, 32), 0.5);
        near(average.decay_at(9, 6400, 32), 0.5f64.powf(0.1));
        near(average.decay_at(9, 1_000_000, 32), 0.5f64.powf(0.032));
        near(Average::HalfLife { kimg: 1.0, rampup: 0.0 }.decay_at(0, 0, 32), 0.5f64.powf(0.032));
    }
}
