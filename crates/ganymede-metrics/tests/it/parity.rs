//! The same features through torch-fidelity, pytorch-fid, and 50 digits.

use ganymede_metrics::{
    Convention, Ddof, FeatureStats, KidSubset, MeanCov, Provenance, Split, frechet_distance,
    frechet_distance_rows, frechet_distance_stats, inception_score, kid, load_npz, save_npz,
};
use ndarray::{Array1, Array2, s};

use crate::support::{Fixture, assert_relative, fixture_path};

fn stats(rows: &Array2<f32>) -> MeanCov {
    let mut stats = FeatureStats::new(rows.ncols()).unwrap();
    stats.push(rows).unwrap();
    stats.mean_cov(Ddof::Sample).unwrap()
}

#[test]
fn frechet_distance_of_the_peers() {
    let fixture = Fixture::open("distances");
    let (real, fake) = (fixture.f32("real"), fixture.f32("fake"));
    let found = frechet_distance(&stats(&real), &stats(&fake)).unwrap().distance;
    assert_relative(found, fixture.number("fid_pytorch_fid"), 1e-4);
    assert_relative(found, fixture.number("fid_torch_fidelity"), 1e-4);
    assert_relative(found, fixture.number("fid_exact"), 1e-10);
}

#[test]
fn frechet_distance_of_deficient_ranks() {
    let fixture = Fixture::open("distances");
    let (real, fake) = (fixture.f32("real"), fixture.f32("fake"));
    let cases = [
        (120, 90, "fid_exact"),
        (120, 10, "fid_exact_few_fake"),
        (12, 10, "fid_exact_few_both"),
        (2, 2, "fid_exact_two"),
    ];
    for (n, m, wanted) in cases {
        let wanted = fixture.number(wanted);
        let (real, fake) = (real.slice(s![..n, ..]), fake.slice(s![..m, ..]));
        let rows = frechet_distance_rows(real, fake, Ddof::Sample).unwrap();
        assert_relative(rows.distance, wanted, 1e-10);
        // From the covariances alone.
        let covs = frechet_distance(&stats(&real.to_owned()), &stats(&fake.to_owned())).unwrap();
        assert_relative(covs.distance, wanted, 1e-10);
        let kept = [real, fake].map(|rows| {
            let mut stats = FeatureStats::keeping_rows(rows.ncols()).unwrap();
            stats.push(rows).unwrap();
            stats
        });
        let [real, fake] = &kept;
        let kept = frechet_distance_stats(real, fake, Ddof::Sample).unwrap();
        assert_relative(kept.distance, wanted, 1e-10);
    }
}

#[test]
fn frechet_distance_of_ill_conditioned_covariances() {
    let fixture = Fixture::open("distances");
    for (name, tolerance) in [("mild", 1e-12), ("harsh", 1e-10)] {
        let [real, fake] = ["real", "fake"]
            .map(|side| MeanCov { mean: Array1::zeros(16), cov: fixture.f64(&format!("{name}_{side}")) });
        let wanted = fixture.number(&format!("{name}_distance"));
        assert_relative(frechet_distance(&real, &fake).unwrap().distance, wanted, tolerance);
    }
}

#[test]
fn kernel_distance_of_torch_fidelity_on_its_subsets() {
    let fixture = Fixture::open("distances");
    let (real, fake) = (fixture.indices("kid_real"), fixture.indices("kid_fake"));
    let subsets: Vec<KidSubset> =
        real.into_iter().zip(fake).map(|(real, fake)| KidSubset { real, fake }).collect();
    let found = kid(&fixture.f32("real"), &fixture.f32("fake"), &subsets).unwrap();
    let wanted = fixture.vector("kid");
    assert_relative(found.mean, wanted[0], 1e-9);
    assert_relative(found.std, wanted[1], 1e-9);
}

#[test]
fn inception_score_of_torch_fidelity() {
    let fixture = Fixture::open("distances");
    let (logits, order) = (fixture.f32("logits"), fixture.indices("order").remove(0));
    for (name, order) in [("is_shuffled", Some(order.as_slice())), ("is_in_order", None)] {
        let found = inception_score(&logits, order, Split::Even(10), Ddof::Population).unwrap();
        let wanted = fixture.vector(name);
        assert_relative(found.mean, wanted[0], 1e-12);
        assert_relative(found.std, wanted[1], 1e-11);
    }
}

#[test]
fn statistics_of_pytorch_fid_are_read_and_written() {
    let fixture = Fixture::open("distances");
    let ours = stats(&fixture.f32("real"));
    let theirs = load_npz(&fixture_path("distances", "statistics.npz")).unwrap();
    assert_eq!(theirs.cov, fixture.f64("sigma"));
    assert_eq!(theirs.mean.to_vec(), fixture.vector("mu"));
    assert!((&theirs.cov - &ours.cov).iter().all(|e| e.abs() < 1e-13));
    assert!(frechet_distance(&theirs, &ours).unwrap().distance < 1e-12);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("again.npz");
    save_npz(&path, &theirs).unwrap();
    assert_eq!(load_npz(&path).unwrap(), theirs);
}

#[test]
fn names_of_numbers() {
    let mut provenance = Provenance::new("inception2015", "6726825d", Convention::Ganymede);
    provenance.resize = Some(Convention::Ganymede.choices().resize);
    provenance.fake = Some(10_000);
    assert_eq!(provenance.id("fid"), "fid-inception2015-clean-10k");
    provenance.fake = Some(1_234);
    provenance.ddof = Some(Ddof::Population);
    assert_eq!(provenance.id("fid"), "fid-inception2015-clean-1234-n");
}
