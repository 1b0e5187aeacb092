//! guided-diffusion's evaluator: its numbers, and its reference batches (`fixtures/adm/gen.py`).

use std::path::{Path, PathBuf};

use ganymede_metrics::{
    AdmBatch, Choices, Comparison, Convention, Ddof, FeatureSets, FeatureStats, Features, ImageFolder,
    MeanCov, NpzKind, SampleSet, find_measure, frechet_distance, half_precision_recall,
    improved_precision_recall, npz_has_images, npz_kind, read_adm_npz, read_npz, sfid,
};
use ndarray::{Array1, Array2, s};
use serde_json::Value;

use crate::support::{assert_relative, fixture_path, portable, portable_fake, portable_real};

fn adm() -> Choices {
    Convention::Adm.choices()
}

fn fixture() -> Value {
    let text = std::fs::read_to_string(fixture_path("adm", "adm.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn batch() -> PathBuf {
    fixture_path("adm", "batch.npz")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn f32(rows: Array2<f64>) -> Array2<f32> {
    rows.mapv(|x| x as f32)
}

/// The features of a case, as gen.py makes them.
fn case(name: &str) -> [Array2<f32>; 2] {
    let (real, fake) = (portable(1, 100, 24, 1.0, 0.0), portable(2, 130, 24, 0.8, 0.15));
    let [real, fake] = match name {
        "pool" => [real, fake].map(|rows| rows.mapv(|x| (9.0 * x).abs())),
        "grid" => {
            [real, fake].map(|rows| rows.slice(s![.., ..8]).mapv(|x| (4.0 * x).round_ties_even() / 4.0))
        }
        "overflow" => {
            let (mut large, mut wide) = (real, fake);
            large.slice_mut(s![40..44, ..]).mapv_inplace(|x| x * 250.0);
            wide.slice_mut(s![100, ..]).mapv_inplace(|x| x * 220.0);
            [large, wide]
        }
        "verge" => [real, fake].map(|rows| rows * 40.0),
        "distant" => [&real.slice(s![..60, ..16]) + 8.0, &fake.slice(s![..70, ..16]) + 8.0],
        other => panic!("there is no case {other}"),
    };
    [f32(real), f32(fake)]
}

#[test]
fn precision_and_recall_are_those_of_the_evaluator_tile_by_tile() {
    let cases = fixture()["precision_recall"].clone();
    let cases = cases.as_object().unwrap();
    assert_eq!(cases.len(), 5);
    for (name, wanted) in cases {
        let [real, generated] = case(name);
        let sets = FeatureSets { real: real.view(), generated: generated.view() };
        let found = half_precision_recall(sets, 3, 32).unwrap();
        let found = [found.precision, found.recall];
        assert_eq!(found.to_vec(), numbers(&wanted["evaluator"]), "{name}");
        let exact = improved_precision_recall(sets, 3).unwrap();
        assert_eq!(vec![exact.precision, exact.recall], numbers(&wanted["exact"]), "{name}");
    }
    // There are cases in which it matters, even in which order norms are summed, and tiles of both kinds.
    for name in ["overflow", "distant"] {
        assert_ne!(cases[name]["evaluator"], cases[name]["exact"]);
    }
    assert_ne!(cases["distant"]["evaluator"], cases["distant"]["rounded_once"]);
    assert!(
        cases["overflow"]["half_tiles"].as_u64() > Some(0)
            && cases["overflow"]["whole_tiles"].as_u64() > Some(0)
    );
}

#[test]
fn tiles_without_overflow_change_nothing_and_what_cannot_be_is_refused() {
    let [real, generated] = case("pool");
    let sets = FeatureSets { real: real.view(), generated: generated.view() };
    let whole = half_precision_recall(sets, 3, 10_000).unwrap();
    assert_eq!(half_precision_recall(sets, 3, 7).unwrap(), whole);
    let message = |sets, k, tile| half_precision_recall(sets, k, tile).unwrap_err().to_string();
    assert!(message(sets, 0, 10).contains("at least 1") && message(sets, 3, 0).contains("at least 1"));
    let few = FeatureSets { real: real.slice(s![..3, ..]), generated: generated.view() };
    assert!(message(few, 3, 10).contains("at least 4 real samples, got 3"));
    // Beyond every number of 32 bits, too.
    let huge = real.mapv(|x| x * 1e30);
    let found =
        half_precision_recall(FeatureSets { real: huge.view(), generated: generated.view() }, 3, 32).unwrap();
    assert!((0.0..=1.0).contains(&found.precision) && (0.0..=1.0).contains(&found.recall));
}

#[test]
fn inception_scores_are_of_chunks_in_order() {
    let logits = f32(portable(3, 10_300, 6, 3.0, 0.0));
    let wanted = fixture()["inception_score"].clone();
    for (rows, chunks) in [(10_300, 3), (10_000, 2), (4_999, 1), (40, 1)] {
        let found = adm().inception_score(logits.slice(s![..rows, ..]), 7).unwrap();
        // The evaluator's probabilities are of 32 bits.
        assert_relative(found.mean, wanted[rows.to_string()].as_f64().unwrap(), 2e-6);
        assert_eq!(found.splits.len(), chunks);
    }
}

#[test]
fn the_spatial_distance_is_that_of_the_evaluator() {
    let (real, fake) = (f32(portable(4, 90, 21, 1.0, 0.3)), f32(portable(5, 70, 21, 0.7, 0.4)));
    let wanted = fixture()["spatial_distance"].as_f64().unwrap();
    // Its mean and covariance are of 32 bits in part.
    assert_relative(sfid(&real, &fake, adm().ddof).unwrap().distance, wanted, 1e-6);
}

fn levels(path: &Path) -> Vec<Vec<u8>> {
    let folder = ImageFolder::open(path).unwrap();
    let frame = |i| folder.frame(i, &ganymede_files::DecodeOptions::pil()).unwrap().interleaved().to_vec();
    (0..folder.len()).map(frame).collect()
}

#[test]
fn reference_batches_are_read_with_all_of_their_images() {
    let wanted = fixture()["batch"].clone();
    assert_eq!(npz_kind(&batch()).unwrap(), NpzKind::Statistics);
    assert!(npz_has_images(&batch()).unwrap());
    let (stats, notes) = read_adm_npz(&batch()).unwrap();
    assert_eq!(stats.pool.mean.to_vec(), numbers(&wanted["mu"]));
    let spatial = stats.spatial.unwrap().cov;
    for (found, wanted) in spatial.rows().into_iter().zip(wanted["sigma_s"].as_array().unwrap()) {
        assert_eq!(found.to_vec(), numbers(wanted));
    }
    assert!(notes.is_empty(), "{notes:?}");
    let images = levels(&batch());
    let sum: u64 = images.iter().flatten().map(|level| u64::from(*level)).sum();
    assert_eq!((images.len(), images[0].len(), Some(sum)), (12, 8 * 10 * 3, wanted["levels"].as_u64()));
    // Those of other programs see the statistics alone, and say so.
    assert!(read_npz(&batch()).unwrap().1[0].contains("not `arr_0`"));
}

fn some_stats(dim: usize) -> MeanCov {
    let mut stats = FeatureStats::new(dim).unwrap();
    stats.push(&portable(8, 40, dim, 1.0, 0.1)).unwrap();
    stats.mean_cov(Ddof::Sample).unwrap()
}

#[test]
fn reference_batches_are_written_as_they_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("again.npz");
    let write = |batch: AdmBatch<'_>| {
        let mut bytes = Vec::new();
        batch.write(&mut bytes).map(|()| std::fs::write(&to, bytes).unwrap())
    };
    let (pool, spatial) = (some_stats(4), some_stats(7));
    let folder = ImageFolder::open(&batch()).unwrap();
    let order: Vec<usize> = (0..12).rev().collect();
    write(AdmBatch { pool: &pool, spatial: Some(&spatial), images: Some((&folder, &order)) }).unwrap();
    let (found, _) = read_adm_npz(&to).unwrap();
    assert_eq!((&found.pool, found.spatial.as_ref()), (&pool, Some(&spatial)));
    let mut images = levels(&to);
    images.reverse();
    assert_eq!(images, levels(&batch()));
    write(AdmBatch { pool: &pool, spatial: None, images: None }).unwrap();
    let (found, _) = read_adm_npz(&to).unwrap();
    assert_eq!((found.pool, found.spatial, npz_has_images(&to).unwrap()), (pool.clone(), None, false));
    // Images of two sizes are no array.
    for (name, side) in [("a.png", 4), ("b.png", 5)] {
        image::GrayImage::new(side, 4).save(dir.path().join(name)).unwrap();
    }
    let folder = ImageFolder::open(dir.path()).unwrap();
    let error = write(AdmBatch { pool: &pool, spatial: None, images: Some((&folder, &[0, 1])) }).unwrap_err();
    assert!(error.to_string().contains("b.png is 5×4") && error.to_string().contains("one size"), "{error}");
}

#[test]
fn statistics_of_a_batch_go_before_its_images() {
    let (real, fake) = (f32(portable_real()), f32(portable_fake()));
    let features = |rows: &Array2<f32>| Features {
        pool: rows.clone(),
        logits: None,
        spatial: Some(rows.slice(s![.., ..7]).to_owned()),
    };
    let (of_real, of_fake) = (features(&real), features(&fake));
    let (pool, spatial) = (MeanCov { mean: Array1::zeros(16), cov: Array2::eye(16) }, some_stats(7));
    let real =
        SampleSet { mean_cov: Some(&pool), spatial_mean_cov: Some(&spatial), ..SampleSet::from(&of_real) };
    let choices = adm();
    let generated = SampleSet::from(&of_fake);
    let comparison = Comparison {
        real,
        generated,
        unseen: None,
        extractor: "inception2015",
        choices: &choices,
        seed: 0,
        passes: None,
    };
    let take = |name: &str| find_measure(name).unwrap().take(&comparison).unwrap();
    let stats = |rows: &Array2<f32>| {
        let mut stats = FeatureStats::new(rows.ncols()).unwrap();
        stats.push(rows).unwrap();
        stats.mean_cov(Ddof::Sample).unwrap()
    };
    let (fid, sfid) = (take("fid"), take("sfid"));
    let wanted = frechet_distance(&pool, &stats(&of_fake.pool)).unwrap().distance;
    assert_relative(fid.values[0].value, wanted, 1e-12);
    let wanted = frechet_distance(&spatial, &stats(of_fake.spatial.as_ref().unwrap())).unwrap().distance;
    assert_relative(sfid.values[0].value, wanted, 1e-12);
    // Nobody knows of how many images the statistics are; neighbours are sought among those that are there.
    let counts = fid.counts.unwrap();
    assert_eq!((counts.real, counts.generated), (None, Some(160)));
    let pr = take("pr");
    assert_eq!((pr.counts, pr.details["distances"].as_str()), (None, Some("half-tiles")));
    let sets = FeatureSets { real: of_real.pool.view(), generated: of_fake.pool.view() };
    assert_eq!(pr.values[0].value, half_precision_recall(sets, 3, 10_000).unwrap().precision);
}
