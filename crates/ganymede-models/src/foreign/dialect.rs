//! What programs call the tensors of the networks here: one table.
//!
//! A name that no rule matches is the same in both. Rules are read from the top, in either direction.

use std::collections::BTreeMap;

use ganymede_tensor::{Result, Tensor};
use toml::{Table, Value};

use super::constants;
use super::network::{NetworkKind, Role};
use super::spectral::{self, Form};

/// How a program names the tensors of a network.
#[derive(Debug)]
pub struct Dialect {
    /// As `--dialect` takes it.
    pub name: &'static str,
    /// Whose it is, in a few words.
    pub summary: &'static str,
    /// The kinds that the program has; all where it is empty.
    pub(super) kinds: &'static [&'static str],
    pub(super) generator: &'static [Rule],
    pub(super) discriminator: &'static [Rule],
    /// How it spells spectral normalisation.
    pub(super) spectral: &'static [&'static Form],
    /// How it spells that of a layer, in a network that has such layers.
    pub(super) spelling: Spelling,
    /// Ends of the names of constants and counters, which no network here has.
    pub(super) constants: &'static [&'static str],
    /// Those of them that it cannot load a state dict without, from the rest of it.
    pub(super) recreated: Recreate,
    /// A class that its own pickles, which are code, ask for, by the beginning of its name; and how to get a state dict
    /// out of them.
    pub(super) pickles: Option<(&'static str, &'static str)>,
    /// Whether its batch normalisation counts batches.
    pub(super) counts_batches: bool,
    /// The side of the map behind block `{a}` of so many blocks.
    pub(super) attention_side: Option<fn(Role, usize, usize) -> usize>,
    /// Settings that all of its networks of a role have, unless others are given.
    pub(super) settings: fn(Role) -> Table,
}

/// From a layer, and whether a network has a layer.
pub(super) type Spelling = fn(&str, &dyn Fn(&str) -> bool) -> &'static Form;

/// From a state dict of theirs that lacks its constants to these.
pub(super) type Recreate = fn(&BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>>;

/// A tensor's name there and here.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) theirs: &'static str,
    pub(super) ours: &'static str,
    /// Where theirs is two of ours side by side (axis 1): the second one.
    pub(super) second: Option<&'static str>,
    /// On the way back the rule holds beside such a tensor of ours only.
    pub(super) beside: Option<&'static str>,
}

const fn same(theirs: &'static str, ours: &'static str) -> Rule {
    Rule { theirs, ours, second: None, beside: None }
}

/// A conditional batch norm: gains and biases of the classes are one matrix, and the statistics lie one level deeper.
const fn embedded(theirs: &'static str, ours: &'static str, second: &'static str) -> Rule {
    Rule { theirs, ours, second: Some(second), beside: None }
}

const fn deeper(theirs: &'static str, ours: &'static str, beside: &'static str) -> Rule {
    Rule { theirs, ours, second: None, beside: Some(beside) }
}

/// Every dialect.
pub static DIALECTS: &[&Dialect] =
    &[&PYTORCH_DCGAN, &MIMICRY, &BIGGAN, &R3GAN, &PYTORCH_GAN_ZOO, &STYLEGAN2_ADA, &NATIVE];

static NATIVE: Dialect = Dialect {
    name: "native",
    summary: "Ganymede",
    kinds: &[],
    generator: &[],
    discriminator: &[],
    spectral: &[&spectral::TORCH, &spectral::PARAMETRIZED],
    spelling: |_, _| &spectral::TORCH,
    constants: &[],
    recreated: |_| Ok(BTreeMap::new()),
    pickles: None,
    counts_batches: true,
    attention_side: None,
    settings: |_| Table::new(),
};

static PYTORCH_DCGAN: Dialect =
    Dialect { name: "pytorch-dcgan", summary: "PyTorch's DCGAN tutorial", kinds: &["dcgan"], ..NATIVE };

static MIMICRY: Dialect = Dialect {
    name: "mimicry",
    summary: "torch-mimicry",
    kinds: &["sngan", "wgan-gp-resnet", "sagan"],
    generator: &[
        embedded("block{i}.b1.embed.weight", "block{i}.b1.gain.weight", "block{i}.b1.bias.weight"),
        embedded("block{i}.b2.embed.weight", "block{i}.b2.gain.weight", "block{i}.b2.bias.weight"),
        deeper("block{i}.b1.bn.*", "block{i}.b1.*", "block{i}.b1.gain.weight"),
        deeper("block{i}.b2.bn.*", "block{i}.b2.*", "block{i}.b2.gain.weight"),
    ],
    spectral: &[&spectral::TORCH, &spectral::MIMICRY],
    // PyTorch's, but for what lies behind the blocks of its projection discriminator at 32 pixels.
    spelling: |layer, has| match layer.starts_with('l') && has("l_y") && has("l5") && !has("attn_block.o") {
        true => &spectral::MIMICRY,
        false => &spectral::TORCH,
    },
    settings: |role| match role {
        Role::Generator => Table::new(),
        // Its activations write over what the shortcut takes.
        Role::Discriminator => {
            [("activated_shortcut".to_owned(), Value::Boolean(true))].into_iter().collect()
        }
    },
    ..NATIVE
};

static BIGGAN: Dialect = Dialect {
    name: "biggan",
    summary: "BigGAN-PyTorch",
    kinds: &["biggan"],
    generator: &[
        same("linear.*", "l1.*"),
        same("blocks.{i}.0.conv1.*", "block{i+2}.c1.*"),
        same("blocks.{i}.0.conv2.*", "block{i+2}.c2.*"),
        same("blocks.{i}.0.conv_sc.*", "block{i+2}.c_sc.*"),
        same("blocks.{i}.0.bn1.stored_mean", "block{i+2}.b1.running_mean"),
        same("blocks.{i}.0.bn1.stored_var", "block{i+2}.b1.running_var"),
        same("blocks.{i}.0.bn1.*", "block{i+2}.b1.*"),
        same("blocks.{i}.0.bn2.stored_mean", "block{i+2}.b2.running_mean"),
        same("blocks.{i}.0.bn2.stored_var", "block{i+2}.b2.running_var"),
        same("blocks.{i}.0.bn2.*", "block{i+2}.b2.*"),
        same("blocks.{a}.1.*", "attn_block.*"),
        same("output_layer.0.gain", "b{n+2}.weight"),
        same("output_layer.0.stored_mean", "b{n+2}.running_mean"),
        same("output_layer.0.stored_var", "b{n+2}.running_var"),
        same("output_layer.0.*", "b{n+2}.*"),
        same("output_layer.2.*", "c{n+2}.*"),
    ],
    discriminator: &[
        same("blocks.{i}.0.conv1.*", "block{i+1}.c1.*"),
        same("blocks.{i}.0.conv2.*", "block{i+1}.c2.*"),
        same("blocks.{i}.0.conv_sc.*", "block{i+1}.c_sc.*"),
        same("blocks.{a}.1.*", "attn_block.*"),
        same("linear.*", "l{n+1}.*"),
        same("embed.*", "l_y.*"),
    ],
    spectral: &[&spectral::BIGGAN],
    spelling: |_, _| &spectral::BIGGAN,
    constants: &[".accumulation_counter"],
    counts_batches: false,
    attention_side: Some(|role, place, blocks| match role {
        // From 4×4 up, and from 2^(blocks + 1) down.
        Role::Generator => 8 << place,
        Role::Discriminator => 1 << blocks.saturating_sub(place),
    }),
    ..NATIVE
};

static R3GAN: Dialect = Dialect {
    name: "r3gan",
    summary: "R3GAN's authors' code",
    kinds: &["r3gan"],
    constants: &[".Kernel"],
    ..NATIVE
};

static STYLEGAN2_ADA: Dialect = Dialect {
    name: "stylegan2-ada",
    summary: "stylegan2-ada-pytorch",
    kinds: &["stylegan2"],
    constants: &[".resample_filter"],
    recreated: constants::resample_filters,
    pickles: Some((
        "torch_utils.persistence.",
        "it is a pickle of stylegan2-ada-pytorch, which carries that program's own source and runs it. If you trust its \
         origin, save its tensors in the folder of that program, and give that file:\n  \
         import pickle; from safetensors.torch import save_file; state = pickle.load(open('network.pkl', 'rb'))['G_ema'].state_dict()\n  \
         save_file({name: tensor.cpu().contiguous() for name, tensor in state.items()}, 'G_ema.safetensors')",
    )),
    ..NATIVE
};

/// What to do with a program's pickle that asks for a class, by the class's whole name, where that is known.
pub fn how_to_export(class: &str) -> Option<&'static str> {
    let known = DIALECTS.iter().filter_map(|dialect| dialect.pickles);
    known.into_iter().find(|(begin, _)| class.starts_with(begin)).map(|(_, how)| how)
}
static PYTORCH_GAN_ZOO: Dialect =
    Dialect { name: "pytorch-gan-zoo", summary: "pytorch_GAN_zoo", kinds: &["pggan"], ..NATIVE };

impl Dialect {
    /// The dialect of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        DIALECTS.iter().find(|dialect| dialect.name == name).copied()
    }

    /// Ours.
    pub fn native() -> &'static Self {
        &NATIVE
    }

    /// Whether a network of a role is the same in it, by names and settings, as in ours.
    pub fn is_ours(&self, role: Role) -> bool {
        self.rules(role).is_empty() && (self.settings)(role).is_empty()
    }

    /// Whether its program has such a network.
    pub fn has(&self, kind: NetworkKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind.name())
    }

    pub(super) fn rules(&self, role: Role) -> &'static [Rule] {
        match role {
            Role::Generator => self.generator,
            Role::Discriminator => self.discriminator,
        }
    }
}
