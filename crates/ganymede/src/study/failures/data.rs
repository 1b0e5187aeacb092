//! What the suite's runs learn, and for each a run that goes well.

/// What a run learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Data {
    /// Eight Gaussians on a circle.
    Ring,
    /// Twenty-five on a grid.
    Grid,
    /// Handwritten digits of 16 pixels.
    Digits,
    /// Clothes of 16 pixels.
    Clothes,
}

impl Data {
    /// A run that goes well.
    pub(super) fn base(self) -> &'static str {
        match self {
            Self::Ring => RING,
            Self::Grid => GRID,
            Self::Digits => DIGITS,
            Self::Clothes => CLOTHES,
        }
    }

    /// Of images, the case that goes well and that the others are held against.
    pub(super) fn base_case(self) -> Option<&'static str> {
        match self {
            Self::Ring | Self::Grid => None,
            Self::Digits => Some("digits-base"),
            Self::Clothes => Some("clothes-base"),
        }
    }
}

const RING: &str = r#"
run = { steps = 3000, batch = 128 }
data = { name = "ring" }
generator = { kind = "mlp", z_dim = 2, width = 64, layers = 3, activation = "relu" }
discriminator = { kind = "mlp", width = 64, layers = 3 }
loss = { kind = "non-saturating" }
penalty = [{ kind = "r1", gamma = 0.01 }]
schedule = { kind = "linear" }
ema = { decay = 0.99 }
log = { log_every = 20, sample_every = 1000, checkpoint_every = 1000, samples = 200 }
[optimizer]
generator = { kind = "adam", lr = 2e-3, beta1 = 0.0, beta2 = 0.99 }
discriminator = { kind = "adam", lr = 2e-3, beta1 = 0.0, beta2 = 0.99 }
"#;

const GRID: &str = r#"
run = { steps = 4000, batch = 128 }
data = { name = "grid" }
generator = { kind = "mlp", z_dim = 2, width = 96, layers = 3, activation = "relu" }
discriminator = { kind = "mlp", width = 96, layers = 3 }
loss = { kind = "non-saturating" }
penalty = [{ kind = "r1", gamma = 0.01 }]
schedule = { kind = "linear" }
ema = { decay = 0.99 }
log = { log_every = 20, sample_every = 1000, checkpoint_every = 1000, samples = 200 }
[optimizer]
generator = { kind = "adam", lr = 2e-3, beta1 = 0.0, beta2 = 0.99 }
discriminator = { kind = "adam", lr = 2e-3, beta1 = 0.0, beta2 = 0.99 }
"#;

const DIGITS: &str = r#"
run = { steps = 1000, batch = 32 }
data = { name = "mnist", resolution = 16 }
generator = { kind = "dcgan", width = 16, z_dim = 32, norm = "batch" }
discriminator = { kind = "dcgan", width = 16, norm = "batch" }
loss = { kind = "non-saturating" }
ema = { decay = 0.99 }
eval = { extractor = "none" }
log = { log_every = 20, sample_every = 500, checkpoint_every = 500, samples = 16 }
[optimizer]
generator = { kind = "adam", lr = 1e-3, beta1 = 0.5, beta2 = 0.999 }
discriminator = { kind = "adam", lr = 2e-4, beta1 = 0.5, beta2 = 0.999 }
"#;

const CLOTHES: &str = r#"
run = { steps = 1200, batch = 32 }
data = { name = "fashion-mnist-10k", resolution = 16 }
generator = { kind = "dcgan", width = 16, z_dim = 32, norm = "batch" }
discriminator = { kind = "dcgan", width = 16, norm = "batch" }
loss = { kind = "non-saturating" }
ema = { decay = 0.99 }
eval = { extractor = "none" }
log = { log_every = 20, sample_every = 600, checkpoint_every = 600, samples = 16 }
[optimizer]
generator = { kind = "adam", lr = 1e-3, beta1 = 0.5, beta2 = 0.999 }
discriminator = { kind = "adam", lr = 2e-4, beta1 = 0.5, beta2 = 0.999 }
"#;
