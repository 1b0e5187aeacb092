//! Settings of Lipschitz critics, read off their weights.

use super::{LipschitzCriticConfig, LipschitzMlpConfig};
use crate::ModelError;
use crate::infer::{Evidence, not_inferable};
use crate::io::Io;
use crate::mlp::chain;
use crate::table::DiscriminatorExample;

pub(super) fn images(evidence: &Evidence<'_>) -> Result<DiscriminatorExample, ModelError> {
    let read = || {
        let first = evidence.layer::<4>("down1")?;
        let mut stages = vec![first];
        while evidence.dims(&format!("down{}", stages.len() + 1)).is_some() {
            stages.push(evidence.layer::<4>(&format!("down{}", stages.len() + 1))?);
        }
        if stages.len() > 9 {
            return Err(format!("it halves {} times, and 9 times are known", stages.len()));
        }
        let width = first[0];
        // The widest multiple, unless the widths double to the end: then any bound that lies above does.
        let (top, free) = (stages[stages.len() - 1][0] / width, 1 << (stages.len() - 1));
        let usual = LipschitzCriticConfig::default().max_multiplier;
        let max_multiplier = if top == free { free.max(usual) } else { top };
        let config = LipschitzCriticConfig { width, max_multiplier, hidden: evidence.layer::<2>("l1")?[0] };
        let side = 4 << stages.len();
        Ok((Box::new(config) as Box<_>, Io::new([first[1], side, side])))
    };
    read().map_err(not_inferable("lipschitz"))
}

pub(super) fn points(evidence: &Evidence<'_>) -> Result<DiscriminatorExample, ModelError> {
    let read = || {
        let layers = chain(evidence)?;
        let config = LipschitzMlpConfig { width: layers[0][0], layers: layers.len() - 1 };
        Ok((Box::new(config) as Box<_>, Io::new([layers[0][1]])))
    };
    read().map_err(not_inferable("lipschitz-mlp"))
}
