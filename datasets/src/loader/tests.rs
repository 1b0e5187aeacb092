use std::collections::BTreeSet;

use super::*;
use crate::dataset::{ImageSet, Labels};
use crate::testing::assert_says;
use crate::toys::{Toy, ToySet};
use proptest::prelude::*;

/// `len` images of 1 x 2 pixels, (i, 255 - i), of class i mod 3.
fn images(len: usize) -> Arc<dyn Dataset> {
    let pixels = (0..len).flat_map(|i| [i as u8, 255 - i as u8]).collect();
    let classes = (0..len).map(|i| (i % 3) as u32).collect();
    let labels = Labels { classes, names: vec!["a".into(), "b".into(), "c".into()] };
    Arc::new(ImageSet::new("numbers", [1, 1, 2], pixels, Some(labels)).unwrap())
}

fn loader(len: usize, batch: usize, prefetch: usize) -> Loader {
    Loader::new(images(len), LoaderConfig { batch, seed: 7, flip: true, prefetch }).unwrap()
}

fn indices(loader: &mut Loader, batches: usize) -> Vec<usize> {
    (0..batches).flat_map(|_| loader.next().unwrap().indices).collect()
}

#[test]
fn every_epoch_has_every_sample_once_in_another_order() {
    let mut loader = loader(50, 10, 2);
    let epochs: Vec<Vec<usize>> = (0..3).map(|_| indices(&mut loader, 5)).collect();
    for epoch in &epochs {
        assert_eq!(epoch.iter().copied().collect::<BTreeSet<_>>().len(), 50);
    }
    assert!(epochs[0] != epochs[1] && epochs[1] != epochs[2] && epochs[0] != epochs[2]);
    assert_eq!((loader.cursor(), loader.epoch()), (150, 3.0));
}

#[test]
fn the_last_batch_of_an_epoch_goes_on_into_the_next() {
    let whole = indices(&mut loader(7, 7, 0), 6);
    // 3 does not divide 7, and 20 is more than 7.
    assert_eq!(indices(&mut loader(7, 3, 2), 14), whole);
    assert_eq!(indices(&mut loader(7, 20, 1), 2), whole[..40]);
    assert_eq!(indices(&mut loader(1, 4, 1), 2), [0; 8]);
}

#[test]
fn batches_hold_the_samples_they_name() {
    let mut loader = loader(20, 6, 3);
    let set = images(20);
    let mut flipped = 0;
    for _ in 0..50 {
        let batch = loader.next().unwrap();
        assert_eq!(batch.shape, [6, 1, 1, 2]);
        for (at, &index) in batch.indices.iter().enumerate() {
            let mut plain = [0.0; 2];
            set.read(index, &mut plain).unwrap();
            let found = [batch.images[2 * at], batch.images[2 * at + 1]];
            if found != plain {
                plain.reverse();
                flipped += 1;
            }
            assert_eq!(found, plain);
            assert_eq!(batch.labels.as_ref().unwrap()[at], set.label(index).unwrap());
        }
    }
    // 300 fair coins: 150, standard deviation 8.7.
    assert!((i32::abs(flipped - 150)) < 45, "{flipped}");
}

#[test]
fn without_flips_nothing_is_mirrored_and_toys_have_their_shape() {
    let config = LoaderConfig { batch: 5, ..LoaderConfig::default() };
    let mut ring = Loader::new(Arc::new(ToySet::new(Toy::Ring, 0)), config.clone()).unwrap();
    let batch = ring.next().unwrap();
    assert_eq!((batch.shape, batch.images.len(), batch.labels.unwrap().len()), (vec![5, 2], 10, 5));
    let mut roll = Loader::new(Arc::new(ToySet::new(Toy::SwissRoll, 0)), config).unwrap();
    assert_eq!(roll.next().unwrap().labels, None);
}

#[test]
fn the_seed_decides() {
    let run = |seed| {
        let config = LoaderConfig { batch: 30, seed, flip: true, prefetch: 2 };
        Loader::new(images(30), config).unwrap().next().unwrap()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).indices, run(2).indices);
}

#[test]
fn wrong_configurations_are_refused() {
    let new = |dataset, config| Loader::new(dataset, config);
    let defaults = LoaderConfig::default();
    assert_says(new(images(3), LoaderConfig { batch: 0, ..defaults.clone() }), &["batch", "0", "at least 1"]);
    assert_says(
        new(images(3), LoaderConfig { prefetch: 5000, ..defaults.clone() }),
        &["prefetch", "5000", "1024"],
    );
    let ring: Arc<dyn Dataset> = Arc::new(ToySet::new(Toy::Ring, 0));
    assert_says(new(ring, LoaderConfig { flip: true, ..defaults }), &["flip", "[2]", "false"]);
}

/// Fails, panics or is empty when it is told to.
struct Moody {
    len: usize,
    mood: std::sync::Mutex<Mood>,
}

#[derive(Clone, Copy)]
enum Mood {
    Good,
    Fails,
    Panics,
}

impl Dataset for Moody {
    fn name(&self) -> &str {
        "moody"
    }
    fn len(&self) -> usize {
        self.len
    }
    fn shape(&self) -> &[usize] {
        &[2]
    }
    fn class_names(&self) -> &[String] {
        &[]
    }
    fn label(&self, _: usize) -> Option<u32> {
        None
    }
    fn read(&self, index: usize, out: &mut [f32]) -> Result<(), DatasetError> {
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Good => {
                out.fill(index as f32);
                Ok(())
            }
            Mood::Fails => Err(DatasetError::Index { name: "moody".into(), index, len: 0 }),
            Mood::Panics => panic!("a bad day"),
        }
    }
    fn content_hash(&self) -> String {
        String::new()
    }
}

fn moody(len: usize, mood: Mood) -> Arc<Moody> {
    Arc::new(Moody { len, mood: std::sync::Mutex::new(mood) })
}

#[test]
fn errors_come_through_and_the_same_batch_is_tried_again() {
    for prefetch in [0, 1, 3] {
        let data = moody(10, Mood::Fails);
        let config = LoaderConfig { batch: 4, prefetch, ..LoaderConfig::default() };
        let mut loader = Loader::new(data.clone(), config.clone()).unwrap();
        assert_says(loader.next(), &["moody"]);
        assert_says(loader.next(), &["moody"]);
        assert_eq!(loader.cursor(), 0);
        *data.mood.lock().unwrap() = Mood::Good;
        let batch = loader.next().unwrap();
        assert_eq!(batch, Loader::new(moody(10, Mood::Good), config).unwrap().next().unwrap());
        assert_eq!(loader.cursor(), 4);
    }
    let empty = Loader::new(moody(0, Mood::Good), LoaderConfig::default());
    assert_says(empty, &["moody", "without samples"]);
}

#[test]
fn a_thread_that_panics_is_an_error() {
    let config = LoaderConfig { batch: 4, prefetch: 2, ..LoaderConfig::default() };
    let mut loader = Loader::new(moody(10, Mood::Panics), config).unwrap();
    assert_says(loader.next(), &["moody", "a bad day"]);
}

#[test]
fn dropping_a_loader_ends_its_thread() {
    let data = images(5);
    for prefetch in [0, 1, 8] {
        let mut loader =
            Loader::new(Arc::clone(&data), LoaderConfig { prefetch, ..LoaderConfig::default() }).unwrap();
        loader.next().unwrap();
        drop(loader);
        assert_eq!(Arc::strong_count(&data), 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn the_cursor_alone_says_where_it_is(
        len in 1usize..40, batch in 1usize..30, prefetch in 0usize..4, before in 0usize..8, at in 0u64..200,
    ) {
        let mut straight = loader(len, 1, 0);
        let mut jumping = loader(len, batch, prefetch);
        for _ in 0..before {
            jumping.next().unwrap();
        }
        jumping.seek(at);
        prop_assert_eq!(jumping.cursor(), at);
        straight.seek(at);
        for _ in 0..3 {
            let found = jumping.next().unwrap();
            for (i, &index) in found.indices.iter().enumerate() {
                let one = straight.next().unwrap();
                prop_assert_eq!(one.indices[0], index);
                prop_assert_eq!(&one.images[..], &found.images[2 * i..2 * i + 2]);
            }
        }
        prop_assert_eq!(jumping.cursor(), straight.cursor());
    }
}

#[test]
fn no_cursor_is_too_far() {
    let mut loader = loader(7, 3, 0);
    loader.seek(u64::MAX - 1);
    loader.next().unwrap();
    loader.next().unwrap();
}

#[test]
fn a_stage_changes_neither_the_samples_nor_their_flips() {
    // Images of 4 x 4 pixels whose halves differ, so that flips show.
    let pixels = (0..10 * 16u32).map(|i| (i * 37 % 251) as u8).collect();
    let whole: Arc<dyn Dataset> = Arc::new(ImageSet::new("whole", [1, 4, 4], pixels, None).unwrap());
    let at = |side| -> Arc<dyn Dataset> { Arc::new(crate::Reduced::new(Arc::clone(&whole), side).unwrap()) };
    let config = |batch, prefetch| LoaderConfig { batch, seed: 3, flip: true, prefetch };
    for prefetch in [0, 3] {
        let mut grows = Loader::new(at(2), config(3, prefetch)).unwrap();
        let small: Vec<Batch> = (0..3).map(|_| grows.next().unwrap()).collect();
        grows.switch(Arc::clone(&whole), 5).unwrap();
        assert_eq!((grows.cursor(), grows.config().batch), (9, 5));
        let large: Vec<Batch> = (0..4).map(|_| grows.next().unwrap()).collect();
        // Never changed, and sought: the same.
        let mut flat = Loader::new(Arc::clone(&whole), config(1, 0)).unwrap();
        let order = indices(&mut flat, 29);
        let shown: Vec<usize> = small.iter().chain(&large).flat_map(|batch| batch.indices.clone()).collect();
        assert_eq!(shown, order);
        let mut sought = Loader::new(Arc::clone(&whole), config(5, 0)).unwrap();
        sought.seek(9);
        large.iter().for_each(|batch| assert_eq!(*batch, sought.next().unwrap()));
        // A small image is that of the flipped one, and flipped.
        flat.seek(0);
        for batch in &small {
            for image in batch.images.chunks_exact(4) {
                let whole = flat.next().unwrap().images;
                let level = |x: &f32| (x + 1.0) * 127.5;
                let mean =
                    (whole[..2].iter().chain(&whole[4..6]).map(level).sum::<f32>() / 4.0).round_ties_even();
                assert_eq!(image[0], mean / 127.5 - 1.0);
            }
        }
        assert_says(grows.switch(images(11), 5), &["`numbers` with 11 samples", "as many as before, 10"]);
        assert_says(grows.switch(at(1), 0), &["batch", "at least 1"]);
        assert_eq!((grows.cursor(), grows.next().unwrap().shape), (29, vec![5, 1, 4, 4]));
    }
}
