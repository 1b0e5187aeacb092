//! Measures of who lies near whom.

use super::comparison::{Comparison, Need};
use super::measure::{Least, Measure};
use super::taken::{Taken, ValueKind};
use crate::half_precision_recall::TILE;
use crate::{
    BallDistances, BallTest, Choices, Memorisation, PRDC_NEIGHBOURS, Prdc, PrecisionRecall, Result,
    half_precision_recall,
};

pub(super) const BOTH: &[Need] = &[Need::RealRows, Need::GeneratedRows];
const DENSITY: ValueKind = ValueKind::aim("density", "near 1");
const COVERAGE: ValueKind = ValueKind::higher("coverage");

pub(super) static PRDC: Measure = Measure {
    name: "prdc",
    aliases: &[],
    summary: "precision, recall, density, coverage: believable? complete? (k = 5)",
    paper: "Naeem et al., 2020, arXiv:2002.09797",
    values: &[ValueKind::higher("precision"), ValueKind::higher("recall"), DENSITY, COVERAGE],
    needs: BOTH,
    least: |_| others_beside(PRDC_NEIGHBOURS),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: |_| Prdc::looks(PRDC_NEIGHBOURS).to_vec(),
    compute: |of| {
        let found = Prdc::of(&*of.look(&Prdc::looks(PRDC_NEIGHBOURS))?, PRDC_NEIGHBOURS);
        let [precision, recall, density, coverage] = [0, 1, 2, 3].map(|i| &PRDC.values[i]);
        let real = "Precision (k = 5): share of generated images that look real";
        let reached = "Recall (k = 5): share of real images that are reached";
        Ok(Taken::default()
            .value(precision, real, found.precision)
            .value(recall, reached, found.recall)
            .value(density, "Density (k = 5)", found.density)
            .value(coverage, "Coverage (k = 5)", found.coverage)
            .detail("k", found.k))
    },
};

/// The two numbers of [`PRDC`] that improved precision and recall do not have: beside these, its own precision and recall
/// would be others of the same names.
pub(super) static DENSITY_COVERAGE: Measure = Measure {
    name: "density-coverage",
    aliases: &[],
    summary: "density and coverage alone (k = 5)",
    paper: "Naeem et al., 2020, arXiv:2002.09797",
    values: &[DENSITY, COVERAGE],
    needs: BOTH,
    least: |_| others_beside(PRDC_NEIGHBOURS),
    has_covariance: false,
    is_random: false,
    part_of: Some("prdc"),
    looks: |_| Prdc::looks(PRDC_NEIGHBOURS).to_vec(),
    compute: |of| {
        let found = Prdc::of(&*of.look(&Prdc::looks(PRDC_NEIGHBOURS))?, PRDC_NEIGHBOURS);
        Ok(Taken::default()
            .value(&DENSITY_COVERAGE.values[0], "Density (k = 5)", found.density)
            .value(&DENSITY_COVERAGE.values[1], "Coverage (k = 5)", found.coverage)
            .detail("k", found.k))
    },
};

pub(super) static PRECISION_RECALL: Measure = Measure {
    name: "pr",
    aliases: &["precision-recall"],
    summary: "improved precision and recall (k = 3)",
    paper: "Kynkäänniemi et al., 2019, arXiv:1904.06991",
    values: &[ValueKind::higher("precision"), ValueKind::higher("recall")],
    needs: BOTH,
    least: |choices: &Choices| others_beside(choices.pr_neighbours),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: |choices| match choices.pr_test {
        BallTest::Closed => PrecisionRecall::looks(choices.pr_neighbours).to_vec(),
        BallTest::Open => Prdc::looks(choices.pr_neighbours).to_vec(),
    },
    compute: |of| {
        let (k, test) = (of.choices.pr_neighbours, of.choices.pr_test);
        let (precision, recall) = balls(of, k, test)?;
        let [precision_kind, recall_kind] = [0, 1].map(|i| &PRECISION_RECALL.values[i]);
        Ok(Taken::default()
            .value(precision_kind, format!("Improved precision (k = {k})"), precision)
            .value(recall_kind, format!("Improved recall (k = {k})"), recall)
            .detail("k", k)
            .detail("test", test)
            .detail("distances", of.choices.pr_distances))
    },
};

pub(super) static MEMORISATION: Measure = Measure {
    name: "memorisation",
    aliases: &[],
    summary: "are generated images copies of real ones? Give the training set as --real.",
    paper: "Alaa et al., 2022, arXiv:2102.08921; Yoon et al., 2023",
    values: &[ValueKind::aim("authentic_percent", "about 50"), ValueKind::lower("memorised").times(100.0)],
    needs: BOTH,
    least: |_| Least::new(2, 1, "it asks for the two nearest real samples"),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: |_| Memorisation::LOOKS.to_vec(),
    compute: |of| {
        let found = Memorisation::of(&*of.look(&Memorisation::LOOKS)?);
        let [authentic, memorised] = [0, 1].map(|i| &MEMORISATION.values[i]);
        Ok(Taken::default()
            .value(authentic, "Authentic (AuthPct), % of generated images", found.authentic_percent)
            .value(memorised, "Memorised, % of generated images", found.memorised))
    },
};

pub(super) fn others_beside(k: usize) -> Least {
    Least::new(k + 1, k + 1, format!("a sample has to have {k} others beside it"))
}

fn balls(of: &Comparison<'_>, k: usize, test: BallTest) -> Result<(f64, f64)> {
    Ok(match test {
        BallTest::Closed if of.choices.pr_distances == BallDistances::HalfTiles => {
            let found = half_precision_recall(of.sets()?, k, TILE)?;
            (found.precision, found.recall)
        }
        BallTest::Closed => {
            let found = PrecisionRecall::of(&*of.look(&PrecisionRecall::looks(k))?, k);
            (found.precision, found.recall)
        }
        BallTest::Open => {
            let found = Prdc::of(&*of.look(&Prdc::looks(k))?, k);
            (found.precision, found.recall)
        }
    })
}
