#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;

use ganymede_datasets::{OpenOptions, open};
use ganymede_losses::{AdversarialLoss, LazyPenalty, Penalty};
use ganymede_models::NormKind;

use super::*;
use crate::config::{Layers, NetworkConfig};

/// Small images through networks that have every kind of state: batch statistics and spectral vectors.
fn game(change: impl Fn(&mut Run)) -> Game {
    let mut layers = Layers::default();
    let sets = ["run.batch=4", "data.resolution=16", "generator.width=3", "generator.z_dim=5"];
    layers.set(&sets).unwrap();
    let mut run = layers.resolve().unwrap();
    run.discriminator =
        NetworkConfig::Dcgan { width: 3, max_multiplier: 8, norm: NormKind::Batch, spectral: true };
    change(&mut run);
    let options = OpenOptions { resolution: Some(16), ..OpenOptions::default() };
    let dataset = open("fashion-mnist-10k", &options).unwrap().dataset;
    Game::new(&run, dataset, &Device::Cpu).unwrap()
}

type Values = BTreeMap<String, Vec<f32>>;

fn values(params: &Params) -> Values {
    let read = |t: &Tensor| t.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    params.state_dict().iter().map(|(name, tensor)| (name.clone(), read(tensor))).collect()
}

fn changed(before: &Values, after: &Values) -> Vec<String> {
    before.keys().filter(|name| before[*name] != after[*name]).cloned().collect()
}

#[test]
fn each_update_changes_one_player_and_nothing_of_the_other() {
    let mut game = game(|_| ());
    let before = (values(game.g.params()), values(game.d.params()));
    let seen = game.train_discriminator(0, false).unwrap();
    let between = (values(game.g.params()), values(game.d.params()));
    assert_eq!(changed(&before.0, &between.0), Vec::<String>::new());
    // Weights, running statistics and spectral vectors.
    let moved = changed(&before.1, &between.1);
    assert!(moved.iter().any(|name| name.contains("running_mean")), "{moved:?}");
    assert!(moved.len() > 3, "{moved:?}");

    game.train_generator(&seen.real, false).unwrap();
    let after = (values(game.g.params()), values(game.d.params()));
    assert_eq!(changed(&between.1, &after.1), Vec::<String>::new());
    let moved = changed(&between.0, &after.0);
    assert!(moved.iter().any(|name| name.contains("running_var")), "{moved:?}");
}

#[test]
fn a_step_is_n_critic_discriminator_batches_and_one_generator_update() {
    let mut game = game(|run| run.n_critic = 3);
    game.play(false).unwrap();
    assert_eq!((game.step(), game.images()), (1, 12));
    assert_eq!((game.opt_d.steps(), game.opt_g.steps()), (3, 1));
}

#[test]
fn only_measured_steps_give_numbers_and_measuring_changes_nothing() {
    let (mut quiet, mut loud) = (game(|_| ()), game(|_| ()));
    for _ in 0..3 {
        assert!(quiet.play(false).unwrap().is_none());
        let entry = loud.play(true).unwrap().unwrap().read(1, 4).unwrap();
        assert!(entry.non_finite().is_none() && entry.grad_norm_g > 0.0, "{entry:?}");
        let shares = [entry.accuracy_real.unwrap(), entry.accuracy_fake.unwrap()];
        assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{shares:?}");
    }
    assert_eq!(values(quiet.g.params()), values(loud.g.params()));
    assert_eq!(values(quiet.d.params()), values(loud.d.params()));
}

#[test]
fn clipped_weights_stay_within_their_bound() {
    let mut game = game(|run| {
        run.loss = AdversarialLoss::Wasserstein;
        run.weight_clip = Some(0.01);
    });
    game.play(false).unwrap();
    for param in game.d.params().params() {
        let most = param.get().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
        assert!(most.to_scalar::<f32>().unwrap() <= 0.01, "{}", param.name());
    }
}

#[test]
fn lazy_penalties_count_discriminator_updates_and_are_held_between() {
    let mut game = game(|run| {
        run.penalties = vec![LazyPenalty { penalty: Penalty::R1 { gamma: 1.0 }, interval: 3 }];
    });
    // Due at updates 0, 3, 6, ...
    let shown: Vec<f64> =
        (0..5).map(|_| game.play(true).unwrap().unwrap().read(1, 4).unwrap().penalty.unwrap()).collect();
    assert!(shown[0] == shown[1] && shown[1] == shown[2] && shown[2] != shown[3], "{shown:?}");
    assert_eq!(shown[3], shown[4]);
    assert!(shown.iter().all(|value| *value > 0.0), "{shown:?}");
}

#[test]
fn an_average_without_memory_is_the_generator() {
    let mut game = game(|run| {
        run.ema = Some(ganymede_tensor::EmaConfig { decay: 0.0, warmup: false });
    });
    for _ in 0..2 {
        game.play(false).unwrap();
    }
    let ema = game.ema.as_ref().unwrap();
    assert_eq!(values(ema.params()), values(game.g.params()));
}

#[test]
fn every_loss_plays_with_every_penalty() {
    for &loss in AdversarialLoss::ALL {
        for &penalty in Penalty::DEFAULTS {
            let mut game = game(|run| {
                run.loss = loss;
                run.penalties = vec![LazyPenalty::every_step(penalty)];
            });
            let entry = game.play(true).unwrap().unwrap().read(1, 4).unwrap();
            assert!(entry.non_finite().is_none(), "{loss} {penalty:?} {entry:?}");
        }
    }
}

#[test]
fn the_schedule_scales_both_rates() {
    let mut game = game(|run| {
        run.schedule = crate::config::Schedule::Linear { from_step: 0, to_step: 4, final_factor: 0.0 };
    });
    let factors: Vec<f64> = (0..3).map(|_| game.play(true).unwrap().unwrap().lr_factor).collect();
    assert_eq!(factors, [1.0, 0.75, 0.5]);
    assert_eq!(game.opt_g.lr(), game.run.optimizer_g.lr() * 0.5);
    assert_eq!(game.opt_d.lr(), game.run.optimizer_d.lr() * 0.5);
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
