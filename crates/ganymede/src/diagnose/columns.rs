//! What the columns of other programs are called, and which series each is.

/// How the numbers of a column become those of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As they are.
    AsIs,
    /// The mean sign of scores of real samples: their accuracy is (1 + x)/2.
    SignOfReal,
    /// The mean sign of scores of generated samples: the accuracy on these is (1 − x)/2.
    SignOfGenerated,
}

impl Reading {
    pub(super) fn of(self, x: f64) -> f64 {
        match self {
            Self::AsIs => x,
            Self::SignOfReal => f64::midpoint(1.0, x),
            Self::SignOfGenerated => f64::midpoint(1.0, -x),
        }
    }
}

/// A series, and what trainers call it: in small letters, with `_` between words.
struct Known {
    series: &'static str,
    reading: Reading,
    names: &'static [&'static str],
}

const fn known(series: &'static str, names: &'static [&'static str]) -> Known {
    Known { series, reading: Reading::AsIs, names }
}

/// The names of PyTorch's tutorial, of Keras' and Lightning's examples, of stylegan2-ada-pytorch and stylegan3, of
/// studiogan, mimicry, pix2pix, BigGAN-PyTorch and VQGAN, and ours.
const KNOWN: &[Known] = &[
    known(
        "loss_d",
        &[
            "loss_d",
            "d_loss",
            "lossd",
            "dloss",
            "errd",
            "err_d",
            "d_err",
            "loss_disc",
            "disc_loss",
            "loss_discriminator",
            "discriminator_loss",
            "loss_dis",
            "dis_loss",
            "critic_loss",
            "loss_critic",
            "loss_d_loss",
            "d_total_loss",
            "loss_d_total",
            "total_d_loss",
            "netd_loss",
            "discloss",
            "ae_disc_loss",
            "adv_loss_d",
            "dis_loss_total",
            "d_loss_total",
        ],
    ),
    known(
        "loss_g",
        &[
            "loss_g",
            "g_loss",
            "lossg",
            "gloss",
            "errg",
            "err_g",
            "g_err",
            "loss_gen",
            "gen_loss",
            "loss_generator",
            "generator_loss",
            "loss_g_loss",
            "g_total_loss",
            "loss_g_total",
            "total_g_loss",
            "netg_loss",
            "genloss",
            "g_loss_total",
            "adv_loss_g",
            "g_gan",
            "loss_g_gan",
        ],
    ),
    known(
        "score_real",
        &[
            "score_real",
            "real_score",
            "real_scores",
            "scores_real",
            "loss_scores_real",
            "d_x",
            "dx",
            "d_real",
            "d_of_x",
            "real_logits",
            "logits_real",
            "d_logits_real",
            "d_out_real",
            "logit_real",
            "real_logit",
            "output_real",
            "d_real_score",
            "prob_real",
            "real_prob",
        ],
    ),
    known(
        "score_fake",
        &[
            "score_fake",
            "fake_score",
            "fake_scores",
            "scores_fake",
            "loss_scores_fake",
            "d_g_z",
            "d_gz",
            "dgz",
            "d_g_z1",
            "d_g_z_1",
            "d_gz1",
            "d_fake",
            "fake_logits",
            "logits_fake",
            "d_logits_fake",
            "d_out_fake",
            "logit_fake",
            "fake_logit",
            "output_fake",
            "d_fake_score",
            "prob_fake",
            "fake_prob",
        ],
    ),
    known(
        "score_held_out",
        &[
            "score_held_out",
            "held_out_score",
            "score_val",
            "val_score",
            "d_val",
            "d_x_val",
            "val_d_x",
            "scores_val",
            "real_score_val",
            "val_real_score",
            "logits_val",
            "score_validation",
            "score_test",
            "d_test",
            "loss_scores_val",
            "d_held_out",
        ],
    ),
    known(
        "accuracy_real",
        &[
            "accuracy_real",
            "real_accuracy",
            "acc_real",
            "real_acc",
            "d_acc_real",
            "d_real_acc",
            "d_accuracy_real",
        ],
    ),
    known(
        "accuracy_fake",
        &[
            "accuracy_fake",
            "fake_accuracy",
            "acc_fake",
            "fake_acc",
            "d_acc_fake",
            "d_fake_acc",
            "d_accuracy_fake",
        ],
    ),
    Known {
        series: "accuracy_real",
        reading: Reading::SignOfReal,
        names: &["loss_signs_real", "signs_real", "sign_real"],
    },
    Known {
        series: "accuracy_fake",
        reading: Reading::SignOfGenerated,
        names: &["loss_signs_fake", "signs_fake", "sign_fake"],
    },
    known(
        "grad_norm_g",
        &[
            "grad_norm_g",
            "g_grad_norm",
            "gradnorm_g",
            "grad_g",
            "g_grad",
            "gnorm_g",
            "grad_norm_gen",
            "netg_grad_norm",
        ],
    ),
    known(
        "grad_norm_d",
        &[
            "grad_norm_d",
            "d_grad_norm",
            "gradnorm_d",
            "grad_d",
            "d_grad",
            "gnorm_d",
            "grad_norm_disc",
            "netd_grad_norm",
        ],
    ),
    known("precision", &["precision", "pr50k3_precision", "metrics_pr50k3_full_precision", "precision_pr"]),
    known("recall", &["recall", "pr50k3_recall", "metrics_pr50k3_full_recall", "recall_pr"]),
    known("coverage", &["coverage", "modes_share", "mode_coverage"]),
    known("high_quality", &["high_quality", "high_quality_share", "hq"]),
    known("ndb", &["ndb", "ndb_over_k"]),
    known("diversity", &["diversity"]),
    known("lr_factor", &["lr_factor"]),
];

/// What counts steps, the surest first; of `kimg` a step is a thousandth of the unit.
const STEPS: [&str; 17] = [
    "step",
    "global_step",
    "iter",
    "iteration",
    "iterations",
    "it",
    "update",
    "batches_done",
    "batch_idx",
    "nimg",
    "images",
    "kimg",
    "progress_kimg",
    "progress_tick",
    "tick",
    "epoch",
    "epochs",
];

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It counts steps; the lower, the surer.
    Step(usize),
    Series(&'static str, Reading),
}

/// What a column of this name is, if the name is known.
pub(super) fn meaning(column: &str) -> Option<Meaning> {
    let whole = plain(column);
    // A name as it is goes before one without what programs put around it.
    once(&whole).or_else(|| once(bare(&whole)))
}

fn once(name: &str) -> Option<Meaning> {
    if let Some(rank) = STEPS.iter().position(|step| *step == name) {
        return Some(Meaning::Step(rank));
    }
    let found = KNOWN.iter().find(|known| known.names.contains(&name))?;
    Some(Meaning::Series(found.series, found.reading))
}

/// The series that rules read and a person can name a column for.
pub(super) fn series() -> Vec<&'static str> {
    let mut all: Vec<&str> = KNOWN.iter().map(|known| known.series).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Small letters, and one `_` for each run of anything but letters and digits.
fn plain(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

/// Without the loop or the kind that a name is put under, and how it was averaged.
fn bare(name: &str) -> &str {
    const BEFORE: [&str; 8] =
        ["train_", "training_", "losses_", "loss_", "metrics_", "scalars_", "scores_", "stats_"];
    const AFTER: [&str; 5] = ["_step", "_epoch", "_mean", "_avg", "_value"];
    let name = BEFORE.iter().find_map(|word| name.strip_prefix(word)).unwrap_or(name);
    AFTER.iter().find_map(|word| name.strip_suffix(word)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_many_programs_are_known() {
        let check = |column: &str, series: &str| {
            let found = meaning(column);
            assert!(matches!(found, Some(Meaning::Series(name, _)) if name == series), "{column}: {found:?}");
        };
        for (column, series) in [
            ("Loss_D", "loss_d"),
            ("errD", "loss_d"),
            ("Loss/D/loss", "loss_d"),
            ("train/d_loss_epoch", "loss_d"),
            ("discriminator loss", "loss_d"),
            ("losses/loss_G", "loss_g"),
            ("Loss/G/loss", "loss_g"),
            ("D(x)", "score_real"),
            ("D(G(z))", "score_fake"),
            ("D(G(z1))", "score_fake"),
            ("Loss/scores/real", "score_real"),
            ("D/val", "score_held_out"),
            ("acc_real", "accuracy_real"),
        ] {
            check(column, series);
        }
        assert_eq!(
            meaning("Loss/signs/fake"),
            Some(Meaning::Series("accuracy_fake", Reading::SignOfGenerated))
        );
        assert_eq!((Reading::SignOfReal.of(1.0), Reading::SignOfGenerated.of(1.0)), (1.0, 0.0));
        for column in ["loss", "lr", "alpha", "beta_d", "time", "", "Loss/r1_penalty"] {
            assert_eq!(meaning(column), None, "{column}");
        }
        assert!(
            matches!((meaning("step"), meaning("epoch")), (Some(Meaning::Step(a)), Some(Meaning::Step(b))) if a < b)
        );
    }

    #[test]
    fn no_name_means_two_things() {
        let mut all: Vec<&str> = KNOWN.iter().flat_map(|known| known.names).copied().chain(STEPS).collect();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(all.iter().all(|name| plain(name) == *name));
    }
}
