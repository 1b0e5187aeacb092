//! Measures of how much generated samples vary.

use super::comparison::{Need, absent};
use super::measure::{Least, Measure, at_no_pairs};
use super::taken::{Taken, ValueKind};
use serde_json::{Map, json};

use crate::vendi_scores;

/// That of the paper, and those of its cousins.
const ORDERS: [f64; 5] = [1.0, 0.1, 0.5, 2.0, f64::INFINITY];

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
    looks: at_no_pairs,
    compute: |of| {
        let rows = of.generated.exact_rows().ok_or_else(|| absent(Need::GeneratedRows))?;
        let label = "Vendi score: effective number of different generated images";
        let scores = vendi_scores(rows, &ORDERS)?;
        let mut orders = Map::new();
        for (order, score) in ORDERS.iter().zip(&scores) {
            orders.insert(order.to_string(), json!(score));
        }
        Ok(Taken::default().value(&VENDI.values[0], label, scores[0]).detail("orders", orders))
    },
};
