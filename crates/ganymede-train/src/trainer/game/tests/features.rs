//! Losses of features: what both players minimise, what a penalty differentiates, and what is refused.

use ganymede_losses::mmd::{self, Estimator, Kernel};
use ganymede_losses::{FeatureLoss, Features, Samples, wgan_gp};
use ganymede_models::{DiscriminatorInput, Mode};
use ganymede_tensor::testing::{Tol, assert_close};

use super::*;
use crate::trainer::testing::ring_game;

const EXACT: Tol = Tol { rel: 1e-12, abs: 1e-12 };
const CRITIC: &str =
    "discriminator = { kind = 'mlp', width = 6, layers = 2, activation = 'tanh', scores = 3 }\n";

/// By hand from the features of the same draws: MMD², its negative, and the penalty on the witness.
#[test]
fn both_players_are_judged_by_the_features_of_the_batch() {
    let text = format!(
        "{CRITIC}loss = {{ kind = 'mmd', kernel = 'gaussian', scales = [0.5, 2] }}\n\
         penalty = [{{ kind = 'wgan-gp', lambda = 3.0 }}]"
    );
    let mut game = ring_game(&text);
    let draws = game.players.draw_discriminator(0, 0).unwrap();
    let draws_g = game.players.draw_generator(0, draws.real.clone()).unwrap();
    let players = &game.players;
    let features = |x: &Tensor| {
        let input = DiscriminatorInput::new(x);
        players.discriminator.net.forward(input, Mode::Eval).unwrap().scores
    };
    let made = players.generate(&draws.latents, &draws.condition, Mode::Eval).unwrap().samples.detach();
    let real = &draws.real.samples;
    let (x, y) = (features(real), features(&made));
    assert_eq!(x.dims(), [5, 3]);
    let both = Features { real: &x, fake: &y };
    let kernel = Kernel::Gaussian(&[0.5, 2.0]);
    let squared = mmd::generator(both, kernel, Estimator::Unbiased).unwrap().mean_all().unwrap();

    let fake = Batch { samples: made.clone(), condition: draws.condition.clone() };
    let loss = players
        .discriminator_loss(&draws, &Fakes { batch: fake, latents: &draws.latents }, Part::Loss, Mode::Eval)
        .unwrap();
    assert_close(loss.adversarial.as_ref().unwrap(), &squared.neg().unwrap(), EXACT);
    let epsilon = draws.noise[0].clone().uniform(0.0, 1.0, 5, DType::F64, &Device::Cpu).unwrap();
    let witness = |at: &Tensor| Ok(mmd::witness(&features(at), both, kernel)?);
    let samples = Samples { real, fake: &made };
    let penalty = wgan_gp::penalty(&witness, samples, &epsilon, 3.0, 1.0).unwrap();
    assert_close(loss.terms.as_ref().unwrap(), &penalty.value.mean_all().unwrap(), EXACT);
    // To the last weight: the features of the batch that the witness looks at are moved, too.
    let asked = players.discriminator.net.params();
    let slopes = |of: &Tensor| {
        let weights = crate::trainer::fields::weights(asked);
        ganymede_tensor::grad(of, &weights.iter().collect::<Vec<_>>(), Graph::Discard).unwrap()
    };
    let (found, wanted) = (slopes(&loss.terms.unwrap()), slopes(&penalty.value.mean_all().unwrap()));
    found.iter().zip(&wanted).for_each(|(found, wanted)| assert_close(found, wanted, EXACT));

    let made = players.make(&draws_g).unwrap();
    let loss = players.generator_loss(&draws_g, &made, Part::Loss).unwrap();
    let both = Features { real: &x, fake: &features(&made.samples) };
    let squared = mmd::generator(both, kernel, Estimator::Unbiased).unwrap().mean_all().unwrap();
    assert_close(&loss.adversarial.unwrap(), &squared, EXACT);
}

/// The mean of what each of several gives by itself, and the same pairs.
#[test]
fn several_critics_compare_their_own_features() {
    for aggregate in ["mean", "max"] {
        let text = format!(
            "discriminator = {{ kind = 'mlp', width = 6, layers = 2, scores = 3, members = 2 }}\n\
             loss = {{ kind = 'cramer', members = '{aggregate}' }}\npenalty = [{{ kind = 'wgan-gp' }}]"
        );
        let mut game = ring_game(&text);
        let draws = game.players.draw_discriminator(0, 0).unwrap();
        let draws = game.players.draw_generator(0, draws.real.clone()).unwrap();
        let players = &game.players;
        let made = players.make(&draws).unwrap();
        let features = |x: &Tensor| {
            let input = DiscriminatorInput::new(x);
            players.discriminator.net.forward(input, Mode::Eval).unwrap().scores
        };
        let (x, y) = (features(&draws.real.samples), features(&made.samples));
        assert_eq!(x.dims(), [5, 6]);
        let of = |i: usize| {
            let (real, fake) = (x.narrow(1, 3 * i, 3).unwrap(), y.narrow(1, 3 * i, 3).unwrap());
            let value =
                FeatureLoss::Cramer.generator(Features { real: &real, fake: &fake }, &mut Rng::new(0));
            value.unwrap().mean_all().unwrap().to_scalar::<f64>().unwrap()
        };
        let wanted = if aggregate == "mean" { (of(0) + of(1)) / 2.0 } else { of(0).max(of(1)) };
        let loss = players.generator_loss(&draws, &made, Part::Loss).unwrap().adversarial.unwrap();
        assert!((loss.to_scalar::<f64>().unwrap() - wanted).abs() < 1e-12, "{aggregate}");
        let entry = game.play(true).unwrap().unwrap().read(1, 5).unwrap();
        assert!(entry.non_finite().is_none() && entry.get("penalty_norm").is_some(), "{entry:?}");
    }
}

#[test]
fn every_loss_of_features_plays_with_every_penalty_that_it_can_have() {
    for name in FeatureLoss::NAMES {
        let start = format!("{CRITIC}loss.kind = '{name}'\n");
        let has_witness = !["sinkhorn", "sliced-wasserstein"].contains(name);
        let penalties = if has_witness { Penalty::NAMES } else { &[] };
        let penalties = penalties.iter().flat_map(|kind| {
            ["", ", interval = 2, own_update = true"]
                .map(|own| format!("penalty = [{{ kind = '{kind}'{own} }}]"))
        });
        for text in penalties.chain(["discriminator_clip".to_owned()]) {
            let text = text.replace("discriminator_clip", "optimizer.weight_clip = 0.1");
            let mut game = ring_game(&format!("{start}{text}"));
            for step in 1..=2 {
                let entry = game.play(true).unwrap().unwrap().read(step, 5).unwrap();
                assert!(entry.non_finite().is_none(), "{name} {text} {entry:?}");
                assert_eq!(entry.get("score_real").is_some(), has_witness, "{name}");
                assert!(entry.get("accuracy_real").is_none());
            }
        }
    }
}

#[test]
fn what_features_cannot_do_is_refused() {
    let check = |text: &str, wants: &[&str]| {
        let text = format!("data.name = 'ring'\n{text}");
        let error = Layers::text(&text, "test", None).unwrap().resolve().expect_err(&text).to_string();
        assert!(wants.iter().all(|want| error.contains(want)), "{error}");
    };
    let with = |text: &str| format!("{CRITIC}{text}");
    check("loss.kind = 'mmd'", &["loss.kind", "discriminator.scores = 16"]);
    check(&with("loss.kind = 'mdm'"), &["`mdm`", "mmd"]);
    check(&with("loss = { kind = 'mmd', real_label = 0.9 }"), &["loss.real_label", "no labels"]);
    check(&with("loss = { kind = 'mmd', top_k = 0.5 }"), &["loss.top_k", "has none"]);
    check(&with("loss = { kind = 'mmd', scales = [] }"), &["loss.scales", "found 0 numbers"]);
    check(&with("loss = { kind = 'mmd', scales = [1, 0] }"), &["loss.scales", "found 0, expected"]);
    check(&with("loss = { kind = 'mmd', kernel = 'rq' }"), &["loss.kernel"]);
    check(&with("loss = { kind = 'mmd', epsilon = 1.0 }"), &["loss.epsilon", "\"sinkhorn\""]);
    check(
        &with("loss = { kind = 'hinge', kernel = 'gaussian' }"),
        &["loss.kernel", "\"mmd\" or \"mmd-repulsive\""],
    );
    check(&with("loss.kind = 'cramer'\nrun.batch = 1"), &["run.batch", "give 2 or more"]);
    check(
        &with("loss.kind = 'cramer'\noptimizer.accumulate = 2"),
        &["optimizer.accumulate", "compares all samples"],
    );
    check(
        &with("loss.kind = 'sinkhorn'\npenalty = [{ kind = 'r1' }]"),
        &["penalty.0.kind", "discriminator.spectral"],
    );
    check(&with("loss.kind = 'mmd'\nterm = [{ kind = 'lecam' }]"), &["term.0.kind", "no scores"]);
    check(
        "loss.kind = 'mmd'\ndiscriminator = { kind = 'mlp', scores = 3, gradient_normalised = true }",
        &["gradient_normalised", "scores = 1"],
    );
}

/// What is written down resolves to the same run.
#[test]
fn settings_of_losses_are_written_and_read_back() {
    for text in [
        "kind = 'mmd'",
        "kind = 'mmd-repulsive', kernel = 'gaussian', scales = [1, 2.5], estimator = 'biased'",
        "kind = 'cramer'",
        "kind = 'sinkhorn', epsilon = 0.1, iterations = 7",
        "kind = 'sliced-wasserstein', directions = 9",
    ] {
        let text = format!("data.name = 'ring'\n{CRITIC}loss = {{ {text} }}");
        let run = Layers::text(&text, "test", None).unwrap().resolve().unwrap();
        assert!(run.warnings().iter().any(|warning| warning.rule == "unconstrained-features"), "{text}");
        let file: crate::config::RunFile = toml::from_str(&run.to_toml()).unwrap();
        assert_eq!(file.resolve().unwrap(), run, "{text}");
    }
}
