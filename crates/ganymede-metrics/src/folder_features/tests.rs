use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use ganymede_files::testing::{assert_says, encoded_picture, put};
use image::ImageFormat;

/// The mean and the first level of each image.
#[derive(Default)]
struct Mean {
    calls: AtomicUsize,
    wrong: bool,
    /// What is added to every number.
    offset: u8,
}

impl FeatureExtractor for Mean {
    fn id(&self) -> &str {
        "mean"
    }
    fn dim(&self) -> usize {
        2
    }
    fn input(&self) -> [usize; 3] {
        [3, 8, 8]
    }
    fn weights_sha256(&self) -> &str {
        "none"
    }
    fn settings(&self) -> String {
        format!("offset={}", self.offset)
    }
    fn features(&self, images: &Tensor) -> Result<Features> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let rows = images.flatten_from(1)?.to_vec2::<f32>()?;
        let numbers = rows.iter().flat_map(|row| [row.iter().sum::<f32>() / row.len() as f32, row[0]]);
        let numbers = numbers.map(|x| x + f32::from(self.offset));
        let width = if self.wrong { 1 } else { 2 };
        let numbers: Vec<f32> = numbers.take(rows.len() * width).collect();
        let pool = Array2::from_shape_vec((rows.len(), width), numbers).unwrap();
        let logits = Some(pool.slice(ndarray::s![.., ..1]).to_owned());
        Ok(Features { pool, logits, spatial: None })
    }
}

fn folder(dir: &Path) -> ImageFolder {
    for side in 5..12 {
        put(dir, &format!("{side:02}.png"), &encoded_picture(side, 9, ImageFormat::Png));
    }
    put(dir, "06.png", b"damaged");
    ImageFolder::open(dir).unwrap()
}

fn options() -> BatchOptions {
    BatchOptions { batch: 2, ..BatchOptions::new([3, 8, 8]) }
}

#[test]
fn rows_are_in_the_order_of_the_files_and_computed_once() {
    let (dir, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, cache) = (folder(dir.path()), FeatureCache::new(store.path()));
    let (extractor, mut seen) = (Mean::default(), Vec::new());
    let mut take = || {
        seen.clear();
        let mut progress = |done| seen.push(done);
        folder_features(&folder, &extractor, &options(), Some(&cache), &mut progress).unwrap()
    };
    let first = take();
    assert_eq!(first.files, [0, 2, 3, 4, 5, 6]);
    assert_eq!((first.features.pool.dim(), first.cached, first.report.skipped.len()), ((6, 2), false, 1));
    assert_eq!(extractor.calls.load(Ordering::SeqCst), 3);
    let second = take();
    assert_eq!(
        (second.features.pool, second.features.logits),
        (first.features.pool.clone(), first.features.logits)
    );
    assert_eq!((second.cached, second.files, second.report), (true, first.files, first.report));
    assert_eq!((seen, extractor.calls.load(Ordering::SeqCst)), (vec![7], 3));
    // Other batches, the same rows.
    let all = BatchOptions { batch: 100, threads: 1, ..options() };
    let whole = folder_features(&folder, &extractor, &all, None, &mut |_| {}).unwrap();
    assert_eq!(whole.features.pool, first.features.pool);
}

#[test]
fn settings_of_one_network_share_no_entry() {
    let (dir, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, cache) = (folder(dir.path()), FeatureCache::new(store.path()));
    let (plain, moved) = (Mean::default(), Mean { offset: 3, ..Mean::default() });
    let take = |extractor: &Mean| {
        folder_features(&folder, extractor, &options(), Some(&cache), &mut |_| {}).unwrap()
    };
    let (first, second) = (take(&plain), take(&moved));
    assert!(!first.cached && !second.cached);
    assert_eq!(second.features.pool, &first.features.pool + 3.0);
    // Both are kept.
    for (extractor, before) in [(&plain, first), (&moved, second)] {
        let again = take(extractor);
        assert!(again.cached && again.features.pool == before.features.pool);
    }
}

#[test]
fn a_damaged_entry_is_computed_again_and_said() {
    let (dir, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, cache) = (folder(dir.path()), FeatureCache::new(store.path()));
    let take = || folder_features(&folder, &Mean::default(), &options(), Some(&cache), &mut |_| {}).unwrap();
    let first = take();
    let entry = std::fs::read_dir(store.path().join("features")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&entry, b"words").unwrap();
    let again = take();
    assert_eq!((again.features.pool, again.cached), (first.features.pool, false));
    assert!(again.warnings[0].contains("computed again"), "{:?}", again.warnings);
    let third = take();
    assert!(third.cached && third.warnings.is_empty());
    // A cache that cannot be written costs a warning.
    put(store.path(), "file", b"");
    let broken = FeatureCache::new(&store.path().join("file"));
    let kept = folder_features(&folder, &Mean::default(), &options(), Some(&broken), &mut |_| {}).unwrap();
    assert!(kept.warnings.iter().any(|warning| warning.contains("could not be cached")));
}

#[test]
fn nothing_usable_and_wrong_extractors_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "a.png", b"damaged");
    let open = || ImageFolder::open(dir.path()).unwrap();
    let take = |extractor: &Mean| folder_features(&open(), extractor, &options(), None, &mut |_| {});
    assert_says(take(&Mean::default()), &["none of its 1 image(s)", "a.png"]);
    put(dir.path(), "b.png", &encoded_picture(8, 8, ImageFormat::Png));
    assert_says(take(&Mean { wrong: true, ..Mean::default() }), &["`mean` gave", "expected (1, 2)"]);
}
