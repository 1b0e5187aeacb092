use super::*;

fn line() -> Modes {
    Modes { centres: vec![[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]], sigma: 0.1 }
}

#[test]
fn three_sigma_is_the_border() {
    let found =
        mode_coverage(&[[0.299, 0.0], [0.0, -0.299], [0.301, 0.0], [0.22, 0.22], [1.0, 0.29]], &line());
    assert_eq!(found.histogram, [2, 1, 0]);
    assert_eq!(found.modes_covered, 2);
    assert!((found.high_quality_fraction - 0.6).abs() < 1e-12);
}

#[test]
fn a_stray_point_is_no_mode_found() {
    // 60 samples, 3 modes: a mode needs ceil(60 / 60) = 1; with 61 samples it needs 2.
    let mut samples = vec![[0.0, 0.0]; 58];
    samples.extend([[1.0, 0.0], [5.0, 5.0]]);
    assert_eq!(
        (mode_coverage(&samples, &line()).modes_covered, mode_coverage(&samples, &line()).min_count),
        (2, 1)
    );
    samples.push([5.0, 5.0]);
    assert_eq!(
        (mode_coverage(&samples, &line()).modes_covered, mode_coverage(&samples, &line()).min_count),
        (1, 2)
    );
}

#[test]
fn nothing_and_nonsense_are_counted_as_such() {
    let found = mode_coverage(&[], &line());
    assert_eq!((found.modes_covered, found.high_quality_fraction, found.histogram), (0, 0.0, vec![0; 3]));
    let found = mode_coverage(&[[f32::NAN, 0.0], [f32::INFINITY, 0.0], [0.0, 0.0], [0.0, 0.0]], &line());
    assert_eq!((found.histogram, found.high_quality_fraction), (vec![2, 0, 0], 0.5));
    let none = mode_coverage(&[[0.0, 0.0]], &Modes { centres: vec![], sigma: 1.0 });
    assert_eq!((none.modes_covered, none.high_quality_fraction), (0, 0.0));
}

#[test]
fn papers_ask_for_one_sample_a_mode() {
    // 121 samples, 3 modes: ours asks for ceil(121 / 60) = 3 of a mode, papers for one.
    let mut samples = vec![[0.0, 0.0]; 118];
    samples.extend([[1.0, 0.0], [1.4, 0.0], [2.4, 0.0]]);
    let found = mode_coverage(&samples, &line());
    assert_eq!((found.modes_covered, found.modes_hit, found.min_count), (1, 2, 3));
    assert_eq!(found.histogram, [118, 1, 0]);
    // 118, 2 and 1 are nearest to a centre, be they good or not.
    let expected: f64 = [118.0, 2.0, 1.0].map(|n: f64| n / 121.0 * (3.0 * n / 121.0).ln()).iter().sum();
    assert!((found.reverse_kl - expected).abs() < 1e-12, "{}", found.reverse_kl);
}

#[test]
fn the_divergence_is_0_of_equal_shares_and_ln_k_of_one_mode() {
    let equal: Vec<_> = [0.0, 1.0, 2.0].map(|x| [x, 0.0]).repeat(7);
    assert!(mode_coverage(&equal, &line()).reverse_kl.abs() < 1e-15);
    let one = mode_coverage(&[[2.0, 9.0]; 4], &line());
    assert!((one.reverse_kl - 3f64.ln()).abs() < 1e-15 && one.modes_hit == 0);
    for nowhere in [&[][..], &[[f32::NAN, 0.0], [f32::INFINITY, 1.0]]] {
        assert!(mode_coverage(nowhere, &line()).reverse_kl.is_nan());
    }
}
