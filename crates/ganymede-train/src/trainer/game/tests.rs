#![allow(clippy::unwrap_used)]
mod augmented;
mod covering;
mod features;
mod growth;
mod init;
mod made;
mod own_updates;
mod schemes;
mod told;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use ganymede_datasets::{OpenOptions, open};
use ganymede_losses::{AdversarialLoss, Penalty};
use ganymede_models::{DiscriminatorConfig, GeneratorConfig};
use ganymede_tensor::{Graph, Params, Tensor};

use super::*;
use crate::config::{Average, Course, Layers, Lookahead, NCritic, PenaltyConfig, Ramp};
use crate::trainer::maker::Fakes;
use crate::trainer::player::Field;
use crate::trainer::scheme::{SCHEMES, SchemeConfig};
use crate::trainer::section::Sections;
use crate::trainer::terms::Part;
use crate::trainer::view::Batch;

/// Small images through networks that have every kind of state: batch statistics and spectral vectors.
fn game(change: impl Fn(&mut Run)) -> Game {
    let mut layers = Layers::default();
    layers.set(&["run.batch=4", "data.resolution=16", "generator.width=3", "generator.z_dim=5"]).unwrap();
    layers
        .set(&["discriminator.width=3", "discriminator.norm=batch", "discriminator.spectral=true"])
        .unwrap();
    let mut run = layers.resolve().unwrap();
    change(&mut run);
    Game::new(&run, Arc::clone(&CLOTHES), &Device::Cpu).unwrap()
}

/// Made once: that takes longer than a game.
static CLOTHES: LazyLock<Arc<dyn Dataset>> = LazyLock::new(|| {
    let options = OpenOptions { resolution: Some(16), ..OpenOptions::default() };
    open("fashion-mnist-10k", &options).unwrap().dataset
});

type Values = BTreeMap<String, Vec<f32>>;

fn values(params: &Params) -> Values {
    let read = |t: &Tensor| t.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    params.state_dict().iter().map(|(name, tensor)| (name.clone(), read(tensor))).collect()
}

fn changed(before: &Values, after: &Values) -> Vec<String> {
    before.keys().filter(|name| before[*name] != after[*name]).cloned().collect()
}

fn of_both(game: &Game) -> (Values, Values) {
    (values(game.players.generator.net.params()), values(game.players.discriminator.net.params()))
}

#[test]
fn each_update_changes_one_player_and_nothing_of_the_other() {
    let mut game = game(|_| ());
    let before = of_both(&game);
    let draws = game.players.draw_discriminator(0, 0).unwrap();
    let field = game.players.discriminator_field(&draws, Part::Loss, Graph::Discard, false).unwrap();
    game.players.discriminator.learner.apply(field).unwrap();
    let between = of_both(&game);
    assert_eq!(changed(&before.0, &between.0), Vec::<String>::new());
    // Weights, running statistics and spectral vectors.
    let moved = changed(&before.1, &between.1);
    assert!(moved.iter().any(|name| name.contains("running_mean")), "{moved:?}");
    assert!(moved.len() > 3, "{moved:?}");

    let draws = game.players.draw_generator(0, draws.real).unwrap();
    let field = game.players.generator_field(&draws, Part::Loss, Graph::Discard, false).unwrap();
    game.players.generator.learner.apply(field).unwrap();
    let after = of_both(&game);
    assert_eq!(changed(&between.1, &after.1), Vec::<String>::new());
    let moved = changed(&between.0, &after.0);
    assert!(moved.iter().any(|name| name.contains("running_var")), "{moved:?}");
}

/// A field is a function of its draws: nothing moves when it is made, and it is made the same again.
#[test]
fn a_field_moves_nothing_and_is_the_same_again() {
    let mut game = game(|run| run.penalties = vec![PenaltyConfig::every_step(Penalty::DEFAULTS[0])]);
    game.play(false).unwrap();
    let before = of_both(&game);
    let draws_d = game.players.draw_discriminator(1, 0).unwrap();
    let draws_g = game.players.draw_generator(1, draws_d.real.clone()).unwrap();
    let numbers = |field: Field| -> Vec<Vec<f32>> {
        let all = field.gradients.into_iter().chain(field.buffers);
        all.map(|t| t.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1().unwrap()).collect()
    };
    for graph in [Graph::Discard, Graph::Create] {
        let d = |game: &Game| {
            numbers(game.players.discriminator_field(&draws_d, Part::Loss, graph, true).unwrap())
        };
        let g =
            |game: &Game| numbers(game.players.generator_field(&draws_g, Part::Loss, graph, true).unwrap());
        assert_eq!(d(&game), d(&game));
        assert_eq!(g(&game), g(&game));
    }
    assert_eq!(of_both(&game), before);
}

fn scheme_named(name: &str) -> SchemeConfig {
    SchemeConfig::usual(SCHEMES.iter().find(|kind| kind.name == name).unwrap())
}

/// Gives a twin all that a game saves of itself, as a resume would.
fn carry_over(game: &Game, twin: &mut Game) -> Sections {
    let mut sections = Sections::default();
    for (name, part) in game.parts() {
        part.save(&mut sections.section(name)).unwrap();
    }
    twin.load_parts(|name, part| part.load(&sections.saved(name)).map_err(|misfit| misfit.0)).unwrap();
    twin.step = game.step;
    sections
}

/// Every part of the state, by every scheme: saved, loaded into a twin, the next steps are the same bits.
#[test]
fn twins_go_on_alike() {
    for kind in SCHEMES {
        let change = |run: &mut Run| {
            run.scheme = SchemeConfig::usual(kind);
            run.lookahead = Some(Lookahead { every: 3, alpha: 0.5 });
            (run.clip_norm_g, run.clip_norm_d) = (Some(1.0), Some(0.5));
            run.penalties = vec![
                PenaltyConfig { interval: 3, ..PenaltyConfig::every_step(Penalty::R1 { gamma: 1.0 }) },
                PenaltyConfig::every_step(Penalty::DEFAULTS[1]),
            ];
            let fall = Ramp { from: 0.5, to: 0.9, from_step: 0, to_step: Some(10) };
            run.ema = Some(Average::Decay { decay: Course::Linear(fall), warmup: false });
        };
        let (mut game, mut twin) = (game(change), game(change));
        for _ in 0..4 {
            game.play(false).unwrap();
        }
        let sections = carry_over(&game, &mut twin);
        let names: Vec<&str> = game.parts().iter().map(|(name, _)| *name).collect();
        let mut loaded = Vec::new();
        twin.load_parts(|name, part| {
            loaded.push(name);
            part.load(&sections.saved(name)).map_err(|misfit| misfit.0)
        })
        .unwrap();
        assert_eq!(loaded, names);
        for _ in 0..3 {
            let one = game.play(true).unwrap().unwrap().read(1, 4).unwrap();
            let other = twin.play(true).unwrap().unwrap().read(1, 4).unwrap();
            assert_eq!(one, other);
        }
        assert_eq!(of_both(&game), of_both(&twin));
        assert_eq!(values(game.sampler().params()), values(twin.sampler().params()));
    }
}

/// What strategies remember between steps, by the way of a configuration.
#[test]
fn twins_of_every_strategy_go_on_alike() {
    for text in [
        "generator.members = 2\ndiscriminator.members = 2\nloss.members = 'softmax'",
        "optimizer.generator.kind = 'optimistic-adam'\noptimizer.discriminator.kind = 'optimistic-adam'",
        "optimizer.generator.kind = 'adamw'\noptimizer.discriminator = { kind = 'sgd', momentum = -0.3 }",
        "term = [{ kind = 'consistency' }, { kind = 'logit-centring' }, { kind = 'lecam' }]\nloss.top_k = 0.5",
        "penalty = [{ kind = 'first-order-r1' }, { kind = 'first-order-r2', interval = 2, own_update = true }]",
        "discriminator.scores = 3\ndiscriminator.norm = 'none'\nloss.kind = 'mmd'\noptimizer.n_critic = 2\n\
         penalty = [{ kind = 'wgan-gp', interval = 2, own_update = true }]",
        "generator.members = 2\ndiscriminator.origins = 2\nterm = [{ kind = 'origin' }, { kind = 'latent-consistency' }]",
        "discriminator.scores = 3\ndiscriminator.members = 2\nloss.kind = 'sliced-wasserstein'",
        "discriminator.norm = 'none'\ndiscriminator.gradient_normalised = true\nloss.kind = 'hinge'",
        "scheme.kind = 'unrolled'\nscheme.steps = 2\noptimizer.lookahead = 2\naugment.kind = 'diffusion'\n\
         augment.kimg = 0.1\naugment.interval = 2",
    ] {
        let new = || {
            let shapes = "run.batch = 4\ndata.resolution = 16\ngenerator.width = 3\ngenerator.z_dim = 5\n\
                          discriminator.width = 3\nema.decay = 0.5";
            let run = Layers::text(&format!("{shapes}\n{text}"), "test", None).unwrap().resolve().unwrap();
            Game::new(&run, Arc::clone(&CLOTHES), &Device::Cpu).unwrap()
        };
        let (mut game, mut twin) = (new(), new());
        (0..3).for_each(|_| drop(game.play(false).unwrap()));
        carry_over(&game, &mut twin);
        for _ in 0..3 {
            let one = game.play(true).unwrap().unwrap().read(1, 4).unwrap();
            let other = twin.play(true).unwrap().unwrap().read(1, 4).unwrap();
            assert!(one.non_finite().is_none(), "{text}: {one:?}");
            assert_eq!(one, other, "{text}");
        }
        assert_eq!(of_both(&game), of_both(&twin), "{text}");
    }
}

fn sgd(lr: f64) -> crate::config::Scheduled<ganymede_tensor::OptimizerConfig> {
    ganymede_tensor::OptimizerConfig::SGD.with_lr(lr).into()
}

/// The streams of latent vectors, of every distribution, go on where they were.
#[test]
fn twins_draw_alike_whatever_they_draw() {
    for latent in ["uniform", "truncated-normal", "sphere"] {
        let change = |run: &mut Run| {
            let table = format!("kind = \"dcgan\"\nwidth = 3\nz_dim = 5\nlatent = \"{latent}\"");
            run.generator = GeneratorConfig::from_table(&table.parse().unwrap()).unwrap();
        };
        let (mut game, mut twin) = (game(change), game(change));
        game.play(false).unwrap();
        carry_over(&game, &mut twin);
        let drawn = |game: &mut Game| {
            let draws = game.players.draw_discriminator(1, 0).unwrap();
            draws.latents.z.to_vec2::<f32>().unwrap()
        };
        let z = drawn(&mut game);
        assert_eq!(z, drawn(&mut twin), "{latent}");
        assert!(latent == "sphere" || z.iter().flatten().all(|z| z.abs() <= 2.0), "{latent}");
    }
}

/// A term moves its own player's weights alone, and shows in the log.
#[test]
fn terms_are_of_their_own_player() {
    let fields = |text: &str| {
        let mut game =
            game(|run| run.terms = Layers::text(text, "test", None).unwrap().resolve().unwrap().terms);
        let draws_d = game.players.draw_discriminator(0, 0).unwrap();
        let draws_g = game.players.draw_generator(0, draws_d.real.clone()).unwrap();
        let numbers = |field: &Field| -> Vec<Vec<f32>> {
            field.gradients.iter().map(|t| t.flatten_all().unwrap().to_vec1().unwrap()).collect()
        };
        let d =
            numbers(&game.players.discriminator_field(&draws_d, Part::Loss, Graph::Discard, false).unwrap());
        let g = numbers(&game.players.generator_field(&draws_g, Part::Loss, Graph::Discard, false).unwrap());
        (g, d, game.play(true).unwrap().unwrap().read(1, 4).unwrap())
    };
    let (plain_g, plain_d, _) = fields("");
    let orthogonal = "[[term]]\nkind = \"orthogonal\"\n";
    let (g, d, entry) = fields(orthogonal);
    assert!(g != plain_g && d == plain_d);
    assert!(entry.get("orthogonal_g").unwrap() > 0.0 && entry.get("orthogonal_d").is_none());
    for (text, value) in [
        (format!("{orthogonal}player = \"discriminator\""), "orthogonal_d"),
        ("[[term]]\nkind = \"drift\"".to_owned(), "drift"),
    ] {
        let (g, d, entry) = fields(&text);
        assert!(g == plain_g && d != plain_d, "{text}");
        assert!(entry.get(value).unwrap() > 0.0, "{text}");
    }
}

#[test]
fn a_step_is_n_critic_discriminator_batches_and_one_generator_update() {
    let mut game = game(|run| run.n_critic = NCritic::fixed(3));
    game.play(false).unwrap();
    assert_eq!((game.step(), game.images()), (1, 12));
    let (g, d) = (&game.players.generator.learner, &game.players.discriminator.learner);
    assert_eq!((d.optimizer.steps(), g.optimizer.steps()), (3, 1));
}

/// Less at once, and the same update.
#[test]
fn a_batch_in_parts_is_a_batch() {
    let change = |parts: usize| {
        move |run: &mut Run| {
            let of =
                |kind: &str| format!("kind = \"dcgan\"\nwidth = 3\nnorm = \"none\"\n{kind}").parse().unwrap();
            run.generator = GeneratorConfig::from_table(&of("z_dim = 5")).unwrap();
            run.discriminator = DiscriminatorConfig::from_table(&of("")).unwrap();
            (run.optimizer_g, run.optimizer_d) = (sgd(0.1), sgd(0.1));
            let penalty = PenaltyConfig::every_step(Penalty::R1 { gamma: 1.0 });
            run.penalties = vec![PenaltyConfig { interval: 2, own_update: true, ..penalty }];
            run.terms =
                Layers::text("term = [{ kind = \"lecam\" }]", "test", None).unwrap().resolve().unwrap().terms;
            run.accumulate = parts;
        }
    };
    let (mut whole, mut parts) = (game(change(1)), game(change(2)));
    for step in 1..=3 {
        let [one, other] =
            [&mut whole, &mut parts].map(|game| game.play(true).unwrap().unwrap().read(step, 4).unwrap());
        for (name, value) in &one.values {
            let found = other.values[name];
            let is_norm = name.contains("norm");
            assert!(
                is_norm || (found - value).abs() < 1e-4 * value.abs().max(1.0),
                "{name}: {value} {found}"
            );
        }
        assert_eq!(whole.images(), parts.images());
    }
    let (one, other) = (of_both(&whole), of_both(&parts));
    for (one, other) in [(&one.0, &other.0), (&one.1, &other.1)] {
        for (name, values) in one {
            let close = values.iter().zip(&other[name]).all(|(a, b)| (a - b).abs() < 1e-5 * a.abs().max(1.0));
            assert!(close, "{name}");
        }
    }
}

#[test]
fn only_measured_steps_give_numbers_and_measuring_changes_nothing() {
    let (mut quiet, mut loud) = (game(|_| ()), game(|_| ()));
    for _ in 0..3 {
        assert!(quiet.play(false).unwrap().is_none());
        let entry = loud.play(true).unwrap().unwrap().read(1, 4).unwrap();
        assert!(entry.non_finite().is_none() && entry.get("grad_norm_g").unwrap() > 0.0, "{entry:?}");
        let shares = [entry.get("accuracy_real").unwrap(), entry.get("accuracy_fake").unwrap()];
        assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{shares:?}");
    }
    assert_eq!(of_both(&quiet), of_both(&loud));
}

#[test]
fn clipped_weights_stay_within_their_bound() {
    let mut game = game(|run| {
        run.loss = AdversarialLoss::Wasserstein.into();
        run.weight_clip = Some(0.01);
    });
    game.play(false).unwrap();
    for param in game.players.discriminator.net.params().params() {
        let most = param.get().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
        assert!(most.to_scalar::<f32>().unwrap() <= 0.01, "{}", param.name());
    }
}

#[test]
fn lazy_penalties_count_discriminator_updates_and_are_held_between() {
    let mut game = game(|run| {
        run.penalties =
            vec![PenaltyConfig { interval: 3, ..PenaltyConfig::every_step(Penalty::R1 { gamma: 1.0 }) }];
    });
    // Due at updates 0, 3, 6, ...
    let shown: Vec<f64> = (0..5)
        .map(|_| game.play(true).unwrap().unwrap().read(1, 4).unwrap().get("penalty").unwrap())
        .collect();
    assert!(shown[0] == shown[1] && shown[1] == shown[2] && shown[2] != shown[3], "{shown:?}");
    assert_eq!(shown[3], shown[4]);
    assert!(shown.iter().all(|value| *value > 0.0), "{shown:?}");
}

#[test]
fn an_average_without_memory_is_the_generator() {
    let mut game = game(|run| {
        run.ema = Some(Average::Decay { decay: Course::Constant { value: 0.0 }, warmup: false });
    });
    for _ in 0..2 {
        game.play(false).unwrap();
    }
    assert_eq!(values(game.average.as_ref().unwrap().params()), of_both(&game).0);
}

#[test]
fn every_loss_plays_with_every_penalty() {
    for &loss in AdversarialLoss::ALL {
        for &penalty in Penalty::DEFAULTS {
            let mut game = game(|run| {
                run.loss = loss.into();
                run.penalties = vec![PenaltyConfig::every_step(penalty)];
            });
            let entry = game.play(true).unwrap().unwrap().read(1, 4).unwrap();
            assert!(entry.non_finite().is_none(), "{loss} {penalty:?} {entry:?}");
        }
    }
}

/// A discriminator of packs sees half as many images, twice as deep, in every pass; so do its penalties.
#[test]
fn packs_are_played_for() {
    for &penalty in Penalty::DEFAULTS {
        let mut game = game(|run| {
            let table = "kind = \"dcgan\"\nwidth = 3\npack = 2".parse().unwrap();
            run.discriminator = DiscriminatorConfig::from_table(&table).unwrap();
            run.loss = AdversarialLoss::RelativisticPaired.into();
            run.penalties = vec![PenaltyConfig::every_step(penalty)];
        });
        assert_eq!(game.players.discriminator.net.io().sample, [2, 16, 16]);
        let entry = game.play(true).unwrap().unwrap().read(1, 4).unwrap();
        assert!(entry.non_finite().is_none(), "{penalty:?} {entry:?}");
    }
}

#[test]
fn the_schedule_scales_both_rates() {
    let mut game = game(|run| {
        run.schedule = Course::Linear(Ramp { from: 1.0, to: 0.0, from_step: 0, to_step: Some(4) });
    });
    let factors: Vec<f64> = (0..3)
        .map(|_| game.play(true).unwrap().unwrap().read(1, 4).unwrap().get("lr_factor").unwrap())
        .collect();
    assert_eq!(factors, [1.0, 0.75, 0.5]);
    for learner in [&game.players.generator.learner, &game.players.discriminator.learner] {
        assert_eq!(learner.optimizer.lr(), 2e-4 * 0.5);
    }
}

#[test]
fn data_of_another_shape_are_refused_in_words() {
    let mut layers = Layers::default();
    layers.set(&["data.resolution=16"]).unwrap();
    let run = layers.resolve().unwrap();
    // 28 × 28, as the files hold them.
    let dataset = open("fashion-mnist-10k", &OpenOptions::default()).unwrap().dataset;
    let Err(error) = Game::new(&run, dataset, &Device::Cpu) else { panic!("28 is no power of two") };
    assert!(error.to_string().contains("resolution"), "{error}");
}

#[test]
fn residual_networks_play_at_48_pixels() {
    let mut layers = Layers::default();
    layers.set(&["run.batch=2", "data.resolution=48", "generator.z_dim=5"]).unwrap();
    layers.set(&["generator.kind=sngan", "generator.width=8"]).unwrap();
    layers.set(&["discriminator.kind=sngan", "discriminator.width=16"]).unwrap();
    let run = layers.resolve().unwrap();
    let options = OpenOptions { resolution: run.data.resolution, ..OpenOptions::default() };
    let dataset = open("fashion-mnist-10k", &options).unwrap().dataset;
    assert_eq!(dataset.shape(), [1, 48, 48]);
    let mut game = Game::new(&run, dataset, &Device::Cpu).unwrap();
    let before = of_both(&game);
    assert!(game.play(true).unwrap().unwrap().read(1, 2).unwrap().non_finite().is_none());
    let after = of_both(&game);
    assert!(!changed(&before.0, &after.0).is_empty() && !changed(&before.1, &after.1).is_empty());
}
