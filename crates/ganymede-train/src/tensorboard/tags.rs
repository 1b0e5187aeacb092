//! What values are called.

use crate::record::Metric;

/// Values of the log by what they begin with, and the group that TensorBoard shows them in.
const GROUPS: &[(&str, &str)] = &[
    ("loss_", "loss"),
    ("penalty", "penalty"),
    ("score_", "score"),
    ("accuracy_", "accuracy"),
    ("grad_norm_", "grad_norm"),
    ("lr_", "lr"),
    ("augment_p", "augment"),
    ("diffusion_t", "augment"),
    ("r_t", "augment"),
];
/// Every other value.
const OTHERS: &str = "other";

/// `loss/loss_d`: the log's own name in its group.
pub(super) fn tag_of(name: &str) -> String {
    let group = GROUPS.iter().find(|(begin, _)| name.starts_with(begin)).map_or(OTHERS, |(_, group)| group);
    format!("{group}/{name}")
}

/// The values of a measurement with their tags.
pub(super) fn values_of(metric: &Metric) -> Vec<(String, f64)> {
    let plain = |name: &str, value| (format!("metric/{name}"), value);
    match metric {
        Metric::ModeCoverage { modes_covered, high_quality, .. } => {
            vec![plain("modes_covered", *modes_covered as f64), plain("high_quality", *high_quality)]
        }
        Metric::SlicedWasserstein { distance, between_reals, .. } => {
            vec![plain("sliced_wasserstein", *distance), plain("between_reals", *between_reals)]
        }
        Metric::Quality(quality) => {
            let values = quality.values.iter().map(|value| plain(&value.name, value.value));
            let between = quality.between_reals.map(|value| plain("between_reals", value));
            let classes =
                quality.classes.iter().map(|share| (format!("class/{}", share.class), share.generated));
            values.chain(between).chain(classes).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_log_stand_in_groups_under_their_own_names() {
        let tags = ["loss_d", "penalty", "grad_norm_g", "lr_factor", "r_t", "drift"].map(tag_of);
        let wanted = [
            "loss/loss_d",
            "penalty/penalty",
            "grad_norm/grad_norm_g",
            "lr/lr_factor",
            "augment/r_t",
            "other/drift",
        ];
        assert_eq!(tags, wanted);
    }
}
