use super::*;
use crate::modes::mode_coverage;
use crate::testing::assert_says;

fn points(toy: Toy, seed: u64, n: usize) -> Vec<[f32; 2]> {
    let set = ToySet::new(toy, seed);
    (0..n)
        .map(|index| {
            let mut out = [0.0; 2];
            set.read(index, &mut out).unwrap();
            out
        })
        .collect()
}

#[test]
fn a_point_is_a_function_of_seed_and_index() {
    for &toy in Toy::ALL {
        let set = ToySet::new(toy, 3);
        let all = points(toy, 3, 100);
        for index in [99, 0, 42, 42] {
            let mut out = [0.0; 2];
            set.read(index, &mut out).unwrap();
            assert_eq!(out, all[index], "{toy:?} {index}");
        }
        assert_ne!(points(toy, 4, 100), all);
        assert_ne!(ToySet::new(toy, 4).content_hash(), set.content_hash());
        assert_eq!(ToySet::new(toy, 3).content_hash(), set.content_hash());
        let mut last = [0.0; 2];
        set.read(TOY_LEN - 1, &mut last).unwrap();
        assert!(last.iter().all(|value| value.is_finite()));
        assert_says(set.read(TOY_LEN, &mut last), &[toy.name(), "1048576"]);
        assert_says(set.read(0, &mut [0.0; 3]), &[toy.name(), "2 numbers"]);
        assert_eq!(set.label(TOY_LEN), None);
    }
}

#[test]
fn the_mixtures_have_their_modes_and_spread() {
    for (toy, count, radius) in [(Toy::Ring, 8, 2.0f64), (Toy::UnitRing, 8, 1.0), (Toy::Grid, 25, 0.0)] {
        let set = ToySet::new(toy, 0);
        let modes = set.modes().unwrap();
        assert_eq!((modes.centres.len(), set.class_names().len()), (count, count));
        if radius > 0.0 {
            let on_circle = |c: &[f32; 2]| (f64::from(c[0]).hypot(f64::from(c[1])) - radius).abs() < 1e-6;
            assert!(modes.centres.iter().all(on_circle));
        }
        let n = 20_000;
        let samples = points(toy, 0, n);
        let found = mode_coverage(&samples, modes);
        assert_eq!((found.modes_covered, found.modes_hit), (count, count));
        // (K - 1) / 2N on average.
        assert!(found.reverse_kl < 3.0 * count as f64 / (2 * n) as f64, "{found:?}");
        // 1 - exp(-4.5) = 0.98889, standard deviation 0.0007.
        assert!((found.high_quality_fraction - 0.98889).abs() < 0.004, "{found:?}");
        let share = n / count;
        let deviation = (share as f64).sqrt() * 5.0;
        assert!(
            found.histogram.iter().all(|&seen| (seen as f64 - share as f64 * 0.98889).abs() < deviation),
            "{found:?}"
        );
        let mut square = 0.0;
        for (index, sample) in samples.iter().enumerate() {
            let centre = modes.centres[set.label(index).unwrap() as usize];
            square += f64::from(sample[0] - centre[0]).powi(2) + f64::from(sample[1] - centre[1]).powi(2);
        }
        let sigma = (square / (2 * n) as f64).sqrt();
        assert!((sigma / f64::from(modes.sigma) - 1.0).abs() < 0.02, "{sigma}");
    }
}

#[test]
fn the_grid_has_spacing_two_around_the_origin() {
    let centres = ToySet::new(Toy::Grid, 0).modes().unwrap().centres.clone();
    assert!([[-4.0, -4.0], [0.0, 0.0], [4.0, 4.0], [2.0, -2.0]].iter().all(|c| centres.contains(c)));
}

#[test]
fn the_swiss_roll_is_a_spiral() {
    let set = ToySet::new(Toy::SwissRoll, 0);
    assert!(set.modes().is_none() && set.class_names().is_empty() && set.label(0).is_none());
    // The radius of a point is t / 7.5 up to the noise, with t in [1.5 pi, 4.5 pi).
    let radii: Vec<f64> = points(Toy::SwissRoll, 0, 20_000)
        .iter()
        .map(|point| f64::from(point[0]).hypot(f64::from(point[1])) * 7.5)
        .collect();
    let mean = radii.iter().sum::<f64>() / radii.len() as f64;
    assert!((mean - 3.0 * PI).abs() < 0.1, "{mean}");
    assert!(radii.iter().all(|&t| t > 1.5 * PI - 1.5 && t < 4.5 * PI + 1.5));
}
