//! Critics that are 1-Lipschitz by construction (Anil et al., 2019, arXiv:1811.05381; Prach and Lampert, 2022,
//! arXiv:2208.03160), for the Wasserstein loss: with neither clipping nor a penalty the difference of mean scores is a
//! lower bound of W₁ between real and generated samples, in the Euclidean norm of pixels or coordinates.
//!
//! | kind | of | layers |
//! |---|---|---|
//! | `lipschitz` | images | [`OrthonormalConv2d`](crate::OrthonormalConv2d) 2×2, MaxMin, [`AolConv2d`](crate::AolConv2d) 3×3, MaxMin down to 4×4; then linear layers |
//! | `lipschitz-mlp` | points | [`OrthonormalLinear`](crate::OrthonormalLinear), MaxMin, … |

mod images;
mod infer;
mod points;

pub use images::{LipschitzCritic, LipschitzCriticConfig};
pub use points::{LipschitzMlp, LipschitzMlpConfig};

use crate::spec::{Problem, read_table};
use crate::table::{DiscriminatorKind, SampleKind};

const PAPER: &str = "Anil et al., 2019, Sorting Out Lipschitz Function Approximation, arXiv:1811.05381; Prach and Lampert, 2022, \
     Almost-Orthogonal Layers for Efficient General-Purpose Lipschitz Networks, arXiv:2208.03160";
const MOST_WIDTH: usize = 8192;

/// The critic of images in the table.
pub(crate) static IMAGES: DiscriminatorKind = DiscriminatorKind {
    name: "lipschitz",
    summary: "a critic with Lipschitz constant 1 by construction: orthonormal layers and MaxMin",
    paper: PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table::<LipschitzCriticConfig>(table)?)),
    infer: Some(infer::images),
    examples: images::examples,
};

/// The critic of points in the table.
pub(crate) static POINTS: DiscriminatorKind = DiscriminatorKind {
    name: "lipschitz-mlp",
    summary: "linear layers with Lipschitz constant 1 by construction, for points in the plane",
    paper: PAPER,
    samples: SampleKind::Points,
    read: |table| Ok(Box::new(read_table::<LipschitzMlpConfig>(table)?)),
    infer: Some(infer::points),
    examples: points::examples,
};

/// A width whose channels MaxMin cannot pair.
fn odd_width(width: usize) -> Option<Problem> {
    (!width.is_multiple_of(2)).then(|| Problem::new("width", width, "an even number: MaxMin takes pairs"))
}
