//! Sets of samples that are drawn for the occasion: of the folder of a run, or of a generator in ONNX.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use ganymede_files::{is_run_folder, shell_quoted};
use ganymede_tensor::{Device, Tensor};

use crate::ImageFolder;

use super::args::DrawArgs;
#[cfg(feature = "onnx")]
use super::onnx::OnnxGenerator;
use super::progress::Progress;
use super::words::{self, Misuse};

/// Bytes that the levels of samples may take in memory: 10,000 colour images of 256 × 256 pixels.
const MOST_BYTES: usize = 2 << 30;

/// Draws samples of runs. The program `ganymede-metrics` knows no trainer and has none of these; one that does can hand it in
/// ([`main_with`](super::main_with)), and then the folder of a run is a set of generated images.
pub trait RunSamples {
    /// Draws `count` images of the run in a folder, by `seed`, and shows them to `take` in their order: some
    /// `(N, C, H, W)` in [−1, 1] at a time, so that the memory does not grow with their number.
    ///
    /// # Errors
    /// The run cannot be read, or draws no images; what `take` says.
    fn draw(
        &self,
        run: &Path,
        count: usize,
        seed: u64,
        take: &mut dyn FnMut(&Tensor) -> Result<()>,
    ) -> Result<()>;
}

/// How samples were drawn, for those who want to draw them again.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct Drawn {
    samples: usize,
    seed: u64,
}

impl DrawArgs {
    pub(crate) fn drawn(&self) -> Drawn {
        Drawn { samples: self.samples, seed: self.draw_seed }
    }
}

/// Something that samples can be drawn of.
pub(crate) enum Generator<'a> {
    Run(PathBuf, &'a dyn RunSamples),
    #[cfg(feature = "onnx")]
    Onnx(Box<OnnxGenerator>),
}

impl<'a> Generator<'a> {
    /// What samples are to be drawn of; nothing where the path is something else.
    pub(crate) fn open(
        path: &Path,
        may_be_drawn: bool,
        runs: Option<&'a dyn RunSamples>,
    ) -> Result<Option<Self>> {
        if let (Some(runs), true) = (runs, is_run_folder(path)) {
            return Ok(Some(Self::Run(path.to_owned(), runs)));
        }
        let is_onnx = path.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("onnx"));
        if !is_onnx || path.is_dir() {
            return Ok(None);
        }
        if !may_be_drawn {
            let path = path.display();
            return Err(Misuse(format!("{path}: a generator has no real images; name some")).into());
        }
        #[cfg(feature = "onnx")]
        {
            Ok(Some(Self::Onnx(Box::new(OnnxGenerator::open(path)?))))
        }
        #[cfg(not(feature = "onnx"))]
        {
            let reason = format!(
                "{}: this program was built without ONNX: build it with the feature `onnx`, as by `cargo install ganymede-metrics \
                 --features onnx` or `cargo run --release -p ganymede-metrics --features onnx`",
                path.display()
            );
            Err(Misuse(reason).into())
        }
    }

    /// Draws as many samples as the options say.
    pub(crate) fn draw(&self, args: &DrawArgs, quiet: bool) -> Result<ImageFolder> {
        let DrawArgs { samples, draw_seed: seed, .. } = *args;
        let path = self.path();
        if !quiet {
            words::say(&format!("note: {}: {samples} samples, drawn by seed {seed}", path.display()));
        }
        let mut levels = Levels { of: path, wanted: samples, shape: None, bytes: Vec::new() };
        let mut progress = Progress::new(quiet, "drawing", "samples", samples as u64);
        let mut take = |images: &Tensor| -> Result<()> {
            levels.push(images)?;
            progress.at(levels.count() as u64);
            Ok(())
        };
        match self {
            Self::Run(run, runs) => runs.draw(run, samples, seed, &mut take)?,
            #[cfg(feature = "onnx")]
            Self::Onnx(generator) => generator.draw(samples, (seed, args.latents), &mut take)?,
        }
        drop(progress);
        levels.finish()
    }

    fn path(&self) -> &Path {
        match self {
            Self::Run(run, _) => run,
            #[cfg(feature = "onnx")]
            Self::Onnx(generator) => generator.path(),
        }
    }
}

/// The grey levels of samples: what files of them would hold.
struct Levels<'a> {
    of: &'a Path,
    wanted: usize,
    /// H, W, C, from the first batch on.
    shape: Option<[usize; 3]>,
    /// Sample after sample.
    bytes: Vec<u8>,
}

impl Levels<'_> {
    fn count(&self) -> usize {
        self.shape.map_or(0, |shape| self.bytes.len() / shape.iter().product::<usize>())
    }

    fn push(&mut self, images: &Tensor) -> Result<()> {
        let path = self.of.display();
        let shape = match *images.dims() {
            [_, channels @ (1 | 3), height, width] if height * width > 0 => [height, width, channels],
            _ => bail!("{path}: its samples are {:?}, and not images (N, 1 or 3, H, W)", images.dims()),
        };
        let [height, width, channels] = shape;
        if *self.shape.get_or_insert(shape) != shape {
            bail!("{path}: its samples are of several shapes");
        }
        let size: usize = shape.iter().product();
        if self.wanted.saturating_mul(size) > MOST_BYTES {
            let (most, wanted) = (MOST_BYTES / size, self.wanted);
            let reason = format!(
                "{path}: {wanted} samples of {channels} × {height} × {width} take more than 2 GiB: draw at most --samples {most}, or \
                 more into a folder and give that (`ganymede sample {} --num {wanted}`)",
                shell_quoted(self.of)
            );
            return Err(Misuse(reason).into());
        }
        let rows = images.to_device(&Device::Cpu)?.permute((0, 2, 3, 1))?.contiguous()?;
        let values = rows.flatten_all()?.to_vec1::<f32>()?;
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            bail!("{path}: a sample holds {value}: the generator is broken");
        }
        // To the last bit as `ganymede sample` writes files, which `Quantise::HalfUp` is but for a number in a million.
        let level = |value: f32| ((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8;
        self.bytes.extend(values.into_iter().map(level));
        Ok(())
    }

    fn finish(self) -> Result<ImageFolder> {
        let (path, count) = (self.of.display(), self.count());
        match self.shape {
            Some(shape) if count == self.wanted => Ok(ImageFolder::of_levels(self.of, shape, self.bytes)),
            _ => bail!("{path}: {count} samples came, and {} were wanted", self.wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use ganymede_files::DecodeOptions;

    use super::*;

    /// A run whose samples count up: pixel `p` of sample `i` is (i + p)/100 − 1.
    struct Counting;

    impl RunSamples for Counting {
        fn draw(
            &self,
            _: &Path,
            count: usize,
            seed: u64,
            take: &mut dyn FnMut(&Tensor) -> Result<()>,
        ) -> Result<()> {
            for first in (0..count).step_by(4) {
                let n = 4.min(count - first);
                let value = |at: usize| (seed as usize + first + at / 12 + at % 12) as f32 / 100.0 - 1.0;
                let values: Vec<f32> = (0..12 * n).map(value).collect();
                take(&Tensor::from_vec(values, (n, 3, 2, 2), &Device::Cpu)?)?;
            }
            Ok(())
        }
    }

    fn args(samples: usize, draw_seed: u64) -> DrawArgs {
        DrawArgs {
            samples,
            draw_seed,
            #[cfg(feature = "onnx")]
            latents: Default::default(),
        }
    }

    #[test]
    fn samples_of_a_run_become_images_in_their_order() {
        let generator = Generator::Run("runs/x".into(), &Counting);
        let folder = generator.draw(&args(6, 1), true).unwrap();
        assert_eq!((folder.len(), folder.path(5)), (6, Path::new("runs/x/sample[5]")));
        for i in 0..6 {
            let frame = folder.frame(i, &DecodeOptions::pil()).unwrap();
            let wanted: Vec<u8> =
                (0..12).map(|p| (127.5 * ((1 + i + p) as f32 / 100.0)).round() as u8).collect();
            assert_eq!(frame.into_planar(), wanted);
        }
        let again = generator.draw(&args(6, 1), true).unwrap();
        assert_eq!(again.content_hash(), folder.content_hash());
        assert_ne!(generator.draw(&args(6, 2), true).unwrap().content_hash(), folder.content_hash());
    }

    #[test]
    fn what_takes_too_much_memory_is_refused_with_what_does_not() {
        let generator = Generator::Run("runs/x".into(), &Counting);
        let error = generator.draw(&args(200_000_000, 0), true).unwrap_err().to_string();
        assert!(error.contains("--samples 178956970") && error.contains("ganymede sample runs/x"), "{error}");
    }
}
