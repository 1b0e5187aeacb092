//! Networks that grow while they play.

use super::*;

pub(super) const STAGES: &str = "
[run]
batch = 4
kimg = 0.064
[data]
resolution = 16
[generator]
kind = 'pggan'
z_dim = 5
width_base = 32
width_max = 4
[discriminator]
kind = 'pggan'
width_base = 32
width_max = 4
[growth]
kind = 'progressive'
fade_kimg = 0.012
stable_kimg = 0.008
batch = [4, 4, 2]
lr_factor = [1.0, 2.0]
";

fn growing() -> Game {
    let run = Layers::text(STAGES, "test", None).unwrap().resolve().unwrap();
    Game::new(&run, Arc::clone(&CLOTHES), &Device::Cpu).unwrap()
}

/// Stages of 4, 8 and 16 px: 2 steps, then 3 + 2, then 6 and the rest; all data in their order.
#[test]
fn a_run_goes_through_its_stages() {
    let mut game = growing();
    assert_eq!(game.run.steps, 2 + 3 + 2 + 6 + 12);
    let (mut seen, mut shown) = (Vec::new(), 0);
    for step in 0..15 {
        let entry = game.play(true).unwrap().unwrap().read(step, 4).unwrap();
        assert!(entry.non_finite().is_none(), "{entry:?}");
        let value = |name| entry.get(name).unwrap();
        seen.push((value("growth_stage"), value("growth_alpha"), value("lr_factor")));
        shown += if step < 7 { 4 } else { 2 };
        assert_eq!(game.images(), shown);
    }
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
    let alphas = [1.0, 1.0, 0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0, 1.0, 0.0, 1.0 / 6.0, 2.0 / 6.0];
    for (step, alpha) in alphas.into_iter().enumerate() {
        let stage = if step < 2 { 0.0 } else { f64::from(u8::from(step >= 7)) + 1.0 };
        let rate = if step < 2 { 1.0 } else { 2.0 };
        let found = seen[step];
        assert!(found.0 == stage && near(found.1, alpha) && found.2 == rate, "step {step}: {found:?}");
    }
    assert_eq!(seen[14].0, 2.0);
    assert!(near(seen[14].1, 1.0));
}

#[test]
fn real_samples_grow_as_generated_ones_do() {
    let mut game = growing();
    let sides = |game: &mut Game| {
        let real = game.players.draw_discriminator(0, 0).unwrap().real.samples;
        (real.dims()[0], real.dims()[3])
    };
    for (step, wanted) in [(0, (4, 4)), (2, (4, 8)), (6, (4, 8)), (7, (2, 16)), (13, (2, 16))] {
        let growth = game.run.growth_at(step);
        game.players.source.prepare(growth, game.run.batch_at(step)).unwrap();
        assert_eq!(sides(&mut game), wanted, "step {step}");
    }
}

/// Saved in the midst of a fade, loaded into a twin, the next steps are the same bits.
#[test]
fn twins_grow_alike() {
    for steps in [1, 3, 7, 9] {
        let (mut game, mut twin) = (growing(), growing());
        for _ in 0..steps {
            game.play(false).unwrap();
        }
        carry_over(&game, &mut twin);
        for _ in 0..3 {
            let one = game.play(true).unwrap().unwrap().read(1, 4).unwrap();
            let other = twin.play(true).unwrap().unwrap().read(1, 4).unwrap();
            assert_eq!(one, other, "after {steps} steps");
        }
        assert_eq!(of_both(&game), of_both(&twin));
    }
}

#[test]
fn optimisers_begin_anew_where_a_phase_does() {
    let mut game = growing();
    let counts: Vec<u64> = (0..9)
        .map(|_| {
            game.play(false).unwrap();
            game.players.generator.learner.optimizer.steps()
        })
        .collect();
    assert_eq!(counts, [1, 2, 1, 2, 3, 1, 2, 1, 2]);
}

#[test]
fn networks_that_do_not_grow_together_are_refused() {
    let refused = |change: &[&str]| {
        let mut layers = Layers::text(STAGES, "test", None).unwrap();
        layers.set(change).unwrap();
        layers.resolve().unwrap_err().to_string()
    };
    let message = refused(&["discriminator.kind=dcgan"]);
    assert!(
        message.contains("discriminator.kind: on samples of [3, 16, 16] the generator grows in 3"),
        "{message}"
    );
    let message = refused(&["growth.batch=[4, 0]"]);
    assert!(message.contains("growth.batch: found 0"), "{message}");
}
