//! Newer measures of who lies near whom, each an answer to something that precision and recall get wrong.

use super::measure::{Least, Measure};
use super::neighbours::{BOTH, others_beside};
use super::taken::{Taken, ValueKind};
use crate::{
    AlphaBeta, Clipped, CoverPr, Memorisation, MetricError, ProbabilisticPr, Result, SymmetricPr, rarity,
    realism,
};

/// Neighbours of clipped density and coverage, of symmetric precision and recall, and of realism.
const FIVE: usize = 5;
/// Those of rarity.
const THREE: usize = 3;
/// Those of probabilistic precision and recall, and what their mean distance is multiplied by.
const CHANCE: (usize, f64) = (4, 1.2);
/// How many cover a sample, and how many times as many its own ball holds.
const COVER: (usize, usize) = (3, 3);

pub(super) static CLIPPED: Measure = Measure {
    name: "clipped",
    aliases: &[],
    summary: "clipped density and coverage: the share of good samples, whatever outliers do (k = 5)",
    paper: "Salvy et al., 2025, arXiv:2507.01761",
    values: &[ValueKind::higher("density"), ValueKind::higher("coverage")],
    needs: BOTH,
    least: |_| others_beside_real(FIVE),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: |_| Clipped::looks(FIVE).to_vec(),
    compute: |of| {
        let found = Clipped::of(&*of.look(&Clipped::looks(FIVE))?, FIVE);
        let [density, coverage] = [0, 1].map(|i| &CLIPPED.values[i]);
        Ok(Taken::default()
            .value(density, "Clipped density (k = 5): share of good samples", found.density)
            .value(coverage, "Clipped coverage (k = 5): how much of the real set they cover", found.coverage)
            .detail("density_uncapped", found.density_uncapped)
            .detail("density_raw", found.density_raw)
            .detail("coverage_raw", found.coverage_raw)
            .detail("k", found.k))
    },
};

pub(super) static PROBABILISTIC_PR: Measure = Measure {
    name: "pp-pr",
    aliases: &["probabilistic-pr"],
    summary: "probabilistic precision and recall: a chance that falls with distance (k = 4, a = 1.2)",
    paper: "Park and Kim, 2023, arXiv:2309.01590",
    values: &[ValueKind::higher("precision"), ValueKind::higher("recall")],
    needs: BOTH,
    least: |_| others_beside(CHANCE.0),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: |_| ProbabilisticPr::looks(CHANCE.0, CHANCE.1).to_vec(),
    compute: |of| {
        let (k, a) = CHANCE;
        let found = ProbabilisticPr::of(&*of.look(&ProbabilisticPr::looks(k, a))?, k, a);
        let [precision, recall] = [0, 1].map(|i| &PROBABILISTIC_PR.values[i]);
        Ok(Taken::default()
            .value(precision, "Probabilistic precision (k = 4, a = 1.2)", found.precision)
            .value(recall, "Probabilistic recall (k = 4, a = 1.2)", found.recall)
            .detail("k", found.k)
            .detail("a", found.a))
    },
};

pub(super) static SYMMETRIC_PR: Measure = Measure {
    name: "symmetric-pr",
    aliases: &[],
    summary: "symmetric precision and recall: either way round, as many dimensions deceive (k = 5)",
    paper: "Khayatkhoei and AbdAlmageed, 2023, arXiv:2306.09618",
    values: &[ValueKind::higher("precision"), ValueKind::higher("recall")],
    needs: BOTH,
    least: |_| others_beside(FIVE),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: |_| SymmetricPr::looks(FIVE).to_vec(),
    compute: |of| {
        let found = SymmetricPr::of(&*of.look(&SymmetricPr::looks(FIVE))?, FIVE);
        let [precision, recall] = [0, 1].map(|i| &SYMMETRIC_PR.values[i]);
        Ok(Taken::default()
            .value(precision, "Symmetric precision (k = 5)", found.precision)
            .value(recall, "Symmetric recall (k = 5)", found.recall)
            .detail("complement_precision", found.complement_precision)
            .detail("k", found.k))
    },
};

pub(super) static COVER_PR: Measure = Measure {
    name: "cover-pr",
    aliases: &[],
    summary: "precision and recall cover: enough of the other set around each sample (k = 3, C = 3)",
    paper: "Cheema and Urner, 2023, AISTATS",
    values: &[ValueKind::higher("precision"), ValueKind::higher("recall")],
    needs: BOTH,
    least: |_| others_beside(COVER.0 * COVER.1),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: |_| CoverPr::looks(COVER.0, COVER.1).to_vec(),
    compute: |of| {
        let (k, c) = COVER;
        let found = CoverPr::of(&*of.look(&CoverPr::looks(k, c))?, k, c);
        let [precision, recall] = [0, 1].map(|i| &COVER_PR.values[i]);
        Ok(Taken::default()
            .value(precision, "Precision cover (k = 3, C = 3)", found.precision)
            .value(recall, "Recall cover (k = 3, C = 3)", found.recall)
            .detail("k", found.k)
            .detail("c", found.c))
    },
};

pub(super) static REALISM: Measure = Measure {
    name: "realism",
    aliases: &[],
    summary: "how realistic generated samples are in the mean; at least 1 is on the manifold (k = 5)",
    paper: "Kynkäänniemi et al., 2019, arXiv:1904.06991",
    values: &[ValueKind::higher("realism")],
    needs: BOTH,
    least: |_| others_beside_real(FIVE),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: |_| vec![realism::looks(FIVE)],
    compute: |of| {
        let scores = realism::scores(&*of.look(&[realism::looks(FIVE)])?, FIVE)?;
        // A copy of a real sample is infinitely realistic, and would be all that the mean says.
        let finite: Vec<f64> = scores.iter().copied().filter(|score| score.is_finite()).collect();
        let mean = mean_of(&finite, "every generated sample is a copy of a real one")?;
        let real = scores.iter().filter(|score| **score >= 1.0).count() as f64 / scores.len() as f64;
        Ok(Taken::default()
            .value(&REALISM.values[0], "Realism (k = 5), mean over generated samples", mean)
            .detail("share_at_least_1", real)
            .detail("copies", scores.len() - finite.len())
            .detail("k", FIVE))
    },
};

pub(super) static RARITY: Measure = Measure {
    name: "rarity",
    aliases: &[],
    summary: "how uncommon those generated samples are that are on the manifold (k = 3)",
    paper: "Han et al., 2022, arXiv:2206.08549",
    values: &[ValueKind::aim("rarity", "near real")],
    needs: BOTH,
    least: |_| others_beside_real(THREE),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: |_| vec![rarity::looks(THREE)],
    compute: |of| {
        let scores = rarity::scores(&*of.look(&[rarity::looks(THREE)])?, THREE);
        let inside: Vec<f64> = scores.iter().copied().filter(|score| *score > 0.0).collect();
        let mean = mean_of(&inside, "no generated sample lies on the real manifold")?;
        Ok(Taken::default()
            .value(&RARITY.values[0], "Rarity (k = 3), mean over samples on the manifold", mean)
            .detail("inside", inside.len())
            .detail("share_inside", inside.len() as f64 / scores.len() as f64)
            .detail("k", THREE))
    },
};

pub(super) static AUTHENTICITY: Measure = Measure {
    name: "authenticity",
    aliases: &["authpct"],
    summary: "share of generated samples that are no copies (AuthPct). Give the training set as --real.",
    paper: "Alaa et al., 2022, arXiv:2102.08921; form of Stein et al., 2023, arXiv:2306.04675",
    values: &[ValueKind::aim("authenticity", "about 50")],
    needs: BOTH,
    least: |_| Least::new(2, 1, "it asks for the two nearest real samples"),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: |_| Memorisation::LOOKS.to_vec(),
    compute: |of| {
        let found = Memorisation::of(&*of.look(&Memorisation::LOOKS)?);
        let label = "Authentic (AuthPct), % of generated images";
        Ok(Taken::default().value(&AUTHENTICITY.values[0], label, found.authentic_percent))
    },
};

pub(super) static ALPHA_BETA: Measure = Measure {
    name: "alpha-beta",
    aliases: &[],
    summary: "integrated alpha-precision and beta-recall of the features as they are",
    paper: "Alaa et al., 2022, arXiv:2102.08921",
    values: &[ValueKind::higher("alpha_precision"), ValueKind::higher("beta_recall")],
    needs: BOTH,
    least: |_| Least::new(2, 1, "it asks for the two nearest real samples"),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: |_| AlphaBeta::LOOKS.to_vec(),
    compute: |of| {
        let seen = of.look(&AlphaBeta::LOOKS)?;
        let found = match of.wide_sets() {
            Some(sets) => AlphaBeta::of(sets, &seen)?,
            None => AlphaBeta::of(of.sets()?, &seen)?,
        };
        let [precision, recall] = [0, 1].map(|i| &ALPHA_BETA.values[i]);
        Ok(Taken::default()
            .value(precision, "Integrated alpha-precision, no embedding", found.alpha_precision)
            .value(recall, "Integrated beta-recall, no embedding", found.beta_recall)
            .detail("authenticity", found.authenticity_as_published)
            .detail("embedding", "identity"))
    },
};

fn others_beside_real(k: usize) -> Least {
    Least::new(k + 1, 1, format!("a real sample has to have {k} others beside it"))
}

fn mean_of(scores: &[f64], where_none: &str) -> Result<f64> {
    if scores.is_empty() {
        return Err(MetricError::Unfit(where_none.into()));
    }
    Ok(scores.iter().sum::<f64>() / scores.len() as f64)
}
