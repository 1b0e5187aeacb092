//! Newer measures against reference numbers: those of formulas on the portable generator, and those of published programs
//! (`fixtures/newer/gen.py`).

use std::path::{Path, PathBuf};

use ganymede_metrics::{
    AlphaBeta, Ddof, FeatureSets, FeatureStats, Images, KidSubset, alpha_precision_beta_recall,
    approximate_sliced_wasserstein, birthday_support, classification_accuracy_score,
    clipped_density_coverage, cmmd, data_copying, fld, frechet_wavelet_distance, improved_precision_recall,
    kid_rbf, kid_rbf_all, memorisation, mmd2_biased, ndb, prdc, precision_recall_cover,
    probabilistic_precision_recall, rarity, realism, rke, symmetric_precision_recall, vendi_scores,
};
use ndarray::{Array2, Array4};
use serde_json::Value;

use crate::program::{call, expect, json, text};
use crate::support::{assert_relative, fixture_path, portable, portable_fake, portable_real};

const TOLERANCE: f64 = 1e-9;

fn sets<'a>(real: &'a Array2<f64>, generated: &'a Array2<f64>) -> FeatureSets<'a, f64> {
    FeatureSets { real: real.view(), generated: generated.view() }
}

fn published() -> Value {
    let text = std::fs::read_to_string(fixture_path("newer", "newer.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Rows around centres on the axes, as in `gen.py`.
fn clustered(seed: u64, counts: &[usize], cols: usize, spread: f64) -> (Array2<f64>, Vec<u32>) {
    let mut rows = portable(seed, counts.iter().sum(), cols, spread, 0.0);
    let centres = counts.iter().enumerate().flat_map(|(centre, count)| vec![centre as u32; *count]);
    let centres: Vec<u32> = centres.collect();
    centres.iter().enumerate().for_each(|(row, centre)| rows[(row, *centre as usize)] += 40.0);
    (rows, centres)
}

#[test]
fn measures_of_who_lies_near_whom_on_the_portable_input() {
    let (real, generated) = (portable_real(), portable_fake());
    let both = sets(&real, &generated);
    for (k, four, complement) in
        [(5, [0.975, 0.505, 2.00625, 0.97], 0.65), (3, [0.9625, 0.395, 1.95, 0.925], 0.475)]
    {
        let found = prdc(both, k).unwrap();
        let found = [found.precision, found.recall, found.density, found.coverage];
        found.iter().zip(four).for_each(|(found, wanted)| assert_relative(*found, wanted, TOLERANCE));
        let symmetric = symmetric_precision_recall(both, k).unwrap();
        assert_relative(symmetric.complement_precision, complement, TOLERANCE);
        assert_relative(symmetric.precision, complement, TOLERANCE);
        assert_relative(symmetric.recall, four[1], TOLERANCE);
    }
    let closed = improved_precision_recall(both, 3).unwrap();
    assert_eq!((closed.precision, closed.recall), (0.9625, 0.395));
    for (k, precision, recall) in
        [(4, 0.9555116767935694, 0.3688456520590516), (5, 0.9714148558338891, 0.4135547008233697)]
    {
        let found = probabilistic_precision_recall(both, k, 1.2).unwrap();
        assert_relative(found.precision, precision, TOLERANCE);
        assert_relative(found.recall, recall, TOLERANCE);
    }
    let cover = precision_recall_cover(both, 3, 3).unwrap();
    assert_relative(cover.precision, 0.5125, TOLERANCE);
    assert_relative(cover.recall, 0.95, TOLERANCE);
    let clipped = clipped_density_coverage(both, 5).unwrap();
    assert_relative(clipped.density_raw[0], 0.8025, TOLERANCE);
    assert_relative(clipped.density_raw[1], 0.49900000000000033, TOLERANCE);
    assert_relative(clipped.density_uncapped, 1.6082164328657305, TOLERANCE);
    assert_relative(clipped.coverage_raw, 0.8209999999999996, TOLERANCE);
    assert_eq!((clipped.density, clipped.coverage), (1.0, 1.0));
    let scores = realism(both, 5).unwrap();
    let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
    assert_relative(mean(&scores), 1.1763389067724075, TOLERANCE);
    let first = [1.0152709345123265, 1.0981288623537644, 1.1310639463311245];
    scores.iter().zip(first).for_each(|(found, wanted)| assert_relative(*found, wanted, TOLERANCE));
    let scores = rarity(both, 3).unwrap();
    let inside: Vec<f64> = scores.iter().copied().filter(|score| *score > 0.0).collect();
    assert_eq!(inside.len(), 154);
    assert_relative(mean(&inside), 1.953543946587729, TOLERANCE);
    let first = [2.1191174325689888, 2.073328224170714, 1.9942587852496678];
    scores.iter().zip(first).for_each(|(found, wanted)| assert_relative(*found, wanted, TOLERANCE));
    assert_relative(memorisation(both).unwrap().authentic_percent, 51.875, TOLERANCE);
    let AlphaBeta { alpha_precision, beta_recall, authenticity_as_published, .. } =
        alpha_precision_beta_recall(both).unwrap();
    assert_relative(alpha_precision, 0.44870689655172424, TOLERANCE);
    assert_relative(beta_recall, 0.5389655172413792, TOLERANCE);
    assert_relative(authenticity_as_published.unwrap(), 0.495, TOLERANCE);
    // The published program reads beyond the end of the real ones.
    assert_eq!(alpha_precision_beta_recall(sets(&generated, &real)).unwrap().authenticity_as_published, None);
}

#[test]
fn distances_by_kernels_and_by_moments_on_the_portable_input() {
    let (real, generated) = (portable_real(), portable_fake());
    assert_relative(1e3 * mmd2_biased(&real, &generated, 10.0).unwrap(), 3.4036862919908373, TOLERANCE);
    assert_relative(cmmd(&real, &generated).unwrap(), 0.9037483103300215, TOLERANCE);
    let moments = |rows: &Array2<f64>| {
        let mut stats = FeatureStats::new(16).unwrap();
        stats.push(rows).unwrap();
        stats.mean_cov(Ddof::Population).unwrap()
    };
    let found = approximate_sliced_wasserstein(&moments(&real), &moments(&generated)).unwrap();
    assert_relative(found, 0.18828276681637798, TOLERANCE);
    let wanted = published()["kid_rbf"].as_f64().unwrap();
    let subset = KidSubset { real: (0..160).collect(), fake: (0..160).collect() };
    assert_relative(kid_rbf(&real, &generated, &[subset], 10.0).unwrap().mean, wanted, TOLERANCE);
    let first = real.slice(ndarray::s![..160, ..]);
    assert_relative(kid_rbf_all(first, &generated, 10.0).unwrap(), wanted, TOLERANCE);
    assert!(kid_rbf_all(&real, &generated, 0.0).is_err());
    assert!(mmd2_biased(&real, &generated, f64::NAN).is_err());
}

#[test]
fn effective_numbers_of_samples() {
    let (generated, published) = (portable_fake(), published());
    let found = vendi_scores(&generated, &[1.0, 0.5, 2.0, f64::INFINITY]).unwrap();
    assert_relative(found[0], 14.780990162440839, TOLERANCE);
    for (found, order) in found[1..].iter().zip(["0.5", "2.0", "inf"]) {
        assert_relative(*found, published["vendi"][order].as_f64().unwrap(), TOLERANCE);
    }
    assert!(found.windows(2).all(|pair| pair[0] != pair[1]));
    assert!(vendi_scores(&generated, &[0.0]).is_err());
    let wanted = published["rke_sigma2"].as_f64().unwrap();
    assert_relative(rke(&generated, 2.0).unwrap(), wanted, TOLERANCE);
    // All alike is one mode, far apart are as many as there are samples.
    assert_relative(rke(&Array2::<f64>::ones((30, 3)), 2.0).unwrap(), 1.0, TOLERANCE);
    let apart = Array2::from_shape_fn((30, 1), |(i, _)| 1e3 * i as f64);
    assert_relative(rke(&apart, 2.0).unwrap(), 30.0, TOLERANCE);
}

#[test]
fn likelihoods_of_unseen_samples_are_the_published_programs() {
    let (train, test) = (portable(3, 120, 16, 1.0, 0.0), portable(4, 80, 16, 1.0, 0.0));
    let wanted = &published()["fld"];
    // Its random split is part of the baseline only.
    let found = fld(&train, &test, &portable_fake(), 7).unwrap();
    // The program works in f32 where distances are kept; both did so here but for the network of f64.
    let nll = found.fld / 100.0 + found.baseline;
    assert_relative(nll, wanted["nll_test"].as_f64().unwrap(), 1e-6);
    let gap = wanted["generalisation_gap"].as_f64().unwrap();
    assert!((found.generalisation_gap - gap).abs() < 1e-3, "{} {gap}", found.generalisation_gap);
    assert_relative(found.train - found.fld, found.generalisation_gap, 1e-9);
    // A generator that repeats its training set is found out, and is far worse than it seems.
    let copies = fld(&train, &test, &train, 7).unwrap();
    assert!(copies.generalisation_gap < -100.0 && copies.fld > found.fld + 100.0, "{copies:?}");
    assert!(fld(train.slice(ndarray::s![..3, ..]), &test, &portable_fake(), 0).is_err());
    assert!(fld(&train, &Array2::<f64>::ones((9, 16)), &portable_fake(), 0).is_err());
}

#[test]
fn copies_of_the_training_set_are_found_as_published() {
    for (name, cols) in [("c_t", 16), ("c_t_of_axes", 80)] {
        let (train, _) = clustered(5, &[60, 50, 40], cols, 1.0);
        let (test, _) = clustered(6, &[30, 40, 30], cols, 1.0);
        let (generated, _) = clustered(7, &[50, 30, 40], cols, 0.9);
        let found = data_copying(&train, &test, &generated, 0).unwrap();
        assert_relative(found.c_t, published()[name].as_f64().unwrap(), 1e-7);
        let copies = data_copying(&train, &test, &(&train + 1e-3), 0).unwrap();
        assert!(copies.c_t < -5.0, "{}", copies.c_t);
    }
}

#[test]
fn bins_that_differ_are_those_of_the_published_program() {
    let (real, _) = clustered(8, &[35, 25, 22, 18], 12, 1.0);
    let (generated, _) = clustered(9, &[40, 10, 25, 15], 12, 1.2);
    let wanted = &published()["ndb"];
    let found = ndb(real.slice(ndarray::s![..90, ..]), &generated, 0).unwrap();
    assert_eq!(found.bins.len(), 4);
    assert_relative(found.share, wanted["share"].as_f64().unwrap(), TOLERANCE);
    assert_relative(found.js, wanted["js"].as_f64().unwrap(), TOLERANCE);
    for (at, bin) in found.bins.iter().enumerate() {
        assert_eq!(Some(bin.differs), wanted["different"][at].as_bool());
        assert_relative(bin.generated, wanted["shares"][at].as_f64().unwrap(), TOLERANCE);
    }
    // A mode that is gone is the bin that is missing.
    let without = generated.slice(ndarray::s![40.., ..]);
    let found = ndb(real.slice(ndarray::s![..90, ..]), without, 0).unwrap();
    assert!(found.bins[0].differs && found.bins[0].z > 0.0 && found.bins[0].generated == 0.0);
    // Equal sets differ nowhere.
    let same = ndb(&real, &real, 0).unwrap();
    assert_eq!((same.share, same.js), (0.0, 0.0));
    assert!(ndb(real.slice(ndarray::s![..39, ..]), &generated, 0).is_err());
}

#[test]
fn wavelet_distances_are_those_of_the_published_program() {
    let images = |seed: u64, shift: f64| {
        let noise = portable(seed, 300, 32 * 32, 40.0, shift).mapv(|x| (x + 128.0).clamp(0.0, 255.0));
        let noise = Array4::from_shape_vec((300, 1, 32, 32), noise.mapv(round).into_raw_vec_and_offset().0);
        let noise = noise.unwrap();
        Array4::from_shape_fn(noise.dim(), |(n, c, y, x)| {
            let (up, left) = ((y + 31) % 32, (x + 31) % 32);
            round((noise[(n, c, y, x)] + noise[(n, c, up, x)] + noise[(n, c, y, left)]) / 3.0) as f32
        })
    };
    let (real, generated) = (images(10, 0.0), images(11, 8.0));
    for level in [1, 2] {
        let both = Images { real: real.view(), generated: generated.view() };
        let found = frechet_wavelet_distance(both, level).unwrap();
        let wanted = &published()[format!("fwd_level{level}")];
        assert_relative(found.distance, wanted["distance"].as_f64().unwrap(), 1e-6);
        assert_eq!(found.bands.len(), 1 << (2 * level));
        for (band, wanted) in found.bands.iter().zip(wanted["bands"].as_array().unwrap()) {
            assert_relative(*band, wanted.as_f64().unwrap(), 1e-5);
        }
    }
    let both = Images { real: real.view(), generated: real.view() };
    assert!(frechet_wavelet_distance(both, 2).unwrap().distance < 1e-9);
    assert!(frechet_wavelet_distance(both, 0).is_err() && frechet_wavelet_distance(both, 6).is_err());
    assert!(frechet_wavelet_distance(both, 64).is_err());
}

/// Halves to even, as NumPy has it.
fn round(value: f64) -> f64 {
    value.round_ties_even()
}

#[test]
fn a_classifier_of_generated_samples_is_as_good_as_scikit_learns() {
    let (generated, generated_labels) = clustered(12, &[40, 30, 30], 6, 60.0);
    let (real, real_labels) = clustered(13, &[30, 40, 30], 6, 60.0);
    let score = || classification_accuracy_score(&real, &real_labels, &generated, &generated_labels);
    let found = score().unwrap();
    assert_relative(found.accuracy, published()["cas"]["accuracy"].as_f64().unwrap(), TOLERANCE);
    assert!((0.3..=1.0).contains(&found.of_real));
    let one_class = vec![0; 100];
    assert!(classification_accuracy_score(&real, &real_labels, &generated, &one_class).is_err());
    assert!(classification_accuracy_score(&real, &real_labels[1..], &generated, &generated_labels).is_err());
}

#[test]
fn twins_tell_how_many_different_samples_there_are() {
    let real = portable_real();
    let different = portable(21, 1000, 16, 1.0, 0.0);
    for (support, least, most) in [(40, 20.0, 60.0), (400, 250.0, 600.0)] {
        let mut rng = ganymede_tensor::Rng::new(3);
        let rows: Vec<usize> = (0..160).map(|_| rng.below(support)).collect();
        let generated = different.select(ndarray::Axis(0), &rows);
        let found = birthday_support(sets(&real, &generated), 0.0).unwrap();
        assert!((least..most).contains(&found.support), "{found:?}");
    }
    let found = birthday_support(sets(&real, &portable(20, 200, 16, 1.0, 0.0)), 0.05).unwrap();
    assert!(found.twins < 30 && found.support > 1000.0, "{found:?}");
    assert!(birthday_support(sets(&real, &real), 1.0).is_err());
}

/// A file of features.
fn rows_at(dir: &Path, name: &str, rows: &Array2<f64>) -> PathBuf {
    let path = dir.join(name);
    ndarray_npy::write_npy(&path, rows).unwrap();
    path
}

#[test]
fn unseen_samples_can_be_given_to_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let train = portable(3, 120, 16, 1.0, 0.0);
    let test = portable(4, 80, 16, 1.0, 0.0);
    let [real, fake, unseen, narrow] = [
        ("train.npy", train.clone()),
        ("fake.npy", portable_fake()),
        ("unseen.npy", test.clone()),
        ("narrow.npy", portable(4, 80, 15, 1.0, 0.0)),
    ]
    .map(|(name, rows)| rows_at(dir.path(), name, &rows));
    let call = |more: &[&str]| {
        let args = ["features", text(&real), text(&fake), "--metrics", "fld,copying", "--json", "-"];
        call(dir.path(), &[&args, more].concat())
    };
    let output = call(&["--unseen", text(&unseen)]);
    expect(&output, 0, &[]);
    let results = &json(&output)["results"];
    let (wanted, copies) = (
        fld(&train, &test, &portable_fake(), 0).unwrap(),
        data_copying(&train, &test, &portable_fake(), 0).unwrap(),
    );
    assert_relative(results["fld"]["fld"].as_f64().unwrap(), wanted.fld, TOLERANCE);
    assert_relative(results["copying"]["value"].as_f64().unwrap(), copies.c_t, TOLERANCE);
    assert_eq!(results["fld"]["split"], "unseen real samples were given");
    let halved = json(&call(&[]));
    assert_eq!(halved["results"]["fld"]["split"], "every second real sample is a test sample");
    assert_ne!(halved["results"]["fld"]["fld"], results["fld"]["fld"]);
    expect(&call(&["--unseen", text(&narrow)]), 2, &["narrow.npy", "15 features an image", "has 16"]);
    expect(&call(&["--unseen", "nowhere.npy"]), 1, &["nowhere.npy"]);
}

/// What the program says of files in double precision is exact to as many digits.
#[test]
fn the_program_gives_the_reference_numbers_of_features() {
    let dir = tempfile::tempdir().unwrap();
    let [real, fake] = [("real.npy", portable_real()), ("fake.npy", portable_fake())]
        .map(|(name, rows)| rows_at(dir.path(), name, &rows));
    let names = "fid,prdc,pr,clipped,pp-pr,symmetric-pr,cover-pr,alpha-beta,realism,rarity,asw,cmmd,memorisation,\
                 authenticity,vendi";
    let args = ["features", text(&real), text(&fake), "--metrics", names, "--json", "-"];
    let output = call(dir.path(), &args);
    expect(&output, 0, &[]);
    let results = &json(&output)["results"];
    for (measure, key, wanted) in [
        ("fid", "value", 0.7647148503929113),
        ("prdc", "density", 2.00625),
        ("prdc", "coverage", 0.97),
        ("pr", "recall", 0.395),
        ("clipped", "density_uncapped", 1.6082164328657305),
        ("clipped", "coverage_raw", 0.8209999999999996),
        ("pp-pr", "precision", 0.9555116767935694),
        ("pp-pr", "recall", 0.3688456520590516),
        ("symmetric-pr", "precision", 0.65),
        ("symmetric-pr", "recall", 0.505),
        ("cover-pr", "precision", 0.5125),
        ("cover-pr", "recall", 0.95),
        ("alpha-beta", "alpha_precision", 0.44870689655172424),
        ("alpha-beta", "beta_recall", 0.5389655172413792),
        ("alpha-beta", "authenticity", 0.495),
        ("realism", "value", 1.1763389067724075),
        ("rarity", "value", 1.953543946587729),
        ("asw", "value", 0.18828276681637798),
        ("cmmd", "value", 0.9037483103300215),
        ("authenticity", "value", 51.875),
        ("memorisation", "authentic_percent", 51.875),
        ("vendi", "value", 14.780990162440839),
    ] {
        assert_relative(results[measure][key].as_f64().unwrap(), wanted, TOLERANCE);
    }
}
