//! Games whose discriminator sees augmented samples.

use ganymede_losses::gradient_norm;
use ganymede_models::{Condition, DiscriminatorInput, pack_samples};
use ganymede_tensor::Rng;
use ganymede_tensor::testing::{Tol, assert_close};

use super::*;
use crate::trainer::augment::{Augmentation, Place};
use crate::trainer::terms::Part;
use crate::trainer::view::{Batch, LOOK};

/// With a section of augmentation, or with changes of real images.
fn augmented(text: &str) -> impl Fn(&mut Run) {
    let given = Layers::text(text, "test", None).unwrap().resolve().unwrap();
    move |run| {
        run.augment = given.augment.clone();
        run.data.augment = given.data.augment.clone();
        run.loss = AdversarialLoss::NonSaturating.into();
    }
}

const TEXTS: &[&str] = &[
    "[augment]\nkind = 'diffaugment'",
    "[augment]\nkind = 'ada'\np = { kind = 'linear', from = 0.2, to = 0.8, to_step = 5 }",
    "[augment]\nkind = 'ada'\ntarget = 0.0\nkimg = 0.1\ninterval = 3",
    "[augment]\nkind = 'ada'\nheuristic = 'r_v'\ntarget = 0.0\nkimg = 0.1\ninterval = 3",
    "[augment]\nkind = 'apa'\ntarget = 0.0\nkimg = 0.1\ninterval = 3",
    "[data]\naugment = ['shift', 'crop', 'colour', 'cutout']",
    "[augment]\nkind = 'instance-noise'\nsigma = { kind = 'linear', from = 0.4, to = 0, to_step = 5 }",
    "[augment]\nkind = 'diffusion'\ntarget = 0.0\nkimg = 0.1\ninterval = 3",
];

fn played(game: &mut Game) -> LogEntry {
    game.play(true).unwrap().unwrap().read(1, 4).unwrap()
}

/// The probability and what was seen since it was moved, held out samples, streams of every place: all of it is in the state, or
/// a function of it.
#[test]
fn twins_that_see_augmented_samples_go_on_alike() {
    for text in TEXTS {
        let change = |run: &mut Run| {
            augmented(text)(run);
            let penalty = PenaltyConfig::every_step(Penalty::R1 { gamma: 1.0 });
            run.penalties = vec![PenaltyConfig { interval: 2, own_update: true, ..penalty }];
        };
        let (mut game, mut twin) = (game(change), game(change));
        // One update since the probability was moved.
        (0..4).for_each(|_| drop(game.play(false).unwrap()));
        let sections = carry_over(&game, &mut twin);
        let adapts = game.run.augment.start().adaptive().is_some();
        assert_eq!(sections.facts.contains_key("augment/p"), adapts, "{text}");
        let mut seen = Vec::new();
        for _ in 0..3 {
            let (one, other) = (played(&mut game), played(&mut twin));
            assert!(one.non_finite().is_none(), "{one:?}");
            assert_eq!(one, other, "{text}");
            seen.push(one.get("augment_p"));
        }
        assert_eq!(of_both(&game), of_both(&twin), "{text}");
        assert!(!adapts || seen.iter().any(|p| *p != seen[0]), "{text}: p stands at {seen:?}");
    }
}

/// Points are changed by noise as images are: all of T, of the noise and of its course is in the state, or a function of it.
#[test]
fn twins_that_see_noisy_points_go_on_alike() {
    for text in &TEXTS[6..] {
        let mut layers = Layers::text(&format!("{text}\n[data]\nname = 'ring'"), "test", None).unwrap();
        layers
            .set(&["run.batch=4", "generator.width=3", "discriminator.width=3", "discriminator.pack=2"])
            .unwrap();
        let run = layers.resolve().unwrap();
        let ring = open("ring", &OpenOptions::default()).unwrap().dataset;
        let new = || Game::new(&run, Arc::clone(&ring), &Device::Cpu).unwrap();
        let (mut game, mut twin) = (new(), new());
        (0..4).for_each(|_| drop(game.play(false).unwrap()));
        carry_over(&game, &mut twin);
        for _ in 0..3 {
            let (one, other) = (played(&mut game), played(&mut twin));
            assert!(one.non_finite().is_none(), "{one:?}");
            assert_eq!(one, other, "{text}");
            assert_eq!(one.get("diffusion_t").is_some(), run.augment.start().diffusion().is_some());
        }
        assert_eq!(of_both(&game), of_both(&twin), "{text}");
    }
}

/// T follows the probability, whose state is all that there is.
#[test]
fn t_of_a_diffusion_is_logged_and_moves() {
    let mut game = game(augmented(TEXTS[7]));
    let entries: Vec<LogEntry> = (0..7).map(|_| played(&mut game)).collect();
    let of = |name: &str| -> Vec<f64> { entries.iter().map(|entry| entry.get(name).unwrap()).collect() };
    let (p, t) = (of("augment_p"), of("diffusion_t"));
    assert_eq!((p[0], t[0]), (0.0, 5.0));
    assert!(p.iter().zip(&t).all(|(p, t)| *t == 5.0 + (495.0 * p).round_ties_even()), "{p:?} {t:?}");
    assert!(t.iter().any(|t| *t != 5.0), "{t:?}");
}

#[test]
fn a_state_that_cannot_be_is_refused() {
    let new = || game(augmented(TEXTS[2]));
    let mut sections = Sections::default();
    new().players.augmentation.save(&mut sections.section("augment")).unwrap();
    let mut game = new();
    let mut refused = |change: &dyn Fn(&mut Sections)| {
        let mut sections = sections.clone();
        change(&mut sections);
        game.players.augmentation.load(&sections.saved("augment")).unwrap_err().0
    };
    let fact = |p: f64| move |s: &mut Sections| drop(s.facts.insert("augment/p".to_owned(), p.into()));
    assert!(refused(&fact(1.5)).contains("from 0 to 1"));
    assert!(refused(&|s| drop(s.facts.remove("augment/updates"))).contains("augment/updates"));
    assert!(refused(&|s| drop(s.tensors.remove("augment/sums"))).contains("sums"));
    let two = Tensor::zeros(2, DType::F32, &Device::Cpu).unwrap();
    assert!(refused(&|s| drop(s.tensors.insert("augment/sums".to_owned(), two.clone()))).contains("[2]"));
}

/// The log says how probable changes are, and how sure the discriminator is of real samples; of others it is as it was.
#[test]
fn the_log_has_the_probability_and_the_heuristic() {
    let names = ["augment_p", "r_t", "score_held_out", "diffusion_t"];
    for (text, wanted) in [
        ("", [false; 4]),
        (TEXTS[0], [false, true, false, false]),
        (TEXTS[1], [true, true, false, false]),
        (TEXTS[3], [true, true, true, false]),
        (TEXTS[5], [false; 4]),
        (TEXTS[6], [false, true, false, false]),
        (TEXTS[7], [true, true, false, true]),
    ] {
        let entry = played(&mut game(augmented(text)));
        assert_eq!(names.map(|name| entry.get(name).is_some()), wanted, "{text}");
    }
}

fn augmentation(text: &str, pack: usize) -> Augmentation {
    let mut layers = Layers::default();
    layers.set(&[format!("discriminator.pack={pack}")]).unwrap();
    let mut run = layers.resolve().unwrap();
    augmented(text)(&mut run);
    Augmentation::new(&run, &Device::Cpu).unwrap()
}

fn numbers(t: &Tensor) -> Vec<f32> {
    t.flatten_all().unwrap().to_vec1().unwrap()
}

/// Every look has draws of its own, which are functions of player, update and place.
#[test]
fn each_look_has_draws_of_its_own() {
    let images = Rng::new(3).normal((4, 1, 16, 16), DType::F32, &Device::Cpu).unwrap();
    let points = Rng::new(3).normal((9, 2), DType::F32, &Device::Cpu).unwrap();
    let noisy = "[augment]\nkind = 'diffusion'\np = 0.9";
    for (text, images) in [
        (TEXTS[0], &images),
        ("[augment]\nkind = 'ada'\np = 0.9", &images),
        (TEXTS[6], &images),
        (TEXTS[6], &points),
        (noisy, &images),
        (noisy, &points),
    ] {
        let augmentation = augmentation(text, 1);
        let change = |player: &str, update: u64, place: Place| {
            numbers(&augmentation.looks(player, 0, &update.to_string()).change(images, place).unwrap())
        };
        let base = change("discriminator", 1, Place::Real);
        assert_eq!(base, change("discriminator", 1, Place::Real));
        for other in [
            change("generator", 1, Place::Real),
            change("discriminator", 2, Place::Real),
            change("discriminator", 1, Place::Fake),
            change("discriminator", 1, Place::Term(0)),
            change("discriminator", 1, Place::HeldOut),
            numbers(images),
        ] {
            assert_ne!(base, other, "{text}");
        }
        assert_ne!(change("discriminator", 1, Place::Term(0)), change("discriminator", 1, Place::Term(1)));
    }
}

/// Each image of a pack is changed by itself, as it would be alone.
#[test]
fn packs_are_of_augmented_images() {
    let images = Rng::new(3).normal((4, 1, 16, 16), DType::F32, &Device::Cpu).unwrap();
    let points = Rng::new(3).normal((4, 2), DType::F32, &Device::Cpu).unwrap();
    for (text, samples, shape) in [
        ("[augment]\nkind = 'ada'\np = 0.9", &images, &[2, 2, 16, 16][..]),
        ("[augment]\nkind = 'diffusion'\np = 0.9", &images, &[2, 2, 16, 16]),
        ("[augment]\nkind = 'diffusion'\np = 0.9", &points, &[2, 4]),
    ] {
        let change = |images: &Tensor, pack: usize| {
            augmentation(text, pack).looks("discriminator", 0, "1").change(images, Place::Real).unwrap()
        };
        let (packed, alone) = (change(&pack_samples(samples, 2).unwrap(), 2), change(samples, 1));
        assert_eq!(packed.dims(), shape);
        assert_eq!(numbers(&packed), numbers(&pack_samples(&alone, 2).unwrap()));
    }
}

/// A penalty is of the gradient in the samples before they are changed, through the change.
#[test]
fn penalties_look_through_the_augmentation() {
    for text in [TEXTS[0], "[augment]\nkind = 'ada'\np = 1", TEXTS[6], "[augment]\nkind = 'diffusion'\np = 1"]
    {
        let mut game = game(|run| {
            augmented(text)(run);
            run.penalties = vec![PenaltyConfig::every_step(Penalty::R1 { gamma: 2.0 })];
        });
        let draws = game.players.draw_discriminator(0, 0).unwrap();
        let critic = |x: &Tensor| {
            let changed = draws.looks.change(x, Place::Term(0))?;
            Ok(game.players.discriminator.net.forward(DiscriminatorInput::new(&changed), LOOK)?.scores)
        };
        let norm = gradient_norm(&critic, &draws.real.samples).unwrap().mean_all().unwrap();
        let field = game.players.discriminator_field(&draws, Part::Loss, Graph::Discard, true).unwrap();
        let given = field.given[0].as_ref().unwrap();
        let (_, found) = given.iter().find(|(name, _)| *name == "norm").unwrap();
        assert_close(found, &norm, Tol { rel: 1e-4, abs: 1e-7 });
    }
}

/// Every penalty plays with what changes samples, and the gradient reaches the generator.
#[test]
fn augmented_samples_are_played_for() {
    for (text, penalty) in TEXTS.iter().cycle().zip(Penalty::DEFAULTS.iter().chain(Penalty::DEFAULTS)) {
        let mut game = game(|run| {
            augmented(text)(run);
            run.penalties = vec![PenaltyConfig::every_step(*penalty)];
        });
        let entry = played(&mut game);
        assert!(entry.non_finite().is_none(), "{text} {penalty:?} {entry:?}");
        assert!(entry.get("grad_norm_g").unwrap() > 0.0, "{text}");
    }
}

#[test]
fn deceived_discriminators_are_shown_generated_samples_and_their_classes() {
    let batch = |level: f64, class: u32| Batch {
        samples: Tensor::full(level as f32, (3, 1, 8, 8), &Device::Cpu).unwrap(),
        condition: Condition::Classes(Tensor::new(&[class; 3], &Device::Cpu).unwrap()),
    };
    let deceived = |p: f64| {
        let augmentation = augmentation(&format!("[augment]\nkind = 'apa'\np = {p}"), 1);
        let looks = augmentation.looks("discriminator", 0, "0");
        let shown = looks.deceive(batch(0.0, 1), &batch(1.0, 2)).unwrap();
        let Condition::Classes(classes) = &shown.condition else { panic!("no classes") };
        let levels: Vec<f32> = numbers(&shown.samples.mean((1, 2, 3)).unwrap());
        (levels, classes.to_vec1::<u32>().unwrap())
    };
    assert_eq!(deceived(0.0), (vec![0.0; 3], vec![1; 3]));
    assert_eq!(deceived(1.0), (vec![1.0; 3], vec![2; 3]));
    let (levels, classes) = deceived(0.5);
    assert!(levels.iter().zip(&classes).all(|(level, class)| *level as u32 + 1 == *class));
    let none = augmentation("", 1).looks("discriminator", 0, "0");
    assert_eq!(numbers(&none.deceive(batch(0.0, 1), &batch(1.0, 2)).unwrap().samples), vec![0.0; 3 * 64]);
}

/// At every stage, from images of 4 pixels on, held out ones likewise.
#[test]
fn networks_that_grow_see_augmented_samples() {
    let held_out = ["augment.kind=ada", "augment.heuristic=r_v", "augment.kimg=0.1", "augment.target=0"];
    for sets in [&held_out[..], &["augment.kind=diffaugment", "data.augment=[\"shift\", \"crop\"]"]] {
        let mut layers = Layers::text(super::growth::STAGES, "test", None).unwrap();
        layers.set(sets).unwrap();
        let mut game = Game::new(&layers.resolve().unwrap(), Arc::clone(&CLOTHES), &Device::Cpu).unwrap();
        for _ in 0..9 {
            let entry = played(&mut game);
            assert!(entry.non_finite().is_none(), "{sets:?} {entry:?}");
        }
    }
    let mut layers = Layers::text(super::growth::STAGES, "test", None).unwrap();
    layers.set(&["augment.kind=ada", "augment.pipe=bgcf", "data.resolution=32"]).unwrap();
    let error = layers.resolve().unwrap_err().to_string();
    assert!(error.contains("[3, 4, 4]") && error.contains("more than 21 pixels"), "{error}");
}

/// Real samples alone, by their place in the data.
#[test]
fn changes_of_the_data_are_a_function_of_the_place() {
    let real = |text: &str, skip: usize| {
        let mut game = game(augmented(text));
        (0..skip).for_each(|_| drop(game.players.draw_discriminator(0, 0).unwrap()));
        let draws = game.players.draw_discriminator(0, 0).unwrap();
        (numbers(&draws.real.samples), numbers(&draws.latents.z))
    };
    let (changed, plain) = (real(TEXTS[5], 1), real("", 1));
    assert_eq!(changed, real(TEXTS[5], 1));
    assert!(changed.0 != plain.0 && changed.1 == plain.1);
}
