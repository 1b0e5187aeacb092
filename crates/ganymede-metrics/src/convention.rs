//! What the programs of the literature do differently.

use serde::{Deserialize, Serialize};

use ganymede_tensor::Rng;

use crate::{Ddof, InceptionRange, InceptionScore, Quantise, Resize, Result, Rows, Split, inception_score};

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

/// What a [`Convention`] comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Choices {
    /// Divisor of covariances.
    pub ddof: Ddof,
    /// Resizing.
    pub resize: Resize,
    /// Range of the network's input.
    pub range: InceptionRange,
    /// Grey levels of generated images.
    pub quantisation: Quantise,
    /// Splits of the Inception Score.
    pub is_splits: usize,
    /// How they are cut.
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
}

impl Choices {
    /// [`inception_score`] with these splits, and the rows shuffled with `seed` where these choices shuffle them.
    ///
    /// # Errors
    /// As [`inception_score`].
    pub fn inception_score<'a>(&self, logits: impl Into<Rows<'a>>, seed: u64) -> Result<InceptionScore> {
        let logits = logits.into();
        let order = Rng::stream(seed, "inception-score").permutation(logits.count());
        let order = self.is_shuffled.then_some(order.as_slice());
        inception_score(logits, order, self.is_splits, self.is_split, self.is_ddof)
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
        }
    }

    /// Its choices. Measures that the other program does not have are as ours.
    pub fn choices(self) -> Choices {
        let ours = Choices {
            ddof: Ddof::Sample,
            resize: Resize::Clean,
            range: InceptionRange::Centred128,
            quantisation: Quantise::HalfUp,
            is_splits: 10,
            is_split: Split::Even,
            is_ddof: Ddof::Population,
            is_shuffled: true,
            is_logit_bias: false,
            kid: KidForm::SubsetsCapped,
            pr_neighbours: 3,
            pr_test: BallTest::Closed,
        };
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
                is_splits: 1,
                is_ddof: Ddof::Sample,
                is_shuffled: false,
                is_logit_bias: true,
                pr_neighbours: 5,
                pr_test: BallTest::Open,
                ..ours
            },
            Self::Ttur => Choices { resize: tensorflow, is_shuffled: false, ..ours },
        }
    }
}
