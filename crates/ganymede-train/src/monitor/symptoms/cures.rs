//! What helps against more than one symptom.

use ganymede_losses::AdversarialLoss;

use crate::config::Run;

/// The rate of a player times a factor.
fn rate(run: &Run, player: &str, factor: f64) -> Option<Vec<String>> {
    let rule = if player == "generator" { &run.optimizer_g } else { &run.optimizer_d };
    Some(vec![format!("optimizer.{player}.lr={:e}", rule.start().lr() * factor)])
}

pub(super) fn slower_discriminator(run: &Run) -> Option<Vec<String>> {
    rate(run, "discriminator", 0.25)
}

pub(super) fn faster_discriminator(run: &Run) -> Option<Vec<String>> {
    rate(run, "discriminator", 10.0)
}

/// Where it is so slow that it does not learn.
pub(super) fn far_faster_generator(run: &Run) -> Option<Vec<String>> {
    let theirs = run.optimizer_d.start().lr();
    let slow = run.optimizer_g.start().lr() < 0.01 * theirs;
    slow.then(|| vec![format!("optimizer.generator.lr={theirs:e}")])
}

/// Both rates, four times lower.
pub(super) fn slower_both(run: &Run) -> Option<Vec<String>> {
    let all = [rate(run, "generator", 0.25)?, rate(run, "discriminator", 0.25)?];
    Some(all.concat())
}

/// Rates no higher than most papers have, where one is.
pub(super) fn usual_rates(run: &Run) -> Option<Vec<String>> {
    let lower = |player: &str, lr: f64| (lr > 1e-3).then(|| format!("optimizer.{player}.lr=2e-4"));
    let sets = [
        lower("generator", run.optimizer_g.start().lr()),
        lower("discriminator", run.optimizer_d.start().lr()),
    ];
    let sets: Vec<String> = sets.into_iter().flatten().collect();
    (!sets.is_empty()).then_some(sets)
}

/// R1 beside the penalties that there are, where it is not among them and means something.
pub(super) fn r1(run: &Run) -> Option<Vec<String>> {
    let loss = run.loss.of_scores()?;
    if !run.penalties.is_empty() || loss == AdversarialLoss::Wasserstein {
        return None;
    }
    let gamma = if run.data.is_toy() { 0.1 } else { 1.0 };
    Some(vec![format!("penalty=[{{kind=\"r1\",gamma={gamma:?}}}]")])
}

/// In place of clipped weights or nothing.
pub(super) fn gradient_penalty(run: &Run) -> Option<Vec<String>> {
    let wasserstein = run.loss.of_scores() == Some(AdversarialLoss::Wasserstein);
    let lambda = if run.data.is_toy() { 0.1 } else { 10.0 };
    let penalty = format!("penalty=[{{kind=\"wgan-gp\",lambda={lambda:?}}}]");
    (wasserstein && run.penalties.is_empty()).then(|| vec![penalty, "optimizer.weight_clip=0".to_owned()])
}

pub(super) fn non_saturating(run: &Run) -> Option<Vec<String>> {
    let saturates = run.loss.of_scores() == Some(AdversarialLoss::Minimax);
    saturates.then(|| vec!["loss.kind=non-saturating".to_owned()])
}

pub(super) fn fewer_critic_updates(run: &Run) -> Option<Vec<String>> {
    (run.n_critic.most > 1).then(|| vec!["optimizer.n_critic=1".to_owned()])
}

pub(super) fn more_critic_updates(run: &Run) -> Option<Vec<String>> {
    (run.n_critic.most == 1).then(|| vec!["optimizer.n_critic=5".to_owned()])
}

pub(super) fn spectral(_: &Run) -> Option<Vec<String>> {
    Some(vec!["discriminator.spectral=true".to_owned()])
}

pub(super) fn packs(run: &Run) -> Option<Vec<String>> {
    (run.discriminator.traits().pack == 1).then(|| vec!["discriminator.pack=2".to_owned()])
}

pub(super) fn minibatch_deviation(_: &Run) -> Option<Vec<String>> {
    Some(vec!["discriminator.minibatch=stddev".to_owned()])
}

pub(super) fn larger_batch(run: &Run) -> Option<Vec<String>> {
    (run.batch < 32 && run.growth.is_none()).then(|| vec!["run.batch=64".to_owned()])
}

pub(super) fn average(run: &Run) -> Option<Vec<String>> {
    run.ema.is_none().then(|| vec!["ema.enabled=true".to_owned(), "ema.decay=0.999".to_owned()])
}

/// Both players without momentum.
pub(super) fn no_momentum(run: &Run) -> Option<Vec<String>> {
    let off = |player: &str, name: &str| match name {
        "adam" | "adamw" => Some(format!("optimizer.{player}.beta1=0")),
        "rmsprop" | "sgd" => Some(format!("optimizer.{player}.momentum=0")),
        _ => None,
    };
    let kind = |written: &toml::Table| written.get("kind").and_then(|kind| kind.as_str()).map(str::to_owned);
    let written = run.to_file().optimizer;
    let (g, d) = (kind(&written.generator)?, kind(&written.discriminator)?);
    Some([off("generator", &g), off("discriminator", &d)].into_iter().flatten().collect())
}

pub(super) fn extra_gradient(_: &Run) -> Option<Vec<String>> {
    Some(vec!["scheme.kind=extra-gradient".to_owned()])
}

pub(super) fn adaptive_augmentation(run: &Run) -> Option<Vec<String>> {
    (!run.data.is_toy()).then(|| vec!["augment.kind=ada".to_owned()])
}

pub(super) fn differentiable_augmentation(run: &Run) -> Option<Vec<String>> {
    (!run.data.is_toy()).then(|| vec!["augment.kind=diffaugment".to_owned()])
}

pub(super) fn clipped_norms(run: &Run) -> Option<Vec<String>> {
    let free = run.clip_norm_g.is_none() && run.clip_norm_d.is_none();
    free.then(|| vec!["optimizer.clip_norm_g=1".to_owned(), "optimizer.clip_norm_d=1".to_owned()])
}

pub(super) fn wider_latents(run: &Run) -> Option<Vec<String>> {
    let narrow = run.generator.write().get("z_dim")?.as_integer()? < 2;
    narrow.then(|| vec![format!("generator.z_dim={}", if run.data.is_toy() { 2 } else { 64 })])
}

pub(super) fn wider_generator(run: &Run) -> Option<Vec<String>> {
    let width = run.generator.write().get("width")?.as_integer()?;
    (width < 16).then(|| vec!["generator.width=64".to_owned()])
}
