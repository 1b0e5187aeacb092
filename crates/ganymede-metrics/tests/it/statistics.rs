//! Streaming statistics: precision, batches, shards, files.

use ganymede_metrics::{Convention, Ddof, FeatureStats, MeanCov, MetricError, Provenance, load_npz};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use ndarray_npy::NpzWriter;

use crate::support::portable;

/// Means of 1000, deviations of 1: naive sums of squares would lose six digits.
fn rows(n: usize, d: usize) -> Array2<f32> {
    portable(5, n, d, 1.0, 1000.0).mapv(|x| x as f32)
}

fn pushed(rows: ArrayView2<'_, f32>, batch: usize) -> FeatureStats {
    let mut stats = FeatureStats::new(rows.ncols()).unwrap();
    rows.axis_chunks_iter(Axis(0), batch).for_each(|batch| stats.push(batch).unwrap());
    stats
}

/// Two passes, with the correction that makes the first one's rounding harmless.
fn oracle(rows: ArrayView2<'_, f32>) -> MeanCov {
    let rows = rows.mapv(f64::from);
    let n = rows.nrows() as f64;
    let first = rows.mean_axis(Axis(0)).unwrap();
    let mean = &first + &(&rows - &first).mean_axis(Axis(0)).unwrap();
    let centred = &rows - &mean;
    MeanCov { mean, cov: centred.t().dot(&centred) / (n - 1.0) }
}

fn assert_close(found: &MeanCov, wanted: &MeanCov, tolerance: f64) {
    let worst = |a: f64, e: f64| a.max(e.abs());
    let mean = (&found.mean - &wanted.mean).iter().copied().fold(0.0, worst);
    let cov = (&found.cov - &wanted.cov).iter().copied().fold(0.0, worst);
    assert!(mean <= 1000.0 * tolerance && cov <= tolerance, "off by {mean:e} and {cov:e}");
}

#[test]
fn two_passes_give_the_same() {
    for (n, d) in [(2, 1), (3, 5), (511, 7), (512, 7), (513, 7), (3000, 40)] {
        let rows = rows(n, d);
        let found = pushed(rows.view(), 100).mean_cov(Ddof::Sample).unwrap();
        assert_close(&found, &oracle(rows.view()), 1e-12);
        let by_n = pushed(rows.view(), 100).mean_cov(Ddof::Population).unwrap();
        assert_close(&MeanCov { cov: by_n.cov * (n as f64 / (n as f64 - 1.0)), ..by_n }, &found, 1e-13);
    }
}

#[test]
fn batches_make_no_difference_to_the_last_bit() {
    let rows = rows(1500, 9);
    let whole = pushed(rows.view(), 1500).mean_cov(Ddof::Sample).unwrap();
    for batch in [1, 7, 512, 513, 1000] {
        assert_eq!(pushed(rows.view(), batch).mean_cov(Ddof::Sample).unwrap(), whole);
    }
}

#[test]
fn column_major_rows_are_rows() {
    let rows = rows(600, 6);
    let columns = rows.t().as_standard_layout().into_owned();
    assert_eq!(
        pushed(columns.t(), 600).mean_cov(Ddof::Sample).unwrap(),
        pushed(rows.view(), 600).mean_cov(Ddof::Sample).unwrap()
    );
}

#[test]
fn merged_shards_are_the_whole() {
    let rows = rows(1300, 11);
    let whole = pushed(rows.view(), 64).mean_cov(Ddof::Sample).unwrap();
    for cuts in [&[0_usize][..], &[1], &[600], &[512, 1024], &[3, 4, 1299], &[1300]] {
        let mut merged = FeatureStats::new(11).unwrap();
        let mut start = 0;
        for end in cuts.iter().copied().chain([1300]) {
            merged.merge(&pushed(rows.slice(s![start..end, ..]), 64)).unwrap();
            start = end;
        }
        assert_eq!(merged.count(), 1300);
        assert_close(&merged.mean_cov(Ddof::Sample).unwrap(), &whole, 1e-12);
    }
}

#[test]
fn rows_are_kept_when_asked_for() {
    let rows = rows(700, 3);
    let mut kept = FeatureStats::keeping_rows(3).unwrap();
    kept.push(rows.slice(s![..100, ..])).unwrap();
    let mut more = FeatureStats::keeping_rows(3).unwrap();
    more.push(rows.slice(s![100.., ..])).unwrap();
    kept.merge(&more).unwrap();
    assert_eq!(kept.rows().unwrap(), rows);
    assert!(kept.push(&Array2::<f64>::zeros((1, 3))).is_err());
    assert_eq!(kept.count(), 700);
    kept.merge(&FeatureStats::new(3).unwrap()).unwrap();
    assert!(kept.rows().is_none());
}

#[test]
fn a_file_holds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shard.safetensors");
    let mut provenance = Provenance::new("inception2015", "ab", Convention::Stylegan);
    provenance.real = Some(700);
    let rows = rows(700, 4);
    for keep in [false, true] {
        let mut stats = if keep { FeatureStats::keeping_rows(4) } else { FeatureStats::new(4) }.unwrap();
        stats.push(&rows).unwrap();
        stats.save(&path, &provenance).unwrap();
        // Equal statistics are equal bytes, whoever writes them.
        let written = std::fs::read(&path).unwrap();
        (0..4).for_each(|_| assert!(stats.to_bytes(&provenance).unwrap() == written));
        let (mut again, from) = FeatureStats::load(&path).unwrap();
        assert_eq!((from, again.count()), (provenance.clone(), 700));
        assert_eq!(again.mean_cov(Ddof::Sample).unwrap(), stats.mean_cov(Ddof::Sample).unwrap());
        assert_eq!(again.rows(), stats.rows());
        again.push(&rows).unwrap();
        stats.push(&rows).unwrap();
        let (again, stats) = (again.mean_cov(Ddof::Sample).unwrap(), stats.mean_cov(Ddof::Sample).unwrap());
        assert_close(&again, &stats, 1e-12);
    }
}

fn reason(error: MetricError) -> String {
    match error {
        MetricError::File { reason, .. } => reason,
        other => panic!("not about the file: {other}"),
    }
}

#[test]
fn damaged_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    assert!(matches!(FeatureStats::load(&path), Err(MetricError::Io { .. })));
    assert!(matches!(load_npz(&path), Err(MetricError::Io { .. })));
    let stats = pushed(rows(20, 4).view(), 20);
    stats.save(&path, &Provenance::new("x", "y", Convention::Ganymede)).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for cut in [0, 1, 8, 100, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        assert!(reason(FeatureStats::load(&path).unwrap_err()).contains("not a statistics file"));
        assert!(reason(load_npz(&path).unwrap_err()).contains("not an .npz file"));
    }
    let text = String::from_utf8_lossy(&whole).into_owned();
    assert!(text.contains("ganymede.statistics.schema"));
    let swap = |from: &str, to: &str| {
        let mut bytes = whole.clone();
        let at = whole.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        std::fs::write(&path, bytes).unwrap();
        reason(FeatureStats::load(&path).unwrap_err())
    };
    assert!(swap("schema\":\"1", "schema\":\"9").contains("schema 9"));
    assert!(swap("ganymede.stat", "gonymede.stat").contains("not one of statistics"));
    assert!(swap("\"count\":\"20\"", "\"count\":\"x0\"").contains("number of rows"));
    let mut nan = whole.clone();
    let end = nan.len();
    nan[end - 8..].copy_from_slice(&f64::NAN.to_le_bytes());
    std::fs::write(&path, nan).unwrap();
    assert!(reason(FeatureStats::load(&path).unwrap_err()).contains("not finite"));
}

fn npz(arrays: &[(&str, Array2<f64>)], mu: Option<Array1<f64>>) -> Vec<u8> {
    let mut writer = NpzWriter::new_compressed(std::io::Cursor::new(Vec::new()));
    arrays.iter().for_each(|(name, array)| writer.add_array(*name, array).unwrap());
    if let Some(mu) = mu {
        writer.add_array("mu", &mu).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn nonsense_in_an_npz_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stats.npz");
    let eye = Array2::<f64>::eye(3);
    let (mu, nan) = (Array1::zeros(3), Array2::from_elem((3, 3), f64::NAN));
    let cases = [
        (npz(&[], Some(mu.clone())), "sigma"),
        (npz(&[("sigma", eye.clone())], None), "mu"),
        (npz(&[("mu", eye.clone()), ("sigma", eye.clone())], None), "not a vector"),
        (npz(&[("sigma", Array2::eye(4))], Some(mu.clone())), "3 numbers"),
        (npz(&[("sigma", nan)], Some(mu.clone())), "not finite"),
        (npz(&[("sigma", eye.clone())], Some(Array1::zeros(0))), "0 numbers"),
        // A megabyte of zeros packs into a kilobyte.
        (npz(&[("sigma", Array2::zeros((400, 400)))], Some(mu)), "float64 (400, 400)"),
        (npz(&[("sigma", eye)], Some(Array1::zeros(200_000))), "larger than"),
        (b"PK\x03\x04 and then nothing".to_vec(), "not an .npz file"),
    ];
    for (bytes, wanted) in cases {
        std::fs::write(&path, bytes).unwrap();
        let found = reason(load_npz(&path).unwrap_err());
        assert!(found.contains(wanted), "{found} says nothing of {wanted}");
    }
}

#[test]
fn single_precision_npz_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stats.npz");
    let mut writer = NpzWriter::new(std::fs::File::create(&path).unwrap());
    writer.add_array("mu", &Array1::from_vec(vec![1.5_f32, 2.5])).unwrap();
    writer.add_array("sigma", &Array2::<f32>::eye(2)).unwrap();
    writer.finish().unwrap();
    let found = load_npz(&path).unwrap();
    assert_eq!((found.mean.to_vec(), found.cov), (vec![1.5, 2.5], Array2::eye(2)));
}
