//! Games whose players look at a vector or an image beside each sample.

use std::path::Path;

use ganymede_datasets::Pairs;
use ganymede_models::{Condition, ConditionShape, GeneratorConfig};
use ganymede_tensor::Rng;

use super::*;
use crate::trainer::draws::{condition_of, draw_told};
use crate::trainer::fixed::metric_inputs;
use crate::trainer::shown::Shown;
use crate::trainer::testing;

/// Clothes of 8 pixels beside themselves in a lower resolution, or beside vectors of 3 numbers.
fn clothes(pairs: Option<Pairs>) -> Arc<dyn Dataset> {
    let set = match pairs {
        None => &WITH_VECTORS,
        Some(LOW) => &WITH_LOW,
        Some(pairs) => return open_clothes(OpenOptions { pairs: Some(pairs), ..OpenOptions::default() }),
    };
    Arc::clone(set)
}

// Made once, both.
static WITH_LOW: LazyLock<Arc<dyn Dataset>> =
    LazyLock::new(|| open_clothes(OpenOptions { pairs: Some(LOW), ..OpenOptions::default() }));
static WITH_VECTORS: LazyLock<Arc<dyn Dataset>> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vectors.safetensors");
    save_vectors(&path);
    open_clothes(OpenOptions { vectors: Some(path), ..OpenOptions::default() })
});

fn open_clothes(options: OpenOptions) -> Arc<dyn Dataset> {
    open("fashion-mnist-10k", &OpenOptions { resolution: Some(8), ..options }).unwrap().dataset
}

fn save_vectors(path: &Path) {
    let rows = Rng::new(5).normal((10_000, 3), DType::F32, &Device::Cpu).unwrap();
    let tensors = [("vectors".to_owned(), rows)].into();
    ganymede_tensor::Checkpoint { tensors, metadata: [].into() }.save(path).unwrap();
}

const LOW: Pairs = Pairs::Downsampled { factor: 2 };

/// The smallest players that look at such a condition.
fn told_run(sets: &[&str]) -> Run {
    let mut layers = Layers::default();
    layers.set(&["run.batch=6", "data.resolution=8", "data.flip=true", "ema.warmup=false"]).unwrap();
    layers.set(sets).unwrap();
    let mut run = layers.resolve().unwrap();
    run.generator = GeneratorConfig::read(&testing::GENERATOR, &toml::Table::new()).unwrap();
    run.discriminator = DiscriminatorConfig::read(&testing::DISCRIMINATOR, &toml::Table::new()).unwrap();
    run
}

/// With the distance to the truth, whose weight falls.
fn with_l1() -> Run {
    let mut run = told_run(&["data.pairs=downsampled", "data.factor=2"]);
    let mut layers = Layers::default();
    let term = "term=[{ kind = \"l1\", weight = { kind = \"linear\", from = 10, to = 0, to_step = 10 } }]";
    layers.set(&[term, "data.pairs=edges", "generator.kind=dcgan", "generator.conditioning=norm"]).unwrap();
    run.terms = layers.resolve().unwrap().terms;
    run
}

fn play(game: &mut Game) -> LogEntry {
    let step = game.step() + 1;
    game.play(true).unwrap().unwrap().read(step, 6).unwrap()
}

/// Conditions, truths, mirrors and the streams that they come from: all of it is in the state.
#[test]
fn twins_that_are_told_vectors_or_images_go_on_alike() {
    let images = [Some(Pairs::Edges), Some(LOW)].map(|pairs| (with_l1(), clothes(pairs)));
    let vectors = (told_run(&[]), clothes(None));
    for (run, dataset) in images.into_iter().chain([vectors]) {
        let new = || Game::new(&run, Arc::clone(&dataset), &Device::Cpu).unwrap();
        let (mut game, mut twin) = (new(), new());
        for _ in 0..4 {
            game.play(false).unwrap();
        }
        carry_over(&game, &mut twin);
        for _ in 0..3 {
            assert_eq!(play(&mut game), play(&mut twin));
        }
        assert_eq!(of_both(&game), of_both(&twin));
    }
}

#[test]
fn what_is_logged_of_patches_and_of_the_distance_is_in_its_range() {
    let dataset = clothes(Some(LOW));
    let mut game = Game::new(&with_l1(), Arc::clone(&dataset), &Device::Cpu).unwrap();
    for _ in 0..3 {
        let entry = play(&mut game);
        assert!(entry.non_finite().is_none(), "{entry:?}");
        for (name, range) in [("accuracy_real", 0.0..=1.0), ("accuracy_fake", 0.0..=1.0), ("l1", 0.01..=2.0)]
        {
            assert!(range.contains(&entry.get(name).unwrap()), "{entry:?}");
        }
    }
    // Every loss takes several scores a sample, and so does every penalty.
    for &loss in AdversarialLoss::ALL {
        for &penalty in Penalty::DEFAULTS {
            let mut run = with_l1();
            run.loss = loss.into();
            run.penalties = vec![PenaltyConfig::every_step(penalty)];
            let mut game = Game::new(&run, Arc::clone(&dataset), &Device::Cpu).unwrap();
            let entry = play(&mut game);
            assert!(entry.non_finite().is_none(), "{loss} {penalty:?} {entry:?}");
        }
    }
}

/// The term pulls towards the truth, with the weight of the step.
#[test]
fn the_distance_to_the_truth_falls_where_it_is_asked_for() {
    let mut run = with_l1();
    let mut layers = Layers::default();
    layers.set(&["optimizer.generator.lr=0.01"]).unwrap();
    run.optimizer_g = layers.resolve().unwrap().optimizer_g;
    let mut game = Game::new(&run, clothes(Some(LOW)), &Device::Cpu).unwrap();
    let distances: Vec<f64> = (0..9).map(|_| play(&mut game).get("l1").unwrap()).collect();
    let (first, later) = (distances[0], distances[8]);
    assert!(later < 0.8 * first, "{first} {later}");
}

#[test]
fn the_truth_belongs_to_the_condition_mirrored_as_it_is() {
    let dataset = clothes(Some(LOW));
    let mut game = Game::new(&with_l1(), Arc::clone(&dataset), &Device::Cpu).unwrap();
    for step in 0..3 {
        let real = game.players.draw_discriminator(step, 0).unwrap().real;
        let draws = game.players.draw_generator(step, real.clone()).unwrap();
        let truth = draws.truth.unwrap();
        for (samples, condition) in [(&truth, &draws.condition), (&real.samples, &real.condition)] {
            let Condition::Images(images) = condition else { panic!("{condition:?}") };
            // The mean of each square of two by two, up to the rounding to a level.
            let means = samples.reshape((6, 4, 2, 4, 2)).unwrap().mean((2, 4)).unwrap();
            let low = images.reshape((6, 4, 2, 4, 2)).unwrap().mean((2, 4)).unwrap();
            let apart = (means - low).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
            assert!(apart.to_scalar::<f32>().unwrap() <= 0.5 / 127.5 + 1e-5);
        }
    }
    // Mirrors are drawn: of 60 conditions about half.
    let told = draw_told(dataset.as_ref(), 60, true, &mut Rng::new(1));
    let mirrored = told.iter().filter(|(_, mirrored)| *mirrored).count();
    assert!((15..45).contains(&mirrored), "{mirrored}");
    assert!(
        draw_told(clothes(None).as_ref(), 60, true, &mut Rng::new(1)).iter().all(|(_, mirrored)| !mirrored)
    );
}

/// Without a term there is nobody to look at the truth.
#[test]
fn no_truth_is_read_for_nobody() {
    let mut game = Game::new(&told_run(&[]), clothes(Some(LOW)), &Device::Cpu).unwrap();
    let real = game.players.draw_discriminator(0, 0).unwrap().real;
    assert!(game.players.draw_generator(0, real).unwrap().truth.is_none());
}

#[test]
fn pictures_show_condition_sample_and_truth_side_by_side() {
    let (run, dataset) = (told_run(&["log.samples=14"]), clothes(Some(Pairs::Edges)));
    let game = Game::new(&run, Arc::clone(&dataset), &Device::Cpu).unwrap();
    assert_eq!(game.sampler().io().condition, ConditionShape::Images(vec![1, 8, 8]));
    let shown = Shown::new(&run, game.sampler(), &dataset, &Device::Cpu).unwrap();
    // Four triples, one in a row; images of 8 pixels are shown with 64.
    assert_eq!(shown.input.count().unwrap(), 4);
    let picture = shown.picture(&Tensor::zeros((4, 1, 8, 8), DType::F32, &Device::Cpu).unwrap()).unwrap();
    assert_eq!(picture.dimensions(), (3 * 66 + 2, 4 * 66 + 2));
    let Condition::Images(edges) = shown.input.condition.read().unwrap() else { panic!("no images") };
    let corner = edges.flatten_all().unwrap().to_vec1::<f32>().unwrap()[0];
    assert_eq!(picture.get_pixel(2, 2).0[0], if corner > 0.0 { 255 } else { 0 });
    assert_eq!(picture.get_pixel(2 + 66, 2).0, [128; 3]);

    let (run, dataset) = (told_run(&["log.samples=5"]), clothes(None));
    let game = Game::new(&run, Arc::clone(&dataset), &Device::Cpu).unwrap();
    let shown = Shown::new(&run, game.sampler(), &dataset, &Device::Cpu).unwrap();
    let Condition::Vectors(rows) = shown.input.condition.read().unwrap() else { panic!("no vectors") };
    assert_eq!(rows.dims(), [5, 3]);
}

/// They are read when they are asked for, and are the same as if all had been.
#[test]
fn measurements_are_made_under_conditions_of_the_data() {
    for pairs in [Some(LOW), None] {
        let dataset = clothes(pairs);
        let game = Game::new(&told_run(&[]), Arc::clone(&dataset), &Device::Cpu).unwrap();
        let input = metric_inputs(3, game.sampler(), &dataset, 70, &Device::Cpu).unwrap();
        let told = draw_told(dataset.as_ref(), 70, false, &mut Rng::stream(3, "metrics/labels"));
        let all = condition_of(dataset.as_ref(), &told, &Device::Cpu).unwrap();
        let numbers = |condition: Condition| match condition {
            Condition::Vectors(t) | Condition::Images(t) => {
                t.flatten_all().unwrap().to_vec1::<f32>().unwrap()
            }
            other => panic!("{other:?}"),
        };
        let some = input.narrow(64, 6).unwrap();
        assert_eq!(numbers(some.condition.read().unwrap()), numbers(all.narrow(64, 6).unwrap()));
        assert!(input.condition.classes().unwrap().is_none());
    }
}
