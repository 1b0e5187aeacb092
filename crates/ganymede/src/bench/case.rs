//! What can be measured.

use serde::{Deserialize, Serialize};

use super::flops;

/// One row of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Case {
    /// A convolution and its two gradients.
    Conv(Conv),
    /// A whole step of training.
    Step { recipe: Recipe, batch: usize },
    /// A gradient penalty alone: scores, their gradient in the image with a graph, and the gradient of the penalty in
    /// every weight.
    Penalty { penalty: PenaltyKind, batch: usize },
    /// One update in place of tensors of these lengths.
    Update { rule: UpdateRule, lengths: Vec<usize> },
    /// A measure of generated images.
    Metric(MetricKind),
    /// A step of the quickstart with these settings.
    Cure { name: String, sets: Vec<String> },
    /// Steps of a preset, and looks at them.
    Watched { preset: String, batch: usize },
}

/// A convolution without groups or dilation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Conv {
    /// The network that has it.
    pub(crate) network: String,
    pub(crate) n: usize,
    pub(crate) c: usize,
    /// Height and width.
    pub(crate) size: usize,
    pub(crate) o: usize,
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: usize,
    pub(crate) padding: [usize; 2],
}

/// A network, a loss, a penalty and an optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Recipe {
    /// DCGAN at 64 px, batch normalisation in both, the non-saturating loss.
    Dcgan64,
    /// The same with ADA's blitting, geometry and colour, each change with probability ½.
    Ada64,
    /// The same generator; a critic without normalisation, the Wasserstein loss and the gradient penalty.
    WganGp64,
    /// SNGAN's residual networks at 32 px as published, hinge loss.
    SnResnet32,
    /// SAGAN's: self-attention, and spectral normalisation in both.
    Sagan32,
    /// BigGAN's: ten classes, a shared embedding, parts of z in every normalisation.
    Biggan32,
    /// R3GAN's at a sixth of the published width: relativistic loss, R1 and R2.
    R3gan32,
    /// PGGAN's at its whole size of 64 px and a quarter of the published width: WGAN-GP with a drift term.
    Pggan64,
    /// StyleGAN2's at 64 px and a quarter of the published width, R1 at every update.
    #[serde(rename = "stylegan2-64")]
    Stylegan264,
}

impl Recipe {
    pub(crate) const ALL: [Self; 9] = [
        Self::Dcgan64,
        Self::Ada64,
        Self::WganGp64,
        Self::SnResnet32,
        Self::Sagan32,
        Self::Biggan32,
        Self::R3gan32,
        Self::Pggan64,
        Self::Stylegan264,
    ];

    /// As both sides call it.
    fn name(self) -> &'static str {
        match self {
            Self::Dcgan64 => "dcgan64",
            Self::Ada64 => "ada64",
            Self::WganGp64 => "wgan-gp64",
            Self::SnResnet32 => "sn-resnet32",
            Self::Sagan32 => "sagan32",
            Self::Biggan32 => "biggan32",
            Self::R3gan32 => "r3gan32",
            Self::Pggan64 => "pggan64",
            Self::Stylegan264 => "stylegan2-64",
        }
    }

    /// Images a batch: as published at 64 px; fewer where a step takes long.
    pub(crate) fn batch(self) -> usize {
        match self {
            Self::Dcgan64 | Self::Ada64 | Self::WganGp64 => 64,
            Self::SnResnet32 | Self::Sagan32 | Self::Biggan32 | Self::R3gan32 => 16,
            Self::Pggan64 | Self::Stylegan264 => 8,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PenaltyKind {
    WganGp,
    R1,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum UpdateRule {
    Adam,
    Rmsprop,
    Ema,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "metric", rename_all = "kebab-case")]
pub(crate) enum MetricKind {
    /// Features of images that are already in memory, 299 × 299. The path goes through JSON, and is text.
    Inception { weights: String, images: usize },
    /// Features of the smallest DINOv2 with weights that are made up, of images in memory, 224 × 224.
    Dinov2 { images: usize },
    /// The distance of two Gaussians of so many features, from their statistics.
    Frechet { dim: usize },
    /// Precision, recall, density and coverage of so many rows on either side.
    Prdc { rows: usize, dim: usize },
}

impl Conv {
    /// Rows and columns of the result.
    pub(crate) fn output(&self) -> [usize; 2] {
        [0, 1].map(|axis| (self.size + 2 * self.padding[axis] - self.kernel[axis]) / self.stride + 1)
    }
}

impl Case {
    /// What is timed apart.
    pub(crate) fn parts(&self) -> &'static [&'static str] {
        match self {
            Self::Conv(_) => &["forward", "dx", "dw"],
            Self::Step { .. } | Self::Penalty { .. } | Self::Cure { .. } => &["step"],
            Self::Update { .. } => &["update"],
            Self::Metric(_) => &["call"],
            Self::Watched { .. } => &["step", "look", "thorough"],
        }
    }

    /// What one call of any part does, in GFLOP; for updates, what it moves, in GB; 0 where nobody has counted.
    pub(crate) fn work(&self) -> f64 {
        let total = match self {
            Self::Conv(conv) => flops::conv(conv),
            Self::Step { recipe, batch } => flops::step(*recipe, *batch),
            Self::Penalty { batch, .. } => flops::penalty(*batch),
            Self::Metric(metric) => flops::metric(metric),
            Self::Update { rule, lengths } => flops::update_bytes(*rule, lengths.iter().sum()),
            // What they cost is held against another step, not against the machine.
            Self::Cure { .. } | Self::Watched { .. } => 0.0,
        };
        total / 1e9
    }

    /// Images that one call uses; none for what has no images.
    pub(crate) fn images(&self) -> Option<usize> {
        match self {
            Self::Step { batch, .. } | Self::Penalty { batch, .. } => Some(*batch),
            Self::Metric(MetricKind::Inception { images, .. } | MetricKind::Dinov2 { images }) => {
                Some(*images)
            }
            Self::Conv(_)
            | Self::Update { .. }
            | Self::Metric(_)
            | Self::Cure { .. }
            | Self::Watched { .. } => None,
        }
    }

    /// The row's name, which `--filter` looks into.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Conv(Conv { network, n, c, size, o, kernel: [kh, kw], stride, .. }) => {
                format!("{network} {c}->{o} {kh}x{kw} s{stride} @{size} n{n}")
            }
            Self::Step { recipe, batch } => format!("{} n{batch}", recipe.name()),
            Self::Cure { name, .. } => name.clone(),
            Self::Watched { preset, batch } => format!("{preset} n{batch}"),
            Self::Penalty { penalty: PenaltyKind::WganGp, batch } => format!("wgan-gp 64 px n{batch}"),
            Self::Penalty { penalty: PenaltyKind::R1, batch } => format!("r1 64 px n{batch}"),
            Self::Metric(MetricKind::Inception { images, .. }) => format!("inception n{images}"),
            Self::Metric(MetricKind::Dinov2 { images }) => format!("dinov2-s n{images}"),
            Self::Metric(MetricKind::Frechet { dim }) => format!("frechet {dim}x{dim}"),
            Self::Metric(MetricKind::Prdc { rows, dim }) => format!("prdc {rows}x{dim}"),
            Self::Update { rule, lengths } => {
                let name = match rule {
                    UpdateRule::Adam => "adam",
                    UpdateRule::Rmsprop => "rmsprop",
                    UpdateRule::Ema => "ema",
                };
                format!("{name} {:.1} M in {}", lengths.iter().sum::<usize>() as f64 / 1e6, lengths.len())
            }
        }
    }
}
