use super::*;
use crate::Resize;
use ndarray::array;

struct Fixed {
    id: &'static str,
    weights: &'static str,
    settings: &'static str,
}

impl FeatureExtractor for Fixed {
    fn id(&self) -> &str {
        self.id
    }
    fn dim(&self) -> usize {
        2
    }
    fn input(&self) -> [usize; 3] {
        [3, 8, 8]
    }
    fn weights_sha256(&self) -> &str {
        self.weights
    }
    fn settings(&self) -> String {
        self.settings.to_owned()
    }
    fn features(&self, _: &Tensor) -> Result<Features> {
        Ok(Features::default())
    }
}

const NET: Fixed = Fixed { id: "net", weights: "aa", settings: "range=1" };

fn entry() -> CachedFeatures {
    CachedFeatures {
        features: Features {
            pool: array![[1.0, 2.0], [3.0, 4.5]],
            logits: Some(array![[0.5], [-0.5]]),
            spatial: None,
        },
        seen: vec![Err("the file is empty".into())],
    }
}

fn key() -> CacheKey {
    CacheKey::new("content", &NET, &BatchOptions::new([3, 8, 8]), "")
}

#[test]
fn what_was_stored_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let cache = FeatureCache::new(dir.path());
    assert!(matches!(cache.load(&key()), Cached::Miss));
    cache.store(&key(), &entry()).unwrap();
    let Cached::Hit(found) = cache.load(&key()) else { panic!("it was stored") };
    let (found, expected) = (*found, entry());
    assert_eq!(found.features.pool, expected.features.pool);
    assert_eq!(found.features.logits, expected.features.logits);
    assert_eq!(found.features.spatial, None);
    assert_eq!(found.seen, expected.seen);
}

#[test]
fn whatever_changes_the_features_changes_the_key() {
    let options = BatchOptions::new([3, 8, 8]);
    let keys = [
        key(),
        CacheKey::new("other", &NET, &options, ""),
        CacheKey::new("content", &Fixed { id: "other", ..NET }, &options, ""),
        CacheKey::new("content", &Fixed { weights: "bb", ..NET }, &options, ""),
        CacheKey::new("content", &Fixed { settings: "range=2", ..NET }, &options, ""),
        // What one field loses, another must not make up for.
        CacheKey::new("content", &Fixed { weights: "aarange=1", settings: "", ..NET }, &options, ""),
        CacheKey::new(
            "content",
            &NET,
            &BatchOptions { resize: Resize::LegacyPytorch, ..options.clone() },
            "",
        ),
        CacheKey::new("content", &NET, &BatchOptions { background: Some(255), ..options.clone() }, ""),
        CacheKey::new("content", &NET, &BatchOptions { max_pixels: 5, ..options.clone() }, ""),
        CacheKey::new("content", &NET, &BatchOptions::new([1, 8, 8]), ""),
        CacheKey::new("content", &NET, &options, "half-up"),
    ];
    for (i, a) in keys.iter().enumerate() {
        assert!(keys[..i].iter().all(|b| a != b), "{i}");
    }
    let faster = BatchOptions { batch: 7, threads: 3, ..options };
    assert_eq!(CacheKey::new("content", &NET, &faster, ""), key());
}

#[test]
fn a_damaged_entry_is_said_and_can_be_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let cache = FeatureCache::new(dir.path());
    cache.store(&key(), &entry()).unwrap();
    let path = cache.path(&key());
    let whole = std::fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for bytes in [&flipped[..], &whole[..whole.len() / 2], b"", b"words"] {
        std::fs::write(&path, bytes).unwrap();
        let Cached::Damaged(reason) = cache.load(&key()) else { panic!("it is damaged") };
        assert!(reason.contains(path.to_str().unwrap()), "{reason}");
    }
    // An entry under the wrong name.
    let other = CacheKey::new("other", &NET, &BatchOptions::new([3, 8, 8]), "");
    std::fs::write(cache.path(&other), &whole).unwrap();
    assert!(matches!(cache.load(&other), Cached::Damaged(reason) if reason.contains("another key")));
    cache.store(&key(), &entry()).unwrap();
    assert!(matches!(cache.load(&key()), Cached::Hit(_)));
}

#[test]
fn a_cache_that_cannot_be_written_is_an_error_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), b"").unwrap();
    let cache = FeatureCache::new(&dir.path().join("file"));
    assert!(cache.store(&key(), &entry()).is_err());
    assert!(!matches!(cache.load(&key()), Cached::Hit(_)));
}
