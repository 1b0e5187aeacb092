//! Measures of whether a generator has learnt its training set by heart: they compare with real samples that it has not
//! seen, and take every second of the real ones for those.

use ndarray::Array2;

use super::comparison::Comparison;
use super::measure::{Least, Measure, at_no_pairs};
use super::neighbours::BOTH;
use super::taken::{Taken, ValueKind};
use crate::{Result, Rows, data_copying, fld};

pub(super) static FLD: Measure = Measure {
    name: "fld",
    aliases: &[],
    summary: "feature likelihood divergence: quality, variety and novelty in one, real set halved. Lower.",
    paper: "Jiralerspong et al., 2023, arXiv:2302.04440",
    values: &[ValueKind::lower("fld"), ValueKind::aim("generalisation_gap", "near 0")],
    needs: BOTH,
    least: |_| {
        Least::new(8, 1, "half of the real samples are the training set, and half of these the baseline")
    },
    has_covariance: false,
    is_random: true,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        let sets = of.rows()?;
        let [train, test] = halves(sets.real);
        let found = fld(&train, &test, sets.generated, of.seed)?;
        let [value, gap] = [0, 1].map(|i| &FLD.values[i]);
        Ok(Taken::default()
            .value(value, "Feature likelihood divergence (FLD)", found.fld)
            .value(
                gap,
                "Generalisation gap of FLD: below 0 where the set was learnt by heart",
                found.generalisation_gap,
            )
            .detail("train", found.train)
            .detail("baseline", found.baseline)
            .detail("split", SPLIT))
    },
};

pub(super) static COPYING: Measure = Measure {
    name: "copying",
    aliases: &["c-t"],
    summary: "C_T: are generated images nearer to the training set than unseen real ones? Real set halved.",
    paper: "Meehan, Chaudhuri and Dasgupta, 2020, arXiv:2004.05675",
    values: &[ValueKind::aim("copying", "near 0")],
    needs: BOTH,
    least: |_| Least::new(16, 64, "a cell of three needs more than 20 generated samples"),
    has_covariance: false,
    is_random: true,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        let found = copying(of)?;
        let label = "Data copying (C_T), in deviations: below −3 copies, above 3 is far off";
        Ok(Taken::default()
            .value(&COPYING.values[0], label, found.c_t)
            .detail("cells", found.cells)
            .detail("split", SPLIT))
    },
};

const SPLIT: &str = "every second real sample is a test sample";

fn copying(of: &Comparison<'_>) -> Result<crate::DataCopying> {
    let sets = of.rows()?;
    let [train, test] = halves(sets.real);
    data_copying(&train, &test, sets.generated, of.seed)
}

/// Every second row, and the others.
fn halves(rows: Rows<'_>) -> [Array2<f64>; 2] {
    [0, 1].map(|first| rows.select(&(first..rows.count()).step_by(2).collect::<Vec<_>>()))
}
