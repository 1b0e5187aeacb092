//! Distances of two sets of features.

use ganymede_tensor::Rng;

use super::comparison::{Comparison, Need, RowSets};
use super::measure::{Least, Measure, at_no_pairs};
use super::taken::{Taken, ValueKind};
use crate::fid::LEAST_TO_EXTRAPOLATE;
use crate::kid::SUBSET_ROWS;
use crate::{
    Choices, Ddof, Frechet, KidForm, Result, approximate_sliced_wasserstein, fid_infinity, frechet_distance,
    frechet_distance_rows, kid, kid_all, kid_rbf, kid_rbf_all, mind,
};

/// Directions of MIND: its paper's.
const DIRECTIONS: usize = 1000;

pub(super) static FID: Measure = Measure {
    name: "fid",
    aliases: &[],
    summary: "Fréchet Inception distance: how far the Gaussians of both sets' features are apart. Lower.",
    paper: "Heusel et al., 2017, arXiv:1706.08500",
    values: &[ValueKind::lower("fid")],
    needs: &[Need::Moments],
    least: two_for_a_covariance,
    has_covariance: true,
    is_random: false,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        let found = match of.rows_for_frechet() {
            Some(rows) => frechet_distance_rows(rows.real, rows.generated, of.choices.ddof)?,
            None => {
                let (real, generated) = of.moments()?;
                frechet_distance(&real, &generated)?
            }
        };
        let taken = both_terms(&FID, frechet_label(of, "FID"), found);
        Ok(match of.counts_of_moments() {
            Some(counts) => taken.counted(counts.real, counts.generated),
            None => taken,
        })
    },
};

pub(super) static FID_INFINITY: Measure = Measure {
    name: "fid-infinity",
    aliases: &[],
    summary: "the same, extrapolated to infinitely many generated images. Lower.",
    paper: "Chong and Forsyth, 2020, arXiv:1911.07023",
    values: &[ValueKind::lower("fid-infinity")],
    needs: &[Need::RealRows, Need::GeneratedRows],
    least: |_| Least::new(2, LEAST_TO_EXTRAPOLATE, "a line goes through distances at many counts"),
    has_covariance: true,
    is_random: true,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        let sets = of.rows()?;
        let mut rng = Rng::stream(of.seed, "fid-infinity");
        let found = fid_infinity(sets.real, sets.generated, of.choices.ddof, &mut rng)?;
        let label = frechet_label(of, "FID, infinitely many images");
        Ok(Taken::default()
            .value(&FID_INFINITY.values[0], label, found.distance)
            .detail("slope", found.slope)
            .detail("r_squared", found.r_squared)
            .detail("points", found.points))
    },
};

pub(super) static SFID: Measure = Measure {
    name: "sfid",
    aliases: &[],
    summary: "the same of spatial features: sees misplaced parts. Lower.",
    paper: "Nash et al., 2021, arXiv:2103.03841",
    values: &[ValueKind::lower("sfid")],
    needs: &[Need::Spatial],
    least: two_for_a_covariance,
    has_covariance: true,
    is_random: false,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        let label = "Fréchet distance of spatial features (sFID)".to_owned();
        let taken = both_terms(&SFID, label, of.spatial_distance()?);
        Ok(match of.counts_of_moments() {
            Some(counts) => taken.counted(counts.real, counts.generated),
            None => taken,
        })
    },
};

pub(super) static KID: Measure = Measure {
    name: "kid",
    aliases: &[],
    summary: "kernel Inception distance: unbiased, so fit for few images. Lower, 0 at best.",
    paper: "Bińkowski et al., 2018, arXiv:1801.01401",
    values: &[ValueKind::lower("kid").times(1e3)],
    needs: &[Need::RealRows, Need::GeneratedRows],
    least: as_many_as_a_subset,
    has_covariance: false,
    is_random: true,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        let name = if of.is_inception() { "Inception " } else { "" };
        kernel_distance(of, &KID.values[0], &format!("Kernel {name}distance (KID) × 1,000"), None)
    },
};

pub(super) static MIND: Measure = Measure {
    name: "mind",
    aliases: &[],
    summary: "Monge Inception distance: sliced, steady with few images. Lower.",
    paper: "Berthet et al., 2026, arXiv:2605.06797",
    values: &[ValueKind::lower("mind")],
    needs: &[Need::RealRows, Need::GeneratedRows],
    least: |_| Least::new(1, 1, "it compares the two sets"),
    has_covariance: false,
    is_random: true,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        let value = mind(of.sets()?, DIRECTIONS, of.seed)?;
        let label = match of.is_inception() {
            true => "Monge Inception distance (MIND)".to_owned(),
            false => format!("Sliced distance (MIND by {})", of.extractor),
        };
        Ok(Taken::default().value(&MIND.values[0], label, value).detail("directions", DIRECTIONS))
    },
};

pub(super) static ASW: Measure = Measure {
    name: "asw",
    aliases: &[],
    summary: "sliced Wasserstein distance in closed form: of means and total variances only. Lower.",
    paper: "Nadjahi et al., 2021, arXiv:2106.15427",
    values: &[ValueKind::lower("asw")],
    needs: &[Need::Moments],
    least: two_for_a_covariance,
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        // The published program divides by n, whatever a convention says of FID.
        let [real, generated] = [&of.real, &of.generated].map(|set| set.moments(Ddof::Population));
        let value = approximate_sliced_wasserstein(&real?, &generated?)?;
        Ok(Taken::default().value(&ASW.values[0], "Sliced Wasserstein distance, closed form (ASW)", value))
    },
};

pub(super) fn as_many_as_a_subset(choices: &Choices) -> Least {
    match choices.kid {
        KidForm::Subsets => Least::new(SUBSET_ROWS, SUBSET_ROWS, "its subsets are that large"),
        KidForm::SubsetsCapped | KidForm::All => Least::new(2, 2, "it compares pairs"),
    }
}

/// KID in the convention's form, by its own kernel or by a Gaussian one of width `sigma`.
pub(super) fn kernel_distance(
    of: &Comparison<'_>,
    kind: &'static ValueKind,
    label: &str,
    sigma: Option<f64>,
) -> Result<Taken> {
    let RowSets { real, generated } = of.rows()?;
    let with_sigma = |taken: Taken| match sigma {
        Some(sigma) => taken.detail("sigma", sigma),
        None => taken,
    };
    let Some(subsets) = of.choices.kid.subsets(real.count(), generated.count(), of.seed)? else {
        let value = match sigma {
            Some(sigma) => kid_rbf_all(real, generated, sigma)?,
            None => kid_all(real, generated)?,
        };
        return Ok(with_sigma(Taken::default().value(kind, label, value)));
    };
    let found = match sigma {
        Some(sigma) => kid_rbf(real, generated, &subsets, sigma)?,
        None => kid(real, generated, &subsets)?,
    };
    let taken = Taken::default().spread(kind, label, found.mean, Some(found.std)).detail("std", found.std);
    Ok(with_sigma(taken).detail("subsets", subsets.len()).detail("subset_size", subsets[0].real.len()))
}

fn two_for_a_covariance(_: &Choices) -> Least {
    Least::new(2, 2, "one sample has no covariance")
}

/// `FID`, or the Fréchet distance of whose features.
fn frechet_label(of: &Comparison<'_>, plain: &str) -> String {
    match of.extractor {
        "inception2015" => format!("Fréchet Inception distance ({plain})"),
        other => format!("Fréchet distance ({plain} by {other})"),
    }
}

fn both_terms(measure: &'static Measure, label: String, found: Frechet) -> Taken {
    Taken::default()
        .value(&measure.values[0], label, found.distance)
        .detail("mean_term", found.mean_term)
        .detail("cov_term", found.cov_term)
}
