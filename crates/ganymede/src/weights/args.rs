//! The arguments of commands that take weights, or give them.

use std::path::PathBuf;

use clap::ValueEnum;
use ganymede_models::Role;

use crate::args::MachineArgs;
use crate::numbers;

/// What is said of weights of another program. The argument of the file is called `weights`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ForeignArgs {
    /// The model that the weights belong to, as in a configuration; not needed for files of Ganymede
    #[arg(long, value_name = "NAME", requires = "weights")]
    pub(crate) model: Option<String>,
    /// The state dict's key, in a file that holds several that fit: keys joined by dots, such as models.G.ema
    #[arg(long, value_name = "KEY", requires = "weights")]
    pub(crate) key: Option<String>,
    /// Whose names the tensors have: mimicry, biggan, pytorch-dcgan, r3gan, pytorch-gan-zoo, stylegan2-ada or native
    /// [default: found out]
    #[arg(long, value_name = "NAME", requires = "weights")]
    pub(crate) dialect: Option<String>,
    /// A setting of the network that its weights do not tell, such as norm=layer; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "weights")]
    pub(crate) sets: Vec<String>,
    /// A TOML file whose section `generator` or `discriminator` has the settings; a run.toml will do
    #[arg(long, value_name = "FILE", requires = "weights")]
    pub(crate) config: Option<PathBuf>,
    /// The side of the images, for discriminators that are the same network at two sides
    #[arg(long, value_name = "R", requires = "weights")]
    pub(crate) resolution: Option<usize>,
}

/// Which of the two networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Player {
    Generator,
    Discriminator,
}

impl Player {
    pub(crate) fn role(self) -> Role {
        match self {
            Self::Generator => Role::Generator,
            Self::Discriminator => Role::Discriminator,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// The weights: .pth, .pt, .tar, .ckpt or .safetensors. Nothing in it is executed; the state dict that fits is found
    /// under any key and prefix
    #[arg(id = "weights", long = "from", value_name = "FILE")]
    pub(crate) from: PathBuf,
    #[command(flatten)]
    pub(crate) foreign: ForeignArgs,
    /// Which network of the file [default: into a file the generator, if there is one; into a folder both]
    #[arg(long, value_name = "PLAYER")]
    pub(crate) player: Option<Player>,
    /// A .safetensors file, or a folder for generator.safetensors and discriminator.safetensors
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) out: PathBuf,
    /// Print what was found as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) const IMPORT_EXAMPLES: &str = "\
Wrappers are seen through: DataParallel's `module.`, torch.compile's `_orig_mod.`, averaged
models with their counter, Lightning's `generator.` and `discriminator.`, state dicts in
dictionaries. Where a file holds several networks that fit, --key says which. Settings are
read off the shapes; a file of another network is told what it is.

What is written says in its metadata what it is: `sample --weights`, `score --weights` and
`export` then need no --model.

Examples:
  ganymede import --from netG.pth --model dcgan --out G.safetensors
  ganymede import --from sngan_netG_100000_steps.pth --model sngan --out weights/
  ganymede import --from G_ema.pth --model biggan --out G.safetensors
  ganymede import --from last.ckpt --model r3gan --player discriminator \\
                  --key state_dict.discriminator --out D.safetensors";

#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// The folder of a run, a checkpoint, or a file of `import` or `export`
    #[arg(value_name = "RUN|FILE")]
    pub(crate) source: PathBuf,
    /// Which checkpoint of the run: last, best, or a step that was kept
    #[arg(long, value_name = "WHICH", default_value = "last")]
    pub(crate) checkpoint: String,
    /// Which network
    #[arg(long, value_name = "PLAYER", default_value = "generator")]
    pub(crate) player: Player,
    /// The generator as it was trained, not its average
    #[arg(long)]
    pub(crate) raw: bool,
    /// Under whose names: native, mimicry, biggan, pytorch-dcgan, r3gan, pytorch-gan-zoo or stylegan2-ada
    #[arg(long, value_name = "NAME", default_value = "native")]
    pub(crate) dialect: String,
    /// A .safetensors file; `safetensors.torch.load_file` reads it in PyTorch
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Print what was written as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) const EXPORT_EXAMPLES: &str = "\
Examples:
  ganymede export runs/quickstart-1 --out G.safetensors                   the averaged generator
  ganymede export runs/quickstart-1 --raw --checkpoint best --out G.safetensors
  ganymede export runs/quickstart-1 --player discriminator --out D.safetensors
  ganymede export runs/sngan-1 --dialect mimicry --out G.safetensors

In PyTorch: net.load_state_dict(safetensors.torch.load_file(\"G.safetensors\")).
BigGAN-PyTorch, and torch-mimicry in a few layers, make one more power iteration when they
evaluate, which moves outputs a little until the vectors have converged.";

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("source").required(true).args(["run_dir", "weights"]))]
pub(crate) struct ScoreArgs {
    /// The folder of a run
    pub(crate) run_dir: Option<PathBuf>,
    /// A discriminator's weights instead: .pth, .pt, .tar, .ckpt or .safetensors, as `sample` takes a generator's
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) foreign: ForeignArgs,
    /// Which checkpoint of the run: last, best, or a step that was kept
    #[arg(long, value_name = "WHICH", default_value = "last", conflicts_with = "weights")]
    pub(crate) checkpoint: String,
    /// A folder of images, cut to squares and resized as in training; or a safetensors file whose tensor `x` or `images`
    /// is (N, C, H, W), floats in [-1, 1] or uint8
    #[arg(long, value_name = "DIR|FILE")]
    pub(crate) images: PathBuf,
    /// The images' classes, for discriminators that are told them: whole numbers (N,), from the tensor `y` of a
    /// safetensors file or its only one
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// Where every score goes: .csv, .json, .npy or .safetensors
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Images that are judged at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = numbers::batch)]
    pub(crate) batch: usize,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    /// Print the summary as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) const SCORE_EXAMPLES: &str = "\
Scores are raw, without a sigmoid; larger means more real. The network is evaluated: the
score of an image does not depend on the others. Of a network that scores patches a row is
their mean, and .safetensors and .npy have all of them. Networks that judge several samples
together (`pack`, `minibatch`) are refused: they have no score of one image.

Examples:
  ganymede score runs/quickstart-1 --images photos/ --out scores.csv
  ganymede score runs/quickstart-1 --images generated.safetensors --checkpoint best
  ganymede score --weights netD.pth --model dcgan --images photos/ --out scores.npy
  ganymede score --weights sngan_netD_100000_steps.pth --model sngan --images photos/";
