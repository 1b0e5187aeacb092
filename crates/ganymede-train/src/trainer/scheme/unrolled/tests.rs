use ganymede_models::Generated;
use ganymede_tensor::Rng;

use super::*;
use crate::trainer::Game;
use crate::trainer::testing::ring_game;

/// Smooth networks, so that differences of the loss are its derivative.
const NETS: &str = "generator.kind = \"mlp\"\ngenerator.z_dim = 2\ngenerator.width = 4\ngenerator.layers = 1\n\
                    generator.activation = \"tanh\"\ndiscriminator.kind = \"mlp\"\ndiscriminator.width = 4\n\
                    discriminator.layers = 1\ndiscriminator.activation = \"tanh\"";

struct Point {
    game: Game,
    last: DiscriminatorDraws,
    draws: GeneratorDraws,
}

/// Some steps into a game, so that the rule has moments.
fn point(text: &str) -> Point {
    let mut game = ring_game(&format!("{NETS}\n{text}"));
    for _ in 0..3 {
        game.play(false).unwrap();
    }
    let last = game.players.draw_discriminator(3, 0).unwrap();
    let draws = game.players.draw_generator(3, last.real.clone()).unwrap();
    Point { game, last, draws }
}

impl Point {
    fn look(&self, unrolled: &Unrolled) -> Vec<Tensor> {
        unrolled.look(&self.game.players, &self.last, &self.draws).unwrap().1
    }

    /// Samples of the generator as it is.
    fn made(&self) -> Generated {
        self.game.players.make(&self.draws).unwrap()
    }

    /// Where updates on samples lead.
    fn ahead(&self, steps: u64, made: &Generated) -> Vec<Tensor> {
        let unrolled = Unrolled { steps, first_order: true };
        unrolled.ahead(&self.game.players, &self.last, &self.batch(made)).unwrap().0
    }

    fn batch(&self, made: &Generated) -> Fakes<'_> {
        let batch = Batch { samples: made.samples.detach(), condition: self.draws.condition.clone() };
        Fakes { batch, latents: &self.draws.latents }
    }

    /// The generator's loss on samples against such a discriminator, and the game's value.
    fn losses(&self, made: &Generated, values: &[Tensor]) -> (f64, f64) {
        let players = &self.game.players;
        let _bound = players.discriminator.net.params().bind(values).unwrap();
        let loss = players.generator_loss(&self.draws, made, Part::Loss).unwrap();
        let value = players.discriminator_loss(&self.last, &self.batch(made), Part::Loss, LOOK).unwrap();
        let number = |loss: Loss| loss.total().unwrap().unwrap().to_scalar::<f64>().unwrap();
        (number(loss), -number(value))
    }
}

fn along(a: &[Tensor], b: &[Tensor]) -> f64 {
    let product =
        |(a, b): (&Tensor, &Tensor)| (a * b).unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap();
    a.iter().zip(b).map(product).sum()
}

/// Through every update rule, and through penalties and terms whose own gradient is of second order.
#[test]
fn the_gradient_is_that_of_differences_through_the_whole_inner_loop() {
    const STEP: f64 = 1e-5;
    let of = |rule: &str| format!("optimizer.discriminator = {{ {rule} }}");
    for (text, steps) in [
        (of("kind = \"sgd\", lr = 0.3"), 3),
        (of("kind = \"sgd\", lr = 0.3, momentum = 0.9"), 3),
        (of("kind = \"sgd\", lr = 0.3, momentum = 0.9, nesterov = true, weight_decay = 0.1"), 2),
        (of("kind = \"adam\", lr = 0.05"), 3),
        (of("kind = \"adamw\", lr = 0.05, beta1 = 0.0, weight_decay = 0.2"), 2),
        (of("kind = \"optimistic-adam\", lr = 0.05"), 3),
        (of("kind = \"rmsprop\", lr = 0.05, momentum = 0.5, centered = true"), 3),
        (format!("{}\npenalty = [{{ kind = \"r1\", gamma = 1.0 }}]", of("kind = \"adam\", lr = 0.05")), 2),
        (format!("{}\noptimizer.clip_norm_d = 0.1", of("kind = \"sgd\", lr = 0.3")), 2),
        (
            format!(
                "{}\nterm = [{{ kind = \"lecam\" }}]\nloss.kind = \"hinge\"",
                of("kind = \"sgd\", lr = 0.3")
            ),
            2,
        ),
        (
            format!(
                "{}\ndiscriminator.members = 2\nloss.members = \"softmax\"",
                of("kind = \"adam\", lr = 0.05")
            ),
            2,
        ),
        (format!("{}\ngenerator.members = 2\nloss.kind = \"minimax\"", of("kind = \"adam\", lr = 0.05")), 5),
    ] {
        let point = point(&text);
        let unrolled = Unrolled { steps, first_order: false };
        let gradients = point.look(&unrolled);
        let params = point.game.players.generator.net.params();
        let (start, mut rng) = (params.snapshot().unwrap(), Rng::new(7));
        let direction: Vec<Tensor> =
            start.iter().map(|w| rng.normal(w.shape().clone(), w.dtype(), w.device()).unwrap()).collect();
        let here = point.made();
        let there = point.ahead(steps, &here);
        // The loss of what is made against the discriminator that the updates lead to from here, and the value of what is made
        // here against the one that they lead to from elsewhere.
        let at = |step: f64| {
            let moved = start.iter().zip(&direction).map(|(w, d)| w + (d * step).unwrap());
            params.restore(&moved.collect::<Result<Vec<_>, _>>().unwrap()).unwrap();
            let made = point.made();
            point.losses(&made, &there).0 + point.losses(&here, &point.ahead(steps, &made)).1
        };
        let differences = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        let exact = along(&gradients, &direction);
        assert!((differences - exact).abs() <= 1e-5 * exact.abs().max(0.01), "{text}: {differences} {exact}");
        // The second summand is there at all.
        params.restore(&start).unwrap();
        let surrogate = along(&point.look(&Unrolled { steps, first_order: true }), &direction);
        assert!((surrogate - exact).abs() > 1e-4 * exact.abs(), "{text}: {surrogate} {exact}");
    }
}

/// The surrogate is the gradient against the discriminator as the updates leave it; without updates both are that against the
/// present one.
#[test]
fn the_surrogate_meets_the_discriminator_to_come() {
    let point = point("optimizer.discriminator = { kind = \"adam\", lr = 0.05 }");
    let players = &point.game.players;
    let plain = || {
        let field = players.generator_field(&point.draws, Part::Loss, Graph::Discard, false).unwrap();
        field.gradients.iter().map(|t| t.flatten_all().unwrap().to_vec1::<f64>().unwrap()).collect::<Vec<_>>()
    };
    let numbers = |gradients: Vec<Tensor>| {
        gradients.iter().map(|t| t.flatten_all().unwrap().to_vec1::<f64>().unwrap()).collect::<Vec<_>>()
    };
    for first_order in [false, true] {
        assert_eq!(numbers(point.look(&Unrolled { steps: 0, first_order })), plain());
    }
    let before = players.discriminator.net.params().snapshot().unwrap();
    let surrogate = numbers(point.look(&Unrolled { steps: 2, first_order: true }));
    let after = players.discriminator.net.params().snapshot().unwrap();
    assert!(before.iter().zip(&after).all(|(a, b)| numbers(vec![a.clone()]) == numbers(vec![b.clone()])));

    // The very updates, made in earnest on the samples of the generator's update.
    let mut moments = players.discriminator.learner.optimizer.moments().unwrap();
    for _ in 0..2 {
        let params = players.discriminator.net.params();
        let fake = point.batch(&players.make(&point.draws).unwrap());
        let loss = players.discriminator_loss(&point.last, &fake, Part::Loss, LOOK).unwrap();
        let gradients = loss.gradients(&weights(params), Graph::Discard).unwrap();
        let here = params.snapshot().unwrap();
        let (there, next) = players.discriminator.learner.propose(&here, &gradients, &moments).unwrap();
        params.restore(&there).unwrap();
        moments = next;
    }
    for (a, b) in surrogate.iter().flatten().zip(plain().iter().flatten()) {
        assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{a} {b}");
    }
}

/// Of the saturating loss the whole is the gradient of one function: the value, through samples and updates alike.
#[test]
fn of_a_zero_sum_game_the_gradient_is_that_of_its_value() {
    const STEP: f64 = 1e-5;
    let point = point("optimizer.discriminator = { kind = \"adam\", lr = 0.05 }\nloss.kind = \"minimax\"");
    let exact = point.look(&Unrolled { steps: 3, first_order: false });
    let params = point.game.players.generator.net.params();
    let (start, mut rng) = (params.snapshot().unwrap(), Rng::new(8));
    let direction: Vec<Tensor> =
        start.iter().map(|w| rng.normal(w.shape().clone(), w.dtype(), w.device()).unwrap()).collect();
    let at = |step: f64| {
        let moved = start.iter().zip(&direction).map(|(w, d)| w + (d * step).unwrap());
        params.restore(&moved.collect::<Result<Vec<_>, _>>().unwrap()).unwrap();
        let made = point.made();
        point.losses(&made, &point.ahead(3, &made)).1
    };
    let differences = (at(STEP) - at(-STEP)) / (2.0 * STEP);
    let exact = along(&exact, &direction);
    assert!((differences - exact).abs() <= 1e-5 * exact.abs().max(0.01), "{differences} {exact}");
}
