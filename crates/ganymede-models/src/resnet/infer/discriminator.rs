//! The discriminator.

use super::{attention, layouts};
use crate::ModelError;
use crate::conditioning::DiscriminatorConditioning;
use crate::infer::{Evidence, Reason, not_inferable};
use crate::io::Io;
use crate::resnet::ResnetDiscriminatorConfig;
use crate::resnet::layout::{Layout, LayoutKind};
use crate::scores;
use crate::table::DiscriminatorExample;

/// The settings where they differ from the `usual` ones of a kind.
pub(in crate::resnet) fn discriminator(
    model: &'static str,
    usual: ResnetDiscriminatorConfig,
    evidence: &Evidence<'_>,
) -> Result<DiscriminatorExample, ModelError> {
    read(usual, evidence).map_err(not_inferable(model))
}

fn read(usual: ResnetDiscriminatorConfig, evidence: &Evidence<'_>) -> Result<DiscriminatorExample, Reason> {
    let blocks = Block::all(evidence)?;
    let (layout, blueprint) = choose(&blocks, evidence, usual.layout)?;
    let (seen, width, side) = (blocks[0].from, blocks[blocks.len() - 1].to, blueprint.side);
    let [given, taken] = evidence.layer::<2>(&format!("l{}", blocks.len() + 1))?;
    let (conditioning, condition) = evidence.judged("l_y", width, side)?;
    let beside = usize::from(conditioning == DiscriminatorConditioning::Concat).min(seen);
    let config = ResnetDiscriminatorConfig {
        width: Some(width),
        norm: evidence.norm("block2.b1")?,
        spectral: evidence.is_spectral("block1.c1"),
        attention: attention(evidence, &blueprint.down(seen, width, &[]), &usual.attention)?,
        conditioning,
        layout,
        minibatch: evidence.minibatch(taken, width)?,
        scores: scores::read_off(evidence, "last layer", given)?,
        ..usual
    };
    let sample = [seen - beside, side, side];
    let io = Io { sample: sample.into(), condition };
    Ok((Box::new(config), io))
}

/// What a block's convolutions say.
#[derive(PartialEq)]
struct Block {
    from: usize,
    inner: usize,
    to: usize,
    shortcut: bool,
}

impl Block {
    fn all(evidence: &Evidence<'_>) -> Result<Vec<Self>, Reason> {
        let mut blocks = Vec::new();
        loop {
            let name = format!("block{}", blocks.len() + 1);
            if !blocks.is_empty() && evidence.dims(&format!("{name}.c1")).is_none() {
                return Ok(blocks);
            }
            let [inner, from, ..] = evidence.layer::<4>(&format!("{name}.c1"))?;
            let [to, ..] = evidence.layer::<4>(&format!("{name}.c2"))?;
            let shortcut = evidence.dims(&format!("{name}.c_sc")).is_some();
            blocks.push(Self { from, inner, to, shortcut });
        }
    }

    fn of(layout: &Layout, seen: usize, width: usize) -> Vec<Self> {
        let steps = layout.down(seen, width, &[]).into_iter().enumerate();
        let block = |(i, step): (usize, crate::resnet::layout::Step)| Self {
            from: step.from,
            inner: step.inner,
            to: step.to,
            shortcut: i == 0 || step.sides[0] != step.sides[1] || step.from != step.to,
        };
        steps.map(block).collect()
    }
}

/// The layout with these blocks; of several at one resolution the kind's own.
fn choose(
    blocks: &[Block],
    evidence: &Evidence<'_>,
    usual: LayoutKind,
) -> Result<(LayoutKind, &'static Layout), Reason> {
    let (seen, width) = (blocks[0].from, blocks[blocks.len() - 1].to);
    let mut found: Vec<(LayoutKind, &'static Layout)> = Vec::new();
    for kind in layouts(evidence, usual) {
        let alike = kind.all().iter().filter(|layout| Block::of(layout, seen, width) == blocks);
        found.extend(alike.map(|layout| (kind, layout)));
    }
    if let Some(side) = evidence.side.filter(|_| !found.is_empty()) {
        found.retain(|(_, layout)| layout.side == side);
        return found.first().copied().ok_or_else(|| format!("it is not for images of {side} pixels"));
    }
    let mut sides: Vec<usize> = found.iter().map(|(_, layout)| layout.side).collect();
    sides.dedup();
    match (&sides[..], found.first()) {
        ([_], Some(first)) => Ok(*first),
        ([], _) | (_, None) => Err(format!("its {} blocks are those of no resolution", blocks.len())),
        _ => Err(format!(
            "it is the same network at {sides:?} pixels: say which, by --resolution {}",
            sides[0]
        )),
    }
}
