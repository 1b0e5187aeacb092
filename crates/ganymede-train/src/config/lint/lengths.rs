//! What is too short.

use super::{Found, Rule};

pub(super) static UNFINISHED_GROWTH: Rule = Rule {
    name: "unfinished-growth",
    paper: "Karras et al., 2018, arXiv:1710.10196, section 2",
    find: |run| {
        let growth = run.growth.as_ref()?;
        let (stage, step) = growth.plan.grown();
        if run.steps > step {
            return None;
        }
        let reached = run.growth_at(run.steps - 1).stage;
        let words = format!(
            "the run ends in stage {reached} of the networks' growth, and they are whole from step {step} in stage {stage} \
             on: lower growth.fade_kimg and growth.stable_kimg, or go on for longer"
        );
        Some(Found::new(words, &[&format!("run.steps={}", step.saturating_add(step / 4).max(step + 1))]))
    },
};

/// Coordinates below which images of clothes or faces cannot be told apart.
const FEW: i64 = 4;

pub(super) static FEW_LATENTS: Rule = Rule {
    name: "few-latents",
    paper: "Arjovsky and Bottou, 2017, arXiv:1701.04862, lemma 1",
    find: |run| {
        let z_dim = run.generator.write().get("z_dim")?.as_integer()?;
        let least = if run.data.is_toy() { 2 } else { FEW };
        let words = format!(
            "generator.z_dim = {z_dim}: samples fill no more dimensions than their latent vectors have, and the \
             discriminator tells such a thread from any data"
        );
        (z_dim < least).then(|| Found::new(words, &["generator.z_dim=64"]))
    },
};
