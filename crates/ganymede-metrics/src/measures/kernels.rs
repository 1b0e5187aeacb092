//! Distances by Gaussian kernels.

use super::comparison::{Need, absent};
use super::distances::{as_many_as_a_subset, kernel_distance};
use super::measure::{Least, Measure, at_no_pairs};
use super::neighbours::BOTH;
use super::taken::{Taken, ValueKind};
use crate::{cmmd, rke};

/// The width that torch-fidelity gives the kernel of KID.
const KID_SIGMA: f64 = 10.0;
/// The width that authors of RKE take for features of DINOv2.
const RKE_SIGMA: f64 = 20.0;

pub(super) static KID_RBF: Measure = Measure {
    name: "kid-rbf",
    aliases: &[],
    summary: "KID with a Gaussian kernel (sigma 10), as torch-fidelity offers it. Lower, 0 at best.",
    paper: "Bińkowski et al., 2018, arXiv:1801.01401",
    values: &[ValueKind::lower("kid-rbf").times(1e3)],
    needs: BOTH,
    least: as_many_as_a_subset,
    has_covariance: false,
    is_random: true,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        let label = "Kernel distance, Gaussian of width 10 (KID) × 1,000";
        kernel_distance(of, &KID_RBF.values[0], label, Some(KID_SIGMA))
    },
};

pub(super) static CMMD: Measure = Measure {
    name: "cmmd",
    aliases: &[],
    summary: "CMMD (sigma 10, unit rows, x 1000): meant for CLIP. It sees little more than the mean. Lower.",
    paper: "Jayasumana et al., 2024, arXiv:2401.09603",
    values: &[ValueKind::lower("cmmd")],
    needs: BOTH,
    least: |_| Least::new(1, 1, "it compares the two sets"),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        let sets = of.rows()?;
        let label = format!("CMMD × 1,000 (by {})", of.extractor);
        let value = cmmd(sets.real, sets.generated)?;
        Ok(Taken::default().value(&CMMD.values[0], label, value).detail("sigma", 10.0))
    },
};

pub(super) static RKE: Measure = Measure {
    name: "rke",
    aliases: &[],
    summary: "number of modes of the generated images by Rényi kernel entropy (sigma 20). Higher.",
    paper: "Jalali, Li and Farnia, 2023",
    values: &[ValueKind::higher("rke")],
    needs: &[Need::GeneratedRows],
    least: |_| Least::new(0, 1, "it counts them"),
    has_covariance: false,
    is_random: false,
    part_of: None,
    looks: at_no_pairs,
    compute: |of| {
        let rows = of.generated.exact_rows().ok_or_else(|| absent(Need::GeneratedRows))?;
        let real = of.real.exact_rows().map(|rows| rke(rows, RKE_SIGMA)).transpose()?;
        let taken = Taken::default()
            .value(&RKE.values[0], "Modes of generated images (RKE, width 20)", rke(rows, RKE_SIGMA)?)
            .detail("sigma", RKE_SIGMA)
            .detail("real", real);
        Ok(match real {
            Some(real) => taken.line("  of real images", real, None, ""),
            None => taken,
        })
    },
};
