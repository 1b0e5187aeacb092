//! Measures of what a classifier sees in generated samples.

use super::comparison::{Need, absent};
use super::measure::{Least, Measure};
use super::taken::{Taken, ValueKind};
use crate::class_agreement;

pub(super) static INCEPTION_SCORE: Measure = Measure {
    name: "is",
    aliases: &[],
    summary: "Inception Score: certain and varied classes. Looks at generated images only. Higher.",
    paper: "Salimans et al., 2016, arXiv:1606.03498",
    values: &[ValueKind::higher("is")],
    needs: &[Need::Logits],
    least: |choices| {
        Least::new(0, choices.is_splits, format!("it averages over {} parts", choices.is_splits))
    },
    has_covariance: false,
    is_random: true,
    part_of: None,
    compute: |of| {
        let found = of.choices.inception_score(of.logits()?, of.seed)?;
        let label = match of.is_inception() {
            true => "Inception Score (IS)".to_owned(),
            false => format!("Class score (IS by {})", of.extractor),
        };
        Ok(Taken::default()
            .spread(&INCEPTION_SCORE.values[0], label, found.mean, Some(found.std))
            .detail("std", found.std)
            .detail("splits", found.splits))
    },
};

pub(super) static CLASS_AGREEMENT: Measure = Measure {
    name: "class-agreement",
    aliases: &[],
    summary: "share of generated images that the network puts into the class that was asked for. Higher.",
    paper: "Shmelkov, Schmid and Alahari, 2018, arXiv:1807.09499 (GAN-test)",
    values: &[ValueKind::higher("class-agreement")],
    needs: &[Need::Logits, Need::Labels],
    least: |_| Least::new(0, 1, "it is a share of them"),
    has_covariance: false,
    is_random: false,
    part_of: None,
    compute: |of| {
        let labels = of.generated.labels.ok_or_else(|| absent(Need::Labels))?;
        let value = class_agreement(of.logits()?, labels)?;
        let label = format!("Class agreement (by {}): share of images of the class asked for", of.extractor);
        Ok(Taken::default().value(&CLASS_AGREEMENT.values[0], label, value))
    },
};
