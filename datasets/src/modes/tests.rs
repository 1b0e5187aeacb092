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
