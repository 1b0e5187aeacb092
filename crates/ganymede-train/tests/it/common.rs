//! Small runs. The tests of the program use this file, too.

use ganymede_train::{Layers, Run};

/// Points of the plane: some milliseconds a run. Every random stream, both penalties and a schedule are in
/// use.
pub(crate) const RING: &str = r#"
[run]
steps = 40
batch = 16
[data]
name = "ring"
[generator]
z_dim = 3
width = 12
layers = 2
[discriminator]
width = 12
layers = 2
spectral = true
[loss]
kind = "relativistic-paired"
[[penalty]]
kind = "dragan"
lambda = 0.5
interval = 3
[[penalty]]
kind = "r2"
gamma = 0.1
[optimizer]
n_critic = 2
[schedule]
kind = "linear"
from_step = 5
to_step = 100
[log]
log_every = 3
sample_every = 10
checkpoint_every = 7
keep_every = 20
samples = 30
"#;

/// Small images: batch normalisation, spectral normalisation, flips, momentum, clipping and an average.
pub(crate) const CLOTHES: &str = r#"
[run]
steps = 12
batch = 8
[data]
name = "fashion-mnist-10k"
resolution = 8
flip = true
[generator]
width = 4
z_dim = 5
norm = "batch"
[discriminator]
width = 4
norm = "batch"
spectral = true
[loss]
kind = "hinge"
[optimizer]
weight_clip = 0.5
[optimizer.generator]
kind = "rmsprop"
lr = 1e-3
momentum = 0.5
centered = true
[optimizer.discriminator]
kind = "sgd"
lr = 1e-2
momentum = 0.9
nesterov = true
[ema]
decay = 0.9
[log]
log_every = 2
sample_every = 5
checkpoint_every = 4
samples = 9
"#;

/// A configuration with changes.
pub(crate) fn run(text: &str, sets: &[&str]) -> Run {
    let mut layers = Layers::text(text, "test", None).unwrap();
    layers.set(sets).unwrap();
    layers.resolve().unwrap()
}
