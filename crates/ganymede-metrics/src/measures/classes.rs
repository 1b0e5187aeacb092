//! Measures of what a classifier sees in generated samples.

use super::comparison::{Comparison, Need, absent};
use super::measure::{Least, Measure, at_no_pairs};
use super::taken::{Taken, ValueKind};
use crate::{
    Choices, Result, class_agreement, class_frechet_distance, class_modes, classification_accuracy_score,
};

/// What measures within classes look at.
const BY_CLASS: &[Need] = &[Need::RealRows, Need::GeneratedRows, Need::RealLabels, Need::Labels];

pub(super) static INCEPTION_SCORE: Measure = Measure {
    name: "is",
    aliases: &[],
    summary: "Inception Score: certain and varied classes. Looks at generated images only. Higher.",
    paper: "Salimans et al., 2016, arXiv:1606.03498",
    values: &[ValueKind::higher("is")],
    needs: &[Need::Logits],
    least: |choices| {
        let splits = choices.is_split.least();
        Least::new(0, splits, format!("it averages over {splits} parts or more"))
    },
    has_covariance: false,
    is_random: true,
    part_of: None,
    looks: at_no_pairs,
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
    looks: at_no_pairs,
    compute: |of| {
        let labels = of.generated.labels.ok_or_else(|| absent(Need::Labels))?;
        let value = class_agreement(of.logits()?, labels)?;
        let label = format!("Class agreement (by {}): share of images of the class asked for", of.extractor);
        Ok(Taken::default().value(&CLASS_AGREEMENT.values[0], label, value))
    },
};

pub(super) static MODES: Measure = Measure {
    name: "modes",
    aliases: &[],
    summary: "classes that generated samples cover, and how far their shares are from equal ones. Higher; lower.",
    paper: "Srivastava et al., 2017, arXiv:1705.07761; Lin et al., 2018, arXiv:1712.04086",
    values: &[ValueKind::higher("modes"), ValueKind::lower("modes-kl")],
    needs: &[Need::Logits],
    least: |_| Least::new(0, 1, "each sample is one of a class"),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        let found = class_modes(of.logits()?)?;
        let label = format!("Modes: classes of {} that are covered (by {})", found.classes, of.extractor);
        Ok(Taken::default()
            .value(&MODES.values[0], label, found.modes as f64)
            .value(&MODES.values[1], "KL of their shares to equal ones", found.kl)
            .detail("classes", found.classes)
            .detail("kl_by_sampling_alone", found.floor))
    },
};

pub(super) static CLASS_FID: Measure = Measure {
    name: "class-fid",
    aliases: &["cafd", "ifid"],
    summary: "mean over classes of the Fréchet distance within a class; needs classes. Lower.",
    paper: "Miyato and Koyama, 2018, arXiv:1802.05637",
    values: &[ValueKind::lower("class-fid")],
    needs: BY_CLASS,
    least: four_of_two_classes,
    has_covariance: true,
    is_random: false,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        let sets = of.rows()?;
        let (real, generated) = labels(of)?;
        let ddof = of.choices.ddof;
        let found = class_frechet_distance(sets.real, real, sets.generated, generated, 2, ddof)?;
        let label = format!("Fréchet distance within classes (by {}), mean", of.extractor);
        let classes: Vec<_> = found.classes.iter().map(|(class, found)| (class, found.distance)).collect();
        Ok(Taken::default().value(&CLASS_FID.values[0], label, found.mean).detail("classes", classes))
    },
};

pub(super) static CAS: Measure = Measure {
    name: "cas",
    aliases: &[],
    summary: "accuracy on real samples of a ridge classifier of generated samples; needs classes. Higher.",
    paper: "Ravuri and Vinyals, 2019, arXiv:1905.10887",
    values: &[ValueKind::higher("cas")],
    needs: BY_CLASS,
    least: four_of_two_classes,
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        let sets = of.rows()?;
        let (real, generated) = labels(of)?;
        let found = classification_accuracy_score(sets.real, real, sets.generated, generated)?;
        let label = "Classification accuracy score (CAS): fitted to generated, tested on real samples";
        Ok(Taken::default()
            .value(&CAS.values[0], label, found.accuracy)
            .line("  fitted to half of the real samples, tested on the other half", found.of_real, None, "")
            .detail("of_real", found.of_real)
            .detail("classifier", format!("ridge regression on {}, alpha 1", of.extractor))
            .detail("split", "all generated samples to fit, all real ones to test"))
    },
};

fn four_of_two_classes(_: &Choices) -> Least {
    Least::new(4, 4, "it needs two samples of each of two classes")
}

fn labels<'a>(of: &Comparison<'a>) -> Result<(&'a [u32], &'a [u32])> {
    let real = of.real.labels.ok_or_else(|| absent(Need::RealLabels))?;
    let generated = of.generated.labels.ok_or_else(|| absent(Need::Labels))?;
    Ok((real, generated))
}
