//! Settings of residual networks, read off their weights.
//!
//! Weights do not tell the activation, how blocks double, how the last map is pooled and whether shortcuts take the
//! activated input; nor at which of several maps of as many channels attention stands. Those are as usual for the kind.

mod discriminator;
mod generator;

pub(super) use discriminator::discriminator;
pub(super) use generator::generator;

use super::layout::{LayoutKind, Step};
use crate::infer::{Evidence, Reason};

/// The layouts to look through, that of the kind first.
fn layouts(evidence: &Evidence<'_>, usual: LayoutKind) -> Vec<LayoutKind> {
    match evidence.given("layout") {
        Some(kind) => vec![kind],
        None if usual == LayoutKind::Sngan => vec![LayoutKind::Sngan, LayoutKind::Biggan],
        None => vec![LayoutKind::Biggan, LayoutKind::Sngan],
    }
}

/// The sides that attention stands at; `usual` counts where several are possible.
fn attention(evidence: &Evidence<'_>, steps: &[Step], usual: &[usize]) -> Result<Vec<usize>, Reason> {
    if let Some(sides) = evidence.given("attention") {
        return Ok(sides);
    }
    let places = steps.iter().filter(|step| step.sides[0] != step.sides[1] && step.sides[1] % 2 == 0);
    let Some(dims) = evidence.dims("attn_block.theta") else {
        // In order, so that two networks with the same maps have the same settings.
        let sides = places.map(|step| step.sides[1]);
        return Ok(sides
            .filter(|side| evidence.dims(&format!("attn_block.{side}.theta")).is_some())
            .collect());
    };
    let channels = dims.get(1).copied().unwrap_or(0);
    let sides: Vec<usize> = places.filter(|step| step.to == channels).map(|step| step.sides[1]).collect();
    match (&sides[..], usual) {
        ([only], _) => Ok(vec![*only]),
        (_, [usual]) if sides.contains(usual) => Ok(vec![*usual]),
        ([], _) => {
            Err(format!("attn_block is of {channels} channels, which no map has that it could stand behind"))
        }
        _ => Err(format!(
            "attn_block may stand behind the map of any of the sides {sides:?}: say which, as in --set \
             attention=[{}]",
            sides[0]
        )),
    }
}
