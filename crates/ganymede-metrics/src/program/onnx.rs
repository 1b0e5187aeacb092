//! Generators in ONNX, by tract.

mod guard;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use ganymede_tensor::{Device, Rng, Tensor};
use tract_onnx::prelude::{
    Framework, InferenceFact, InferenceModel, InferenceModelExt, IntoRunnable, IntoTValue, TypedModel,
    TypedRunnableModel, tvec,
};
use tract_onnx::tract_hir::internal::DatumType;

/// Samples in one pass, where the file leaves it open.
const BATCH: usize = 64;
/// Samples in one pass at most, where the file says how many.
const MOST_BATCH: usize = 1024;
/// Numbers that a latent vector may have.
const MOST_LATENTS: usize = 1 << 16;
/// Numbers of a pass that any step of the network may give.
const MOST_NUMBERS: usize = 1 << 29;
/// Beyond ±1 by so much numbers are those of a generator without a tanh at its end, and clipped as files would be; by more
/// they are of another range.
const MARGIN: f32 = 1.0;

/// The distribution of latent numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LatentKind {
    #[default]
    Normal,
    Uniform,
}

impl FromStr for LatentKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "normal" => Ok(Self::Normal),
            "uniform" => Ok(Self::Uniform),
            _ => Err("give normal, or uniform (from -1 to 1)".to_owned()),
        }
    }
}

impl std::fmt::Display for LatentKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(if *self == Self::Normal { "normal" } else { "uniform" })
    }
}

/// A network from latent vectors (N, Z), or (N, Z, 1, 1), to images (N, C, H, W) in [−1, 1].
pub(crate) struct OnnxGenerator {
    path: PathBuf,
    network: Arc<TypedRunnableModel>,
    /// The shape of its input; the first number is that of the samples of a pass.
    input: Vec<usize>,
}

impl OnnxGenerator {
    /// Reads the network and makes it ready. Weights beside the file, as PyTorch writes them, are found.
    ///
    /// # Errors
    /// The file is no ONNX, or has operators that are not known; it takes something besides latent vectors, or gives
    /// something else than images; a shape is too large.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let told = || path.display().to_string();
        let (network, input) = guarded(|| ready(path)).with_context(told)?;
        Ok(Self { path: path.to_owned(), network, input })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Draws `count` samples, and shows them to `take` a pass `(N, C, H, W)` at a time. Latent numbers are drawn by the seed,
    /// sample after sample.
    ///
    /// # Errors
    /// A step fails, or gives numbers that are not finite or of another range; what `take` says.
    pub(crate) fn draw(
        &self,
        count: usize,
        (seed, kind): (u64, LatentKind),
        take: &mut dyn FnMut(&Tensor) -> Result<()>,
    ) -> Result<()> {
        let told = || self.path.display().to_string();
        let mut rng = Rng::stream(seed, "onnx/latents");
        let size: usize = self.input[1..].iter().product();
        let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
        for first in (0..count).step_by(self.input[0]) {
            let n = self.input[0].min(count - first);
            let mut z = vec![0.0; self.input[0] * size];
            for z in &mut z[..n * size] {
                *z = match kind {
                    LatentKind::Normal => rng.standard_normal() as f32,
                    LatentKind::Uniform => (2.0 * rng.unit() - 1.0) as f32,
                };
            }
            let (shape, values) = guarded(|| self.pass(&z)).with_context(told)?;
            let values = &values[..n * shape.iter().product::<usize>()];
            for value in values {
                (least, most) = (least.min(*value), most.max(*value));
                if value.is_nan() || value.abs() > 1.0 + MARGIN {
                    let way_out = "export it so that it ends in that range";
                    bail!("{}: it gives {value}, and samples lie from -1 to 1: {way_out}", told());
                }
            }
            let [c, h, w] = shape;
            take(&Tensor::from_slice(values, (n, c, h, w), &Device::Cpu)?)?;
        }
        if least >= 0.0 {
            bail!(
                "{}: none of its numbers is below 0 (they lie from {least} to {most}), and samples lie from -1 to 1: if 0 is black, \
                 export 2 x - 1",
                told()
            );
        }
        Ok(())
    }

    /// The images of a whole pass: their shape, and their numbers.
    fn pass(&self, z: &[f32]) -> Result<([usize; 3], Vec<f32>)> {
        let z = tract_onnx::prelude::Tensor::from_shape(&self.input, z)?;
        let found = self.network.run(tvec!(z.into_tvalue()))?;
        let images = found.first().ok_or_else(|| anyhow!("it gives nothing"))?;
        let &[n, c, h, w] = images.shape() else { bail!("it gives {:?}", images.shape()) };
        if n != self.input[0] {
            bail!("it gives {n} samples of {} latent vectors", self.input[0]);
        }
        Ok(([c, h, w], images.to_plain_array_view::<f32>()?.iter().copied().collect()))
    }
}

/// The network of a file and the shape of its input.
fn ready(path: &Path) -> Result<(Arc<TypedRunnableModel>, Vec<usize>)> {
    let onnx = tract_onnx::onnx().with_ignore_output_shapes(true).with_ignore_value_info(true);
    let proto = onnx.proto_model_for_path(path).context("this is no ONNX, or a broken one")?;
    let input = guard::input(&proto)?;
    guard::check_constants(&proto)?;
    // Where the weights lie beside it.
    let dir = path.parent().map(|dir| dir.to_string_lossy().into_owned());
    let parsed = onnx.parse(&proto, dir.as_deref())?;
    if let Some(name) = parsed.unresolved_inputs.first() {
        bail!("a step needs `{name}`, which nothing gives");
    }
    let model: InferenceModel = parsed.model;
    let typed = model
        .with_input_fact(0, InferenceFact::dt_shape(DatumType::F32, &input))
        .and_then(InferenceModelExt::into_typed)?;
    check(&typed)?;
    Ok((typed.into_optimized()?.into_runnable()?, input))
}

/// Whether it gives images, and no step more numbers than fit.
fn check(model: &TypedModel) -> Result<()> {
    for node in model.nodes() {
        for output in &node.outputs {
            let volume = output
                .fact
                .shape
                .as_concrete()
                .map(|shape| shape.iter().try_fold(1_usize, |a, b| a.checked_mul(*b)));
            match volume {
                None => bail!("the shape that `{}` gives depends on something that is not known", node.name),
                Some(Some(0..=MOST_NUMBERS)) => {}
                Some(_) => {
                    bail!("`{}` gives {:?}: more than {MOST_NUMBERS} numbers", node.name, output.fact.shape);
                }
            }
        }
    }
    let [output] = model.output_outlets()? else {
        bail!("it gives {} results, and one is wanted: images (N, C, H, W)", model.output_outlets()?.len());
    };
    let fact = model.outlet_fact(*output)?;
    match fact.shape.as_concrete() {
        Some([_, 1 | 3, h, w]) if h * w > 0 && fact.datum_type == DatumType::F32 => Ok(()),
        _ => bail!(
            "it gives {:?} of {:?}, and wanted are images (N, 1 or 3, H, W) of f32",
            fact.shape,
            fact.datum_type
        ),
    }
}

/// What a file holds may be anything: a panic of what reads it is an error of the file.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(anyhow!("this network cannot be computed")))
}
