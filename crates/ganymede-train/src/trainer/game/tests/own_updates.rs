//! Terms that have updates of their own.

use ganymede_tensor::OptimizerConfig;

use super::*;

/// StyleGAN2's R1: an update after every 16th of the adversarial loss, and rates that make up for it.
#[test]
fn a_penalty_may_have_updates_of_its_own() {
    let mut game = game(|run| {
        let penalty = PenaltyConfig::every_step(Penalty::R1 { gamma: 1.0 });
        run.penalties = vec![PenaltyConfig { interval: 3, own_update: true, ..penalty }];
    });
    let taken: Vec<u64> = (0..7)
        .map(|_| {
            let entry = game.play(true).unwrap().unwrap().read(1, 4).unwrap();
            assert!(entry.get("penalty").unwrap() > 0.0);
            game.players.discriminator.learner.optimizer.steps()
        })
        .collect();
    // Due beside updates 0, 3 and 6.
    assert_eq!(taken, [2, 3, 4, 6, 7, 8, 10]);
    assert_eq!(game.images(), 28, "on the same real samples");
    let (g, d) = (&game.players.generator.learner.optimizer, &game.players.discriminator.learner.optimizer);
    let OptimizerConfig::Adam { lr, beta1, beta2, .. } = d.config() else { panic!("{:?}", d.config()) };
    let c: f64 = 3.0 / 4.0;
    assert_eq!((lr, beta1, beta2), (2e-4 * c, 0.5f64.powf(c), 0.999f64.powf(c)));
    assert_eq!(g.config(), OptimizerConfig::ADAM);
}

/// The sum of both updates' gradients is that of the update that has both terms.
#[test]
fn its_gradient_is_the_penaltys_alone() {
    let fields = |own_update: bool| {
        let mut game = game(|run| {
            let penalty = PenaltyConfig::every_step(Penalty::R1 { gamma: 1.0 });
            run.penalties = vec![PenaltyConfig { interval: 2, own_update, ..penalty }];
            // Without statistics or spectral vectors, which the passes of the loss would have moved before the penalty.
            let table = "kind = \"dcgan\"\nwidth = 3\nnorm = \"none\"".parse().unwrap();
            run.discriminator = DiscriminatorConfig::from_table(&table).unwrap();
        });
        let draws = game.players.draw_discriminator(0, 0).unwrap();
        let gradient = |part| -> Vec<Vec<f32>> {
            let field = game.players.discriminator_field(&draws, part, Graph::Discard, false).unwrap();
            field.gradients.iter().map(|t| t.flatten_all().unwrap().to_vec1().unwrap()).collect()
        };
        (gradient(Part::Loss), gradient(Part::Own))
    };
    let (both, nothing) = fields(false);
    let (loss, penalty) = fields(true);
    assert!(nothing.iter().flatten().all(|x| *x == 0.0));
    for ((both, loss), penalty) in both.iter().zip(&loss).zip(&penalty) {
        for ((both, loss), penalty) in both.iter().zip(loss).zip(penalty) {
            assert!((both - loss - penalty).abs() <= 1e-5 * (1.0 + both.abs()), "{both} {loss} {penalty}");
        }
    }
}

#[test]
fn a_file_says_so() {
    let text = "[[penalty]]\nkind = 'r1'\ngamma = 2\ninterval = 16\nown_update = true";
    let run = Layers::text(text, "test", None).unwrap().resolve().unwrap();
    assert!(run.penalties[0].own_update && run.to_toml().contains("own_update = true"));
    let text = "[[penalty]]\nkind = 'r1'\nown_update = 1";
    let error = Layers::text(text, "test", None).unwrap().resolve().unwrap_err().to_string();
    assert!(error.contains("penalty.0.own_update: found 1, expected true or false"), "{error}");
}

/// StyleGAN2-ADA in small: p of the augmentation, the mean length of paths, mixed styles and noise go on where they were.
#[test]
fn twins_with_all_of_stylegan2_go_on_alike() {
    let text = "
[run]
batch = 4
[data]
resolution = 16
[generator]
kind = 'stylegan2'
z_dim = 4
w_dim = 4
mapping_layers = 1
channel_base = 64
channel_max = 4
style_mixing = 0.5
[discriminator]
kind = 'stylegan2'
channel_base = 64
channel_max = 4
[[penalty]]
kind = 'r1'
interval = 3
own_update = true
[[term]]
kind = 'path-length'
interval = 2
[[term]]
kind = 'lecam'
[augment]
kind = 'ada'
p = 'adaptive'
target = 0.0
kimg = 0.05
interval = 2
[ema]
half_life_kimg = 0.01
rampup = 0.5
";
    let run = Layers::text(text, "test", None).unwrap().resolve().unwrap();
    let new = || Game::new(&run, Arc::clone(&CLOTHES), &Device::Cpu).unwrap();
    let (mut game, mut twin) = (new(), new());
    for _ in 0..5 {
        game.play(false).unwrap();
    }
    carry_over(&game, &mut twin);
    for _ in 0..3 {
        let one = game.play(true).unwrap().unwrap().read(1, 4).unwrap();
        let other = twin.play(true).unwrap().unwrap().read(1, 4).unwrap();
        assert_eq!(one, other);
        assert!(one.get("path_length_mean").unwrap() > 0.0, "{one:?}");
        assert!(one.get("lecam").unwrap() > 0.0 && one.get("lecam_real").is_some(), "{one:?}");
    }
    assert_eq!(of_both(&game), of_both(&twin));
    assert_eq!(values(game.sampler().params()), values(twin.sampler().params()));
}
