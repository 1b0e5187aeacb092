//! What the runs train: each recipe has state of other kinds to bring back.

/// A configuration in small; pictures, measures and checkpoints come often.
#[derive(Debug)]
pub(crate) struct Recipe {
    pub(crate) name: &'static str,
    /// Pieces of one file.
    pub(crate) config: &'static [&'static str],
}

pub(crate) const RECIPES: &[Recipe] = &[
    Recipe { name: "quickstart", config: &[QUICKSTART] },
    Recipe { name: "ring-wgan-gp", config: &[RING] },
    Recipe { name: "cgan", config: &[CGAN, BY_CLASS] },
    Recipe { name: "simultaneous", config: &[SIMULTANEOUS, BY_CLASS] },
    Recipe { name: "pggan", config: &[PGGAN, UNMEASURED] },
    Recipe { name: "stylegan2-ada", config: &[STYLEGAN2_ADA, UNMEASURED] },
];

/// Clothes, batch norm, a lazy penalty whose value is held, an average.
const QUICKSTART: &str = r#"
[run]
steps = 120
batch = 16
[data]
name = "fashion-mnist-10k"
[generator]
width = 8
z_dim = 16
norm = "batch"
[discriminator]
width = 8
norm = "batch"
[loss]
kind = "non-saturating"
[[penalty]]
kind = "r1"
gamma = 1.0
interval = 4
[ema]
decay = 0.99
[log]
log_every = 1
sample_every = 12
checkpoint_every = 4
keep_every = 40
samples = 16
[eval]
extractor = "fashion-cnn"
every = 12
samples = 400
metrics = ["fid", "kid", "pr"]
"#;

/// Three stages with batches of their own, two of which fade in; an average by images.
const PGGAN: &str = r#"
[run]
steps = 120
batch = 16
[data]
name = "fashion-mnist-10k"
resolution = 16
flip = true
[generator]
kind = "pggan"
z_dim = 8
width_base = 64
width_max = 8
[discriminator]
kind = "pggan"
width_base = 64
width_max = 8
[growth]
kind = "progressive"
fade_kimg = 0.4
stable_kimg = 0.2
batch = [16, 8]
[loss]
kind = "wasserstein"
[[penalty]]
kind = "wgan-gp"
[[term]]
kind = "drift"
[ema]
half_life_kimg = 0.1
"#;

/// Updates of their own, the mean length of paths, mean scores, mixed styles, noise, and a probability that moves.
const STYLEGAN2_ADA: &str = r#"
[run]
steps = 90
batch = 8
[data]
name = "fashion-mnist-10k"
resolution = 16
[generator]
kind = "stylegan2"
z_dim = 8
w_dim = 8
mapping_layers = 2
channel_base = 64
channel_max = 8
[discriminator]
kind = "stylegan2"
channel_base = 64
channel_max = 8
[[penalty]]
kind = "r1"
gamma = 0.1
interval = 6
own_update = true
[[term]]
kind = "path-length"
interval = 4
[[term]]
kind = "lecam"
[augment]
kind = "ada"
p = "adaptive"
target = 0.2
kimg = 1
interval = 2
[ema]
half_life_kimg = 0.2
"#;

/// Points, several critic updates a step, noise in the penalty.
const RING: &str = r#"
[run]
steps = 240
batch = 64
[data]
name = "ring"
[generator]
kind = "mlp"
z_dim = 2
width = 32
[discriminator]
kind = "mlp"
width = 32
[loss]
kind = "wasserstein"
[[penalty]]
kind = "wgan-gp"
lambda = 0.1
[optimizer]
n_critic = 5
[schedule]
kind = "linear"
[ema]
decay = 0.99
[log]
log_every = 1
sample_every = 40
checkpoint_every = 8
keep_every = 80
samples = 100
[eval]
every = 40
samples = 2000
"#;

/// Labels of the data and of the generator, a projection, and a course for every number that can follow one.
const CGAN: &str = r#"
[run]
steps = 120
batch = 16
[data]
name = "fashion-mnist-10k"
[generator]
width = 8
z_dim = 16
norm = "batch"
conditioning = "norm"
[discriminator]
width = 8
conditioning = "projection"
[loss]
kind = "hinge"
[[penalty]]
kind = "r1"
gamma = { kind = "linear", from = 2.0, to = 0.5 }
interval = 2
[optimizer.generator]
kind = "adam"
lr = { kind = "linear", from = 4e-4, to = 1e-4 }
beta1 = { kind = "linear", from = 0.5, to = 0.0 }
beta2 = { kind = "linear", from = 0.9, to = 0.99 }
[optimizer.discriminator]
kind = "adam"
lr = { kind = "linear", from = 4e-4, to = 2e-4 }
beta1 = { kind = "linear", from = 0.0, to = 0.5 }
beta2 = { kind = "linear", from = 0.99, to = 0.9 }
[ema]
decay = { kind = "linear", from = 0.9, to = 0.99 }
"#;

/// Both players at once, a classifier in both losses, momentum and a second moment by themselves, and augmentation whose
/// probability moves.
const SIMULTANEOUS: &str = r#"
[run]
steps = 120
batch = 16
[data]
name = "fashion-mnist-10k"
[generator]
width = 8
z_dim = 16
norm = "batch"
conditioning = "concat"
[discriminator]
width = 8
conditioning = "auxiliary"
[loss]
kind = "non-saturating"
[scheme]
kind = "simultaneous"
[augment]
kind = "ada"
target = 0.0
kimg = 1
[[penalty]]
kind = "wgan-gp"
lambda = 1.0
[[term]]
kind = "auxiliary"
[optimizer.generator]
kind = "rmsprop"
lr = 2e-4
momentum = 0.5
centered = true
[optimizer.discriminator]
kind = "sgd"
lr = 1e-3
momentum = 0.5
[ema]
decay = 0.99
"#;

/// How clothes of ten classes are looked at.
const BY_CLASS: &str = r#"
[log]
log_every = 1
sample_every = 12
checkpoint_every = 4
keep_every = 40
samples = 20
[eval]
extractor = "fashion-cnn"
every = 12
samples = 400
metrics = ["fid", "class-agreement"]
"#;

/// How clothes are looked at that nobody measures.
const UNMEASURED: &str = r#"
[log]
log_every = 1
sample_every = 12
checkpoint_every = 4
samples = 16
[eval]
extractor = "none"
"#;
