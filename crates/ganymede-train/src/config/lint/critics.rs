//! What holds a discriminator, and how fast it moves.

use ganymede_losses::{AdversarialLoss, Penalty};
use ganymede_tensor::OptimizerConfig;

use super::{Found, Rule};
use crate::config::{PenaltyConfig, Run};

const CLIP: &str = "optimizer.weight_clip=0.01";
const SPECTRAL: &str = "discriminator.spectral=true";

fn is_constrained(run: &Run) -> bool {
    run.weight_clip.is_some() || !run.penalties.is_empty() || run.discriminator.traits().lipschitz
}

fn is(run: &Run, loss: AdversarialLoss) -> bool {
    run.loss == loss.into()
}

pub(super) static UNCONSTRAINED_CRITIC: Rule = Rule {
    name: "unconstrained-critic",
    paper: "Arjovsky et al., 2017, arXiv:1701.07875, section 3",
    find: |run| {
        let words = "the wasserstein loss has no minimum without a Lipschitz constraint";
        let remedies = ["penalty=[{kind=\"wgan-gp\"}]", CLIP];
        (is(run, AdversarialLoss::Wasserstein) && !is_constrained(run)).then(|| Found::new(words, &remedies))
    },
};

pub(super) static UNCONSTRAINED_FEATURES: Rule = Rule {
    name: "unconstrained-features",
    paper: "Bińkowski et al., 2018, arXiv:1801.01401, section 3",
    find: |run| {
        let loss = run.loss.of_features().filter(|_| !is_constrained(run))?;
        let words =
            format!("features that `{loss}` compares grow for ever without a constraint on the critic");
        let penalty = loss.has_witness().then_some("penalty=[{kind=\"wgan-gp\"}]");
        let remedies: Vec<&str> = penalty.into_iter().chain([SPECTRAL, CLIP]).collect();
        Some(Found::new(words, &remedies))
    },
};

pub(super) static UNPENALISED_RELATIVISTIC: Rule = Rule {
    name: "unpenalised-relativistic",
    paper: "Huang et al., 2024, arXiv:2501.05441, section 2",
    find: |run| {
        let words = "the paired relativistic loss alone need not converge, and loses modes late in a run";
        let remedies = ["penalty=[{kind=\"r1\", gamma=1.0}, {kind=\"r2\", gamma=1.0}]"];
        let is_free = is(run, AdversarialLoss::RelativisticPaired) && !is_constrained(run);
        is_free.then(|| Found::new(words, &remedies))
    },
};

pub(super) static CRITIC_MOMENTUM: Rule = Rule {
    name: "critic-momentum",
    paper: "Arjovsky et al., 2017, arXiv:1701.07875, section 4",
    find: |run| {
        let has_momentum =
            matches!(run.optimizer_d.start(), OptimizerConfig::Adam { beta1, .. } if *beta1 >= 0.9);
        let words = "optimizer.discriminator.beta1 ≥ 0.9 makes a Wasserstein critic unstable";
        let remedies = ["optimizer.discriminator.beta1=0.0"];
        (is(run, AdversarialLoss::Wasserstein) && has_momentum).then(|| Found::new(words, &remedies))
    },
};

pub(super) static WEIGHT_CLIP: Rule = Rule {
    name: "weight-clip",
    paper: "Arjovsky et al., 2017, arXiv:1701.07875, section 3",
    find: |run| {
        let bound = run.weight_clip?;
        let words = match bound {
            c if c > 0.1 => {
                "weights take long to reach so wide a bound, and the critic stays far from its best"
            }
            c if c < 0.001 => "with so narrow a bound gradients vanish on their way through the critic",
            _ => return None,
        };
        Some(Found::new(format!("optimizer.weight_clip = {bound}: {words}"), &[CLIP]))
    },
};

/// How much faster than the generator a discriminator is that wins at once.
const FAR_FASTER: f64 = 5.0;

pub(super) static SATURATING_LOSS: Rule = Rule {
    name: "saturating-loss",
    paper: "Goodfellow et al., 2014, arXiv:1406.2661, section 3",
    find: |run| {
        let pace = run.n_critic.most as f64 * run.optimizer_d.start().lr() / run.optimizer_g.start().lr();
        let words = format!(
            "the discriminator moves {pace:.1} times as fast as the generator, whose minimax loss has no gradient left once \
             its samples are told apart"
        );
        let is_lost = is(run, AdversarialLoss::Minimax) && !is_constrained(run) && pace >= FAR_FASTER;
        is_lost.then(|| Found::new(words, &["loss.kind=\"non-saturating\""]))
    },
};

/// A γ so many times as large as the published one, or as small, is likely a slip. Karras et al. advise to try a quarter to
/// four times of it; their own settings for CIFAR-10 have three times.
const FAR: f64 = 10.0;

pub(super) static STYLEGAN2_GAMMA: Rule = Rule {
    name: "stylegan2-gamma",
    paper: "stylegan2-ada-pytorch, Karras et al., 2020, arXiv:2006.06676",
    find: |run| {
        let side = run.data.resolution.filter(|_| run.discriminator.kind().name == "stylegan2")? as f64;
        let usual = 0.0002 * side * side / run.batch as f64;
        let (at, gamma) =
            run.penalties.iter().enumerate().find_map(|(at, penalty)| match penalty.penalty.start() {
                Penalty::R1 { gamma } => Some((at, *gamma)),
                _ => None,
            })?;
        let is_far = gamma > 0.0 && !(usual / FAR..=usual * FAR).contains(&gamma);
        let words = format!(
            "R1's γ is {gamma}, and {usual:.2e} (0.0002 · resolution² / batch) is usual for so many pixels and such a batch"
        );
        is_far.then(|| Found::new(words, &[&format!("penalty.{at}.gamma={usual:.3e}")]))
    },
};

pub(super) static LAZY_RATES: Rule = Rule {
    name: "lazy-rates",
    paper: "Karras et al., 2020, arXiv:1912.04958, appendix B",
    find: |run| {
        let is_stylegan2 = run.discriminator.kind().name == "stylegan2";
        let lazy = |penalty: &PenaltyConfig| penalty.interval > 1 && !penalty.own_update;
        let at = run.penalties.iter().position(lazy).filter(|_| is_stylegan2)?;
        let words = format!(
            "penalty {at} comes every {} updates without an update of its own, for which the optimiser's rates would make up",
            run.penalties[at].interval
        );
        Some(Found::new(words, &[&format!("penalty.{at}.own_update=true")]))
    },
};

/// Adam moves every weight by about its rate, and weights begin near 0.02.
const HIGH: f64 = 0.01;

pub(super) static HIGH_RATE: Rule = Rule {
    name: "high-rate",
    paper: "Radford et al., 2016, arXiv:1511.06434, section 4",
    find: |run| {
        let players = [("generator", &run.optimizer_g), ("discriminator", &run.optimizer_d)];
        let is_fast = |optimizer: &OptimizerConfig| matches!(optimizer, OptimizerConfig::Adam { lr, .. } if *lr >= HIGH);
        let (player, optimizer) = players.into_iter().find(|(_, optimizer)| is_fast(optimizer.start()))?;
        let words = format!(
            "optimizer.{player}.lr = {} moves every weight by about as much as it is at the start, step after step",
            optimizer.start().lr()
        );
        Some(Found::new(words, &[&format!("optimizer.{player}.lr=2e-4")]))
    },
};
