//! Terms that ask how generated samples were made: consistency in latent vectors, and generators that are told apart.

use ganymede_losses::auxiliary::cross_entropy;
use ganymede_models::{DiscriminatorInput, GeneratorInput, Latents, Mode};
use ganymede_tensor::testing::{Tol, assert_close};

use super::*;
use crate::trainer::testing::ring_game;

const EXACT: Tol = Tol { rel: 1e-12, abs: 1e-12 };
const NETS: &str = "generator = { kind = 'mlp', width = 6, layers = 2, z_dim = 3, activation = 'tanh' }\n\
                    discriminator = { kind = 'mlp', width = 6, layers = 2, activation = 'tanh' }\n";

fn samples(players: &Players, latents: &Latents) -> Tensor {
    players.generator.net.forward(GeneratorInput::new(latents), Mode::Eval).unwrap().samples
}

fn scores(players: &Players, samples: &Tensor) -> Tensor {
    players.discriminator.net.forward(DiscriminatorInput::new(samples), Mode::Eval).unwrap().scores
}

fn moved(latents: &Latents, noise: &Rng, sigma: f64) -> Latents {
    let z = &latents.z;
    let delta = noise.clone().normal(z.shape(), z.dtype(), z.device()).unwrap();
    Latents::new((z + (delta * sigma).unwrap()).unwrap())
}

/// λ_dis (D(G(z)) − D(G(z + δ)))², and −λ_gen (G(z) − G(z + δ))² by the number.
#[test]
fn latent_consistency_is_what_the_paper_says() {
    let text = format!(
        "{NETS}term = [{{ kind = 'latent-consistency', weight_d = 2, weight_g = 0.25, sigma = 0.1 }}]"
    );
    let mut game = ring_game(&text);
    let draws_d = game.players.draw_discriminator(0, 0).unwrap();
    let draws_g = game.players.draw_generator(0, draws_d.real.clone()).unwrap();
    let players = &game.players;
    let made = samples(players, &draws_d.latents).detach();
    let batch = Batch { samples: made, condition: draws_d.condition.clone() };
    let fake = Fakes { batch, latents: &draws_d.latents };
    let loss = players.discriminator_loss(&draws_d, &fake, Part::Loss, Mode::Eval).unwrap();
    let other = samples(players, &moved(&draws_d.latents, &draws_d.noise[0], 0.1));
    let apart = (scores(players, &fake.batch.samples) - scores(players, &other)).unwrap();
    let wanted = (apart.sqr().unwrap().mean_all().unwrap() * 2.0).unwrap();
    assert_close(&loss.terms.unwrap(), &wanted, EXACT);

    let made = players.make(&draws_g).unwrap();
    let loss = players.generator_loss(&draws_g, &made, Part::Loss).unwrap();
    let other = samples(players, &moved(&draws_g.latents, &draws_g.noise[0], 0.1));
    let apart = (&made.samples - other).unwrap().sqr().unwrap().mean_all().unwrap();
    let wanted = (apart * -0.25).unwrap();
    let terms = loss.terms.unwrap();
    assert_close(&terms, &wanted, EXACT);
    // Through both samples.
    let slopes = |of: &Tensor| {
        let weights = crate::trainer::fields::weights(players.generator.net.params());
        ganymede_tensor::grad(of, &weights.iter().collect::<Vec<_>>(), Graph::Discard).unwrap()
    };
    slopes(&terms).iter().zip(&slopes(&wanted)).for_each(|(a, b)| assert_close(a, b, EXACT));

    let field = game.players.discriminator_field(&draws_d, Part::Loss, Graph::Discard, false).unwrap();
    assert_eq!(field.gradients.len(), game.players.discriminator.net.params().params().len());
    let entry = game.play(true).unwrap().unwrap().read(1, 5).unwrap();
    assert!(
        entry.get("latent_consistency_d").unwrap() > 0.0 && entry.get("latent_consistency_g").unwrap() < 0.0
    );
}

/// −β log C_k of who made a sample, for both; the score is another number of the same layer.
#[test]
fn generators_are_told_apart_as_the_paper_says() {
    let text = "generator = { kind = 'mlp', width = 6, layers = 2, z_dim = 3, members = 3 }\n\
                discriminator = { kind = 'mlp', width = 6, layers = 2, origins = 3 }\n\
                term = [{ kind = 'origin', weight = 0.5 }]";
    let mut game = ring_game(text);
    let draws_d = game.players.draw_discriminator(0, 0).unwrap();
    let draws_g = game.players.draw_generator(0, draws_d.real.clone()).unwrap();
    let players = &game.players;
    let wanted = |latents: &Latents| {
        let origins = latents.noise[0].to_vec1::<u32>().unwrap();
        assert_eq!(origins.len(), 5);
        let input = &samples(players, latents);
        let said = players.discriminator.net.forward(DiscriminatorInput::new(input), Mode::Eval).unwrap();
        assert_eq!(said.scores.dims(), [5]);
        let origins = Tensor::new(origins, &Device::Cpu).unwrap();
        let loss = cross_entropy(&said.origin_logits.unwrap(), &origins).unwrap().mean_all().unwrap();
        (loss * 0.5).unwrap()
    };
    let made = samples(players, &draws_d.latents).detach();
    let batch = Batch { samples: made, condition: draws_d.condition.clone() };
    let fake = Fakes { batch, latents: &draws_d.latents };
    let loss = players.discriminator_loss(&draws_d, &fake, Part::Loss, Mode::Eval).unwrap();
    assert_close(&loss.terms.unwrap(), &wanted(&draws_d.latents), EXACT);
    let made = players.make(&draws_g).unwrap();
    let loss = players.generator_loss(&draws_g, &made, Part::Loss).unwrap();
    assert_close(&loss.terms.unwrap(), &wanted(&draws_g.latents), EXACT);
    // The classifier learns who made what.
    for step in 1..=3 {
        let entry = game.play(true).unwrap().unwrap().read(step, 5).unwrap();
        assert!(entry.get("origin_loss_d").unwrap() > 0.0 && entry.get("origin_loss_g").unwrap() > 0.0);
        assert!((0.0..=1.0).contains(&entry.get("origin_accuracy").unwrap()));
    }
}

#[test]
fn what_they_cannot_be_asked_of_is_refused() {
    let check = |text: &str, wants: &[&str]| {
        let text = format!("data.name = 'ring'\n{text}");
        let error = Layers::text(&text, "test", None).unwrap().resolve().expect_err(&text).to_string();
        assert!(wants.iter().all(|want| error.contains(want)), "{error}");
    };
    let zcr = "term = [{ kind = 'latent-consistency' }]";
    check(&format!("scheme.kind = 'unrolled'\n{zcr}"), &["term.0.kind", "first_order = true"]);
    check("term = [{ kind = 'latent-consistency', sigma = 0 }]", &["term.0.sigma", "above 0"]);
    check("term = [{ kind = 'latent-consistency', weight_d = -1 }]", &["term.0.weight_d", "0 or more"]);
    check("term = [{ kind = 'latent-consistency', weight_g = 1e9 }]", &["term.0.weight_g", "at most"]);
    let origin = "term = [{ kind = 'origin' }]";
    check(origin, &["term.0.kind", "set generator.members"]);
    check(&format!("generator.members = 3\n{origin}"), &["discriminator.origins = 3"]);
    let both = "generator.members = 3\ndiscriminator.origins = 2";
    check(&format!("{both}\n{origin}"), &["discriminator.origins = 3"]);
    let packed = "generator.members = 3\ndiscriminator.origins = 3\ndiscriminator.pack = 2";
    check(&format!("{packed}\n{origin}"), &["discriminator.pack = 1"]);
}
