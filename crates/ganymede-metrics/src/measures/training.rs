//! Measures of whether a generator has learnt its training set by heart: they compare with real samples that it has not
//! seen. Where none are given, every second of the real ones is taken for one.

use ndarray::Array2;

use super::comparison::Comparison;
use super::measure::{Least, Measure, at_no_pairs};
use super::neighbours::BOTH;
use super::taken::{Taken, ValueKind};
use crate::{Result, data_copying, fld};

pub(super) static FLD: Measure = Measure {
    name: "fld",
    aliases: &[],
    summary: "feature likelihood divergence: quality, variety and novelty in one, needs unseen real ones. Lower.",
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
        let Split { train, test, words } = Split::of(of)?;
        let found = fld(&train, &test, of.rows()?.generated, of.seed)?;
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
            .detail("split", words))
    },
};

pub(super) static COPYING: Measure = Measure {
    name: "copying",
    aliases: &["c-t"],
    summary: "C_T: are generated images nearer to the training set than unseen real ones?",
    paper: "Meehan, Chaudhuri and Dasgupta, 2020, arXiv:2004.05675",
    values: &[ValueKind::aim("copying", "near 0")],
    needs: BOTH,
    least: |_| Least::new(16, 64, "a cell of three needs more than 20 generated samples"),
    has_covariance: false,
    is_random: true,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        let Split { train, test, words } = Split::of(of)?;
        let found = data_copying(&train, &test, of.rows()?.generated, of.seed)?;
        let label = "Data copying (C_T), in deviations: below −3 copies, above 3 is far off";
        Ok(Taken::default()
            .value(&COPYING.values[0], label, found.c_t)
            .detail("cells", found.cells)
            .detail("split", words))
    },
};

/// What a generator was trained on, and what it was not.
struct Split {
    train: Array2<f64>,
    test: Array2<f64>,
    words: &'static str,
}

impl Split {
    fn of(of: &Comparison<'_>) -> Result<Self> {
        let real = of.rows()?.real;
        if let Some(unseen) = of.unseen {
            let words = "unseen real samples were given";
            return Ok(Self { train: real.to_f64(), test: unseen.to_f64(), words });
        }
        let half = |first: usize| real.select(&(first..real.count()).step_by(2).collect::<Vec<_>>());
        Ok(Self { train: half(0), test: half(1), words: "every second real sample is a test sample" })
    }
}
