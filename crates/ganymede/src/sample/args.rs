//! `ganymede sample --help`

use std::path::PathBuf;
use std::str::FromStr;

use ganymede_files::AnimationKind;
use ganymede_train::{LatentSpace, MixLayers, TruncationForm};

use crate::args::MachineArgs;
use crate::refine::RefineArgs;
use crate::{numbers, weights};

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("source").required(true).args(["run_dir", "weights"]))]
pub(crate) struct SampleArgs {
    /// The folder of a run
    pub(crate) run_dir: Option<PathBuf>,
    /// A generator's weights instead: .pth, .pt, .tar, .ckpt or .safetensors. Nothing in it is executed; the state dict
    /// that fits is found under any key and prefix, also averaged weights, and a note says which
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) foreign: weights::args::ForeignArgs,
    /// Which checkpoint of the run: last, best, or a step that was kept; several, such as 1500,1750,last, are an
    /// ensemble of which each makes some of the samples
    #[arg(long, value_name = "WHICH", default_value = "last", conflicts_with = "weights")]
    pub(crate) checkpoint: String,
    /// How many samples [default: 64, or as many as there are latent vectors; of every class 8]. They are written as they
    /// come: 50,000 for an FID take no more memory than 64
    #[arg(long, value_name = "N", value_parser = numbers::samples)]
    pub(crate) num: Option<usize>,
    /// Seed of the latent vectors
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) truncation: TruncationArgs,
    #[command(flatten)]
    pub(crate) refine: RefineArgs,
    /// Let batch normalisation use the statistics of N passes of 64 samples, in place of those that training left
    /// (BigGAN's standing statistics; 16 is usual)
    #[arg(long, value_name = "N", value_parser = numbers::passes)]
    pub(crate) standing_statistics: Option<u64>,
    /// The noise of networks that have some: const, the same for all samples, or random, drawn for each by the seed
    #[arg(long, value_name = "WHICH", default_value = "const")]
    pub(crate) noise: Noise,
    /// Latent vectors (N, Z) to use, from the tensor `z` of a safetensors file or its only one
    #[arg(long, value_name = "FILE")]
    pub(crate) latents: Option<PathBuf>,
    /// Write the latent vectors of the samples as `z` (N, Z), and as `w` (N, W) what a mapping network makes of them: what
    /// --latents takes. Truncation in z is in them, truncation in w is not
    #[arg(long, value_name = "FILE")]
    pub(crate) save_latents: Option<PathBuf>,
    /// The class to draw, for generators that know classes
    #[arg(long, value_name = "K")]
    pub(crate) class: Option<u32>,
    /// Draw every class from the same latent vectors: --num samples of each, a row a class in grid.png
    #[arg(long, conflicts_with_all = ["class", "labels", "condition", "save_latents"])]
    pub(crate) every_class: bool,
    /// What to make samples of, for generators that are told vectors or images: a file of vectors (.npy, safetensors), an
    /// image, or a folder of images [default: those of the run's data, drawn by the seed]. With more samples than
    /// conditions these come round again
    #[arg(long, value_name = "FILE|DIR", conflicts_with_all = ["class", "labels"])]
    pub(crate) condition: Option<PathBuf>,
    /// The class of each sample instead: whole numbers (N,), from the tensor `y` of a safetensors file or its only one
    #[arg(long, value_name = "FILE", conflicts_with = "class")]
    pub(crate) labels: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) interpolation: InterpolationArgs,
    #[command(flatten)]
    pub(crate) mixing: MixingArgs,
    /// Folder for the pictures, which must be empty or new [default: RUN_DIR/generated-N, or interpolation-N,
    /// style-mixing-N]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// No grid.png of the first 64 beside the samples: other programs would count it as one of them
    #[arg(long)]
    pub(crate) no_grid: bool,
    /// Write the samples as they are, f32 in [-1, 1], N C H W, as the tensor `images`
    #[arg(long, value_name = "FILE")]
    pub(crate) tensor: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    /// Print what was written as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Less varied samples, more typical ones.
#[derive(Debug, clap::Args)]
pub(crate) struct TruncationArgs {
    /// Less varied samples, more typical ones: the smaller the number, the more so. 0.5 to 1 is usual
    #[arg(long, value_name = "PSI", allow_negative_numbers = true)]
    pub(crate) truncation: Option<f64>,
    /// What is held within PSI. resample: each latent number, drawn again beyond (BigGAN). norm: the length of a latent
    /// vector, over that of a usual one. norm-literal: the same over 1, as the formula is often written, which is far below
    /// any usual length. w: the distance from the mean of w (StyleGAN) [default: w with a mapping network, else resample]
    #[arg(long, value_name = "FORM", requires = "truncation")]
    pub(crate) truncation_form: Option<TruncationForm>,
    /// Truncate w in the first N layers only, which make what is large [default: all]
    #[arg(long, value_name = "N", requires = "truncation", value_parser = numbers::layers)]
    pub(crate) truncation_cutoff: Option<usize>,
}

/// From one sample to the next.
#[derive(Debug, clap::Args)]
pub(crate) struct InterpolationArgs {
    /// A loop of pictures through key frames, which are samples: interpolation.png has a row from each to the next. slerp
    /// follows great circles, on which normal latent vectors keep their usual length; lerp follows lines
    #[arg(long, value_name = "HOW", conflicts_with_all = SAMPLES_ONLY)]
    pub(crate) interpolate: Option<HowToInterpolate>,
    /// Interpolate latent vectors (z) or what a mapping network makes of them (w, by lerp) [default: z]
    #[arg(long, value_name = "SPACE", requires = "interpolate")]
    pub(crate) space: Option<Space>,
    /// How many key frames [default: 4, or as many as there are latent vectors]
    #[arg(long, value_name = "K", requires = "interpolate", value_parser = numbers::keyframes)]
    pub(crate) keyframes: Option<usize>,
    /// Frames from each key frame to the next [default: 8, or 24 of an animation]
    #[arg(long, value_name = "N", requires = "interpolate", value_parser = numbers::frames)]
    pub(crate) frames: Option<usize>,
    /// Write an animation as well: apng (animation.png, every colour) or gif (256 colours a frame)
    #[arg(long, value_name = "FORMAT", requires = "interpolate")]
    pub(crate) animate: Option<AnimationKind>,
    /// Frames of the animation a second [default: 24]
    #[arg(long, value_name = "N", requires = "animate", value_parser = numbers::fps)]
    pub(crate) fps: Option<u16>,
}

/// Two samples in one.
#[derive(Debug, clap::Args)]
pub(crate) struct MixingArgs {
    /// A table of samples that are mixed layer by layer, for generators with a mapping network: each is made of the w of its
    /// row, shown at the left, with that of its column, shown above, in the chosen layers
    #[arg(long, value_name = "ROWSxCOLS", conflicts_with_all = SAMPLES_ONLY, conflicts_with = "interpolate")]
    pub(crate) style_mixing: Option<Table>,
    /// The layers that the column says: coarse (0-3), middle (4-7), fine (8 and above), or numbers such as 0-6 [default:
    /// coarse]
    #[arg(long, value_name = "LAYERS", requires = "style_mixing")]
    pub(crate) mix_layers: Option<MixLayers>,
}

/// What only makes sense of samples that are written one by one.
const SAMPLES_ONLY: [&str; 6] = ["num", "every_class", "tensor", "save_latents", "labels", "sampling"];

/// `--noise`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noise {
    Const,
    Random,
}

/// `--interpolate`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HowToInterpolate {
    Lerp,
    Slerp,
}

/// `--space`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space(pub(crate) LatentSpace);

/// `--style-mixing`: rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

/// The most rows or columns of a table.
const MOST_ROWS: usize = 64;

impl FromStr for Noise {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "const" => Ok(Self::Const),
            "random" => Ok(Self::Random),
            _ => Err("give const or random".to_owned()),
        }
    }
}

impl std::fmt::Display for Noise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(if *self == Self::Const { "const" } else { "random" })
    }
}

impl FromStr for HowToInterpolate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "lerp" => Ok(Self::Lerp),
            "slerp" => Ok(Self::Slerp),
            _ => Err("give slerp (great circles) or lerp (lines)".to_owned()),
        }
    }
}

impl FromStr for Space {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "z" => Ok(Self(LatentSpace::Z)),
            "w" => Ok(Self(LatentSpace::W)),
            _ => Err("give z (latent vectors) or w (what a mapping network makes of them)".to_owned()),
        }
    }
}

impl FromStr for Table {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse().ok().filter(|n| (1..=MOST_ROWS).contains(n));
        let sides = text.split_once(['x', '×']).and_then(|(rows, columns)| number(rows).zip(number(columns)));
        let table = sides.map(|(rows, columns)| Self { rows, columns });
        table.ok_or_else(|| format!("give rows and columns, such as 4x6, each 1 to {MOST_ROWS}"))
    }
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  ganymede sample runs/quickstart-1 --num 100 --out pictures
  ganymede sample runs/quickstart-1 --checkpoint best --seed 7
  ganymede sample runs/quickstart-1 --num 50000 --no-grid --out fake    a folder to measure
  ganymede sample runs/quickstart-1 --truncation 0.8 --truncation-form norm
  ganymede sample runs/quickstart-1 --sampling rejection                keep what looks real
  ganymede sample runs/quickstart-1 --sampling langevin --langevin-steps 200
  ganymede sample runs/quickstart-1 --interpolate slerp --animate gif
  ganymede sample runs/cgan-1 --every-class                             a row a class
  ganymede sample runs/stylegan2-1 --truncation 0.7 --truncation-cutoff 4
  ganymede sample runs/stylegan2-1 --style-mixing 4x6 --mix-layers middle
  ganymede sample runs/pix2pix-1 --condition drawings/                  an image of each drawing
  ganymede sample --weights netG.pth --model dcgan --num 64
  ganymede sample --weights all.tar --model dcgan --key netG \\
                  --latents z.safetensors --tensor out.safetensors
  ganymede sample --weights G_ema.pth --model biggan --labels y.safetensors \\
                  --latents z.safetensors --tensor out.safetensors

The settings of the network are read off the weights, under the names of torch-mimicry,
BigGAN-PyTorch, R3GAN, pytorch_GAN_zoo, stylegan2-ada-pytorch and PyTorch's tutorial; --set gives
what they do not tell, such as --set activation=leaky-relu.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_rows_by_columns() {
        assert_eq!("4x6".parse(), Ok(Table { rows: 4, columns: 6 }));
        assert_eq!("1×64".parse(), Ok(Table { rows: 1, columns: 64 }));
        for wrong in ["4", "0x3", "4x65", "4x", "x", "-1x2", "4x6x2", "1e1x2", ""] {
            assert!(wrong.parse::<Table>().unwrap_err().contains("4x6"), "{wrong}");
        }
    }
}
