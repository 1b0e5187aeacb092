//! Measures of how much generated samples vary.

use super::comparison::{Need, absent};
use super::measure::{Least, Measure};
use super::taken::{Taken, ValueKind};
use crate::vendi_score;

pub(super) static VENDI: Measure = Measure {
    name: "vendi",
    aliases: &[],
    summary: "effective number of different generated images. Higher.",
    paper: "Friedman and Dieng, 2022, arXiv:2210.02410",
    values: &[ValueKind::higher("vendi")],
    needs: &[Need::GeneratedRows],
    least: |_| Least::new(0, 1, "it counts them"),
    has_covariance: false,
    is_random: false,
    part_of: None,
    compute: |of| {
        let rows = of.generated.rows.ok_or_else(|| absent(Need::GeneratedRows))?;
        let label = "Vendi score: effective number of different generated images";
        Ok(Taken::default().value(&VENDI.values[0], label, vendi_score(rows)?))
    },
};
