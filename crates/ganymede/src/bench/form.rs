//! The ways in which PyTorch's networks can be computed on a processor.

use serde::{Deserialize, Serialize};

use super::case::{Case, MetricKind};

/// One of them. Whoever wants to be fast takes the best, so that the best is what we are held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    /// Operation by operation, channels before rows.
    Eager,
    /// The same with channels innermost.
    ChannelsLast,
    /// `torch.compile` with frozen weights.
    Compiled,
    /// Converted for OpenVINO, which works on several images at a time, in f32.
    Openvino,
}

impl Form {
    /// As both sides call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Eager => "eager",
            Self::ChannelsLast => "channels-last",
            Self::Compiled => "compiled",
            Self::Openvino => "openvino",
        }
    }

    /// Those in which a case can be computed. All convolutions have the same.
    pub(crate) fn of(case: &Case) -> &'static [Self] {
        match case {
            Case::Conv(_) | Case::Step { .. } | Case::Penalty { .. } => &[Self::Eager, Self::ChannelsLast],
            Case::Metric(MetricKind::Inception { .. } | MetricKind::Dinov2 { .. }) => {
                &[Self::Eager, Self::ChannelsLast, Self::Compiled, Self::Openvino]
            }
            Case::Metric(_) | Case::Update { .. } | Case::Cure { .. } | Case::Watched { .. } => {
                &[Self::Eager]
            }
        }
    }
}
