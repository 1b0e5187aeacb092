//! What the programs of the literature do differently.

use serde::{Deserialize, Serialize};

use ganymede_tensor::Rng;

use crate::{
    Ddof, InceptionRange, InceptionScore, Quantise, Resize, Result, Rows, SpatialTap, Split, inception_score,
};

/// Whose choices a measurement follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Convention {
    /// Ours: clean resizing, n − 1, ten splits, each measure as its paper has it.
    #[default]
    Ganymede,
    /// pytorch-fid (Seitzer).
    PytorchFid,
    /// torch-fidelity (Obukhov et al.).
    TorchFidelity,
    /// clean-fid (Parmar, Zhang & Zhu, 2022, arXiv:2104.11222), mode `clean`.
    Clean,
    /// StyleGAN2-ADA, StyleGAN3 and R3GAN.
    Stylegan,
    /// PyTorch-StudioGAN, with its TensorFlow Inception and legacy resizing.
    Studiogan,
    /// The authors of FID (Heusel et al., 2017), in TensorFlow 1.
    Ttur,
    /// NVlabs/edm2 (Karras et al., 2024, arXiv:2312.02696), whose FD-DINOv2 stands beside its FID.
    Edm2,
    /// layer6ai-labs/dgm-eval (Stein et al., 2023, arXiv:2306.04675), which made FD-DINOv2 known.
    DgmEval,
    /// The evaluator of guided-diffusion (Dhariwal & Nichol, 2021, arXiv:2105.05233), by which papers compare ImageNet.
    Adm,
}

/// Which form of the kernel distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KidForm {
    /// [`kid`](crate::kid) over 100 random subsets of 1,000 rows; an error where a set has fewer.
    Subsets,
    /// The same, of as many rows as the smaller set has where that is less.
    SubsetsCapped,
    /// [`kid_all`](crate::kid_all).
    All,
}

/// The test of improved precision and recall: whether a point at distance d lies in a ball of radius r.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum BallTest {
    /// d ≤ r (Kynkäänniemi et al., 2019).
    Closed,
    /// d < r (prdc, StudioGAN).
    Open,
}

/// How distances between features are computed where improved precision and recall compare them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum BallDistances {
    /// Without error worth mentioning: [`improved_precision_recall`](crate::improved_precision_recall) and
    /// [`prdc`](crate::prdc).
    Exact,
    /// Squared, in half precision by tiles of 10,000 rows: [`half_precision_recall`](crate::half_precision_recall).
    HalfTiles,
}

/// What a [`Convention`] comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Choices {
    /// Divisor of covariances.
    pub ddof: Ddof,
    /// Resizing for the Inception network, and for those that are not named below.
    pub resize: Resize,
    /// Resizing for DINOv2.
    pub dino_resize: Resize,
    /// Range of the network's input.
    pub range: InceptionRange,
    /// Grey levels of generated images.
    pub quantisation: Quantise,
    /// How rows are cut into the splits of the Inception Score.
    pub is_split: Split,
    /// Divisor of the deviation over them.
    pub is_ddof: Ddof,
    /// Whether rows are shuffled before.
    pub is_shuffled: bool,
    /// Whether the logits have the bias of the network's last layer.
    pub is_logit_bias: bool,
    /// Form of KID.
    pub kid: KidForm,
    /// Neighbours of precision and recall.
    pub pr_neighbours: usize,
    /// Their test.
    pub pr_test: BallTest,
    /// The distances that it compares.
    pub pr_distances: BallDistances,
    /// Of which block of Inception the spatial features are.
    pub spatial: SpatialTap,
}

impl Choices {
    /// How images are resized for the extractor of this name.
    pub fn resize_for(&self, extractor: &str) -> Resize {
        if extractor.starts_with("dinov2") { self.dino_resize } else { self.resize }
    }

    /// [`inception_score`] with these splits, and the rows shuffled with `seed` where these choices shuffle them.
    ///
    /// # Errors
    /// As [`inception_score`].
    pub fn inception_score<'a>(&self, logits: impl Into<Rows<'a>>, seed: u64) -> Result<InceptionScore> {
        let logits = logits.into();
        let order = Rng::stream(seed, "inception-score").permutation(logits.count());
        let order = self.is_shuffled.then_some(order.as_slice());
        inception_score(logits, order, self.is_split, self.is_ddof)
    }
}

impl Convention {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Ganymede,
        Self::PytorchFid,
        Self::TorchFidelity,
        Self::Clean,
        Self::Stylegan,
        Self::Studiogan,
        Self::Ttur,
        Self::Edm2,
        Self::DgmEval,
        Self::Adm,
    ];

    /// Its name in provenance and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ganymede => "ganymede",
            Self::PytorchFid => "pytorch-fid",
            Self::TorchFidelity => "torch-fidelity",
            Self::Clean => "clean",
            Self::Stylegan => "stylegan",
            Self::Studiogan => "studiogan",
            Self::Ttur => "ttur",
            Self::Edm2 => "edm2",
            Self::DgmEval => "dgm-eval",
            Self::Adm => "adm",
        }
    }

    /// Its choices. Measures that the other program does not have are as ours.
    pub fn choices(self) -> Choices {
        let ours = Choices {
            ddof: Ddof::Sample,
            resize: Resize::Clean,
            dino_resize: Resize::Clean,
            range: InceptionRange::Centred128,
            quantisation: Quantise::HalfUp,
            is_split: Split::Even(10),
            is_ddof: Ddof::Population,
            is_shuffled: true,
            is_logit_bias: false,
            kid: KidForm::SubsetsCapped,
            pr_neighbours: 3,
            pr_test: BallTest::Closed,
            pr_distances: BallDistances::Exact,
            spatial: SpatialTap::LastBlock,
        };
        let choices = self.choices_of_inception(ours);
        let dino_resize = match self {
            Self::Edm2 => Resize::TorchBicubic,
            Self::DgmEval => Resize::PilBicubic,
            _ => choices.resize,
        };
        Choices { dino_resize, ..choices }
    }

    fn choices_of_inception(self, ours: Choices) -> Choices {
        let (pytorch, tensorflow) = (Resize::LegacyPytorch, Resize::LegacyTensorflow);
        match self {
            Self::Ganymede | Self::Clean => ours,
            Self::PytorchFid => Choices { resize: pytorch, range: InceptionRange::Unit255, ..ours },
            Self::TorchFidelity => Choices { resize: tensorflow, kid: KidForm::Subsets, ..ours },
            Self::Stylegan => {
                Choices { ddof: Ddof::Population, resize: tensorflow, is_shuffled: false, ..ours }
            }
            Self::Studiogan => Choices {
                resize: pytorch,
                range: InceptionRange::Unit255,
                is_split: Split::Even(1),
                is_ddof: Ddof::Sample,
                is_shuffled: false,
                is_logit_bias: true,
                pr_neighbours: 5,
                pr_test: BallTest::Open,
                ..ours
            },
            Self::Ttur => Choices { resize: tensorflow, is_shuffled: false, ..ours },
            Self::Edm2 => Choices { resize: tensorflow, ..ours },
            Self::DgmEval => Choices {
                resize: pytorch,
                range: InceptionRange::Unit255,
                is_split: Split::Floor(10),
                pr_neighbours: 5,
                pr_test: BallTest::Open,
                ..ours
            },
            Self::Adm => Choices {
                resize: tensorflow,
                quantisation: Quantise::Truncate,
                is_split: Split::Chunks(5000),
                is_shuffled: false,
                pr_distances: BallDistances::HalfTiles,
                spatial: SpatialTap::Mixed6,
                ..ours
            },
        }
    }
}
