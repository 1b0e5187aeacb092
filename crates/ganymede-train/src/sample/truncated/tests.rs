use ganymede_models::LatentDistribution;
use ganymede_tensor::Tensor;

use super::super::testing::{CENTRE, Toy, assert_near, classes, numbers, vectors};
use super::super::{Latents, Sampler, Truncation, TruncationForm};

const LONG: [f32; 3] = [3.0, 0.0, -4.0];
const SHORT: [f32; 3] = [0.1, 0.2, -0.3];

fn truncated(toy: Toy, truncation: Truncation) -> Sampler {
    toy.sampler().with_truncation(Some(truncation)).unwrap()
}

/// What becomes of given vectors.
fn limited(toy: Toy, truncation: Truncation, rows: &[[f32; 3]]) -> Vec<f32> {
    let sampler = truncated(toy, truncation);
    let mut latents = sampler.latents(&Latents::Given(vectors(rows))).unwrap();
    numbers(&latents.next_batch().unwrap().unwrap())
}

fn drawn(sampler: &Sampler, count: usize) -> Vec<Vec<f32>> {
    let mut latents = sampler.latents(&Latents::Random { count, seed: 5 }).unwrap();
    let mut rows = Vec::new();
    while let Some(z) = latents.next_batch().unwrap() {
        rows.extend(z.to_vec2::<f32>().unwrap());
    }
    rows
}

fn length(row: &[f32]) -> f64 {
    row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn a_vector_that_is_too_long_is_scaled_back_and_no_other() {
    let root = 3f32.sqrt();
    let distributions = [
        (LatentDistribution::Normal, 1.0),
        (LatentDistribution::Uniform, 1.0 / root),
        (LatentDistribution::TruncatedNormal { threshold: 2.0 }, 0.879_625_7),
    ];
    for (distribution, sigma) in distributions {
        // (form, the longest length) for ψ = 0.8.
        let forms = [
            (Truncation::Norm { psi: 0.8 }, 0.8 * sigma * root),
            (Truncation::NormLiteral { psi: 0.8 }, 0.8 * sigma),
        ];
        for (truncation, longest) in forms {
            let toy = || Toy { distribution, ..Toy::new() };
            let found = limited(toy(), truncation, &[LONG, SHORT, [0.0; 3], [3e30, 0.0, -4e30]]);
            let scaled = [0.6 * longest, 0.0, -0.8 * longest];
            assert_near(&found[..3], &scaled);
            assert_eq!(
                found[3..9],
                [SHORT, [0.0; 3]].concat(),
                "those that are not too long keep their bits"
            );
            assert_near(&found[9..], &scaled);
        }
    }
}

#[test]
fn drawn_vectors_are_those_without_truncation_where_it_leaves_them() {
    let plain = drawn(&Toy::new().sampler(), 100);
    let norm = drawn(&truncated(Toy::new(), Truncation::Norm { psi: 1.0 }), 100);
    let longest = 3f64.sqrt();
    let mut scaled = 0;
    for (row, plain) in norm.iter().zip(&plain) {
        if length(plain) <= longest {
            assert_eq!(row, plain);
        } else {
            scaled += 1;
            assert!((length(row) - longest).abs() < 1e-6, "{row:?}");
        }
    }
    assert!((20..60).contains(&scaled), "{scaled} of 100 were longer than usual");
    let resampled = drawn(&truncated(Toy::new(), Truncation::Resample { psi: 0.4 }), 100);
    assert!(resampled.iter().flatten().all(|x| x.abs() <= 0.4));
    assert!(resampled.iter().flatten().any(|x| x.abs() > 0.3));
    // In w vectors are as they were.
    let w = truncated(Toy::new(), Truncation::W { psi: 0.5, cutoff: None });
    assert_eq!(drawn(&w, 100), plain);
}

#[test]
fn samples_are_made_of_w_on_its_way_to_the_centre() {
    let z = vectors(&[[1.0, 2.0, 3.0], [-1.0, 0.5, 0.5]]);
    let samples = |truncation| {
        let sampler = Toy::new().sampler().with_truncation(truncation).unwrap();
        numbers(&sampler.generate(&z, &classes(&[0, 1])).unwrap())
    };
    // The means of w are 4 and 10: 2·2 + 0, and 2·0 + 10.
    assert_near(&samples(None), &[0.04, 0.04, 0.04, 0.1, 0.1, 0.1]);
    let pulled = |w: f32, psi: f32| (CENTRE + psi * (w - CENTRE)) / 100.0;
    for psi in [0.25f32, 1.0, 2.0] {
        let [a, b] = [pulled(4.0, psi), pulled(10.0, psi)];
        let all = Truncation::W { psi: f64::from(psi), cutoff: None };
        assert_near(&samples(Some(all)), &[a, a, a, b, b, b]);
        let coarse = Truncation::W { psi: f64::from(psi), cutoff: Some(2) };
        assert_near(&samples(Some(coarse)), &[a, a, 0.04, b, b, 0.1]);
    }
}

#[test]
fn what_cannot_be_truncated_says_what_can_be_done() {
    let refused = |toy: Toy, truncation: Truncation| {
        toy.sampler().with_truncation(Some(truncation)).err().unwrap().to_string()
    };
    let of = |distribution| Toy { distribution, ..Toy::new() };
    for form in TruncationForm::ALL {
        for psi in [0.0, -1.0, 100.1, f64::NAN, f64::INFINITY] {
            let words = refused(Toy::new(), form.with(psi, None).unwrap());
            assert!(words.contains("above 0, at most 100"), "{words}");
        }
    }
    let (norm, resample) = (Truncation::Norm { psi: 0.5 }, Truncation::Resample { psi: 0.5 });
    let w = |cutoff| Truncation::W { psi: 0.5, cutoff };
    let cases = [
        (of(LatentDistribution::Sphere), norm, "all of one length"),
        (of(LatentDistribution::Sphere), resample, "on a sphere"),
        (of(LatentDistribution::Uniform), resample, "no tails"),
        (of(LatentDistribution::TruncatedNormal { threshold: 0.4 }), resample, "give that or less"),
        (Toy { normalises: true, ..Toy::new() }, norm, "use the form `w` or `resample`"),
        (Toy { normalises: true, maps: false, ..Toy::new() }, norm, "use the form `resample`"),
        (Toy { maps: false, ..Toy::new() }, w(None), "`resample` or `norm`"),
        (Toy::new(), w(Some(0)), "give 1 to 3"),
        (Toy::new(), w(Some(4)), "give 1 to 3"),
    ];
    for (toy, truncation, want) in cases {
        let words = refused(toy, truncation);
        assert!(words.contains(want), "{words:?} should say {want:?}");
    }
    assert!(
        TruncationForm::Norm.with(0.5, Some(2)).unwrap_err().to_string().contains("leave the cutoff out")
    );
    let given = truncated(Toy::new(), resample).latents(&Latents::Given(vectors(&[LONG]))).unwrap_err();
    assert!(given.to_string().contains("not drawn again"), "{given}");
    assert_eq!(Toy::new().sampler().usual_truncation(), TruncationForm::W);
    assert_eq!(Toy { maps: false, ..Toy::new() }.sampler().usual_truncation(), TruncationForm::Resample);
    assert!("nrom".parse::<TruncationForm>().unwrap_err().contains("`norm`"));
}

#[test]
fn noise_of_a_sample_does_not_depend_on_its_batch() {
    let sampler = Toy::new().sampler();
    let mut at_once = sampler.noise_batches(3).unwrap();
    let mut in_parts = sampler.noise_batches(3).unwrap();
    let whole = at_once.next_batch(5).unwrap();
    let parts = [in_parts.next_batch(2).unwrap(), in_parts.next_batch(3).unwrap()];
    for (layer, noise) in whole.iter().enumerate() {
        let joined = Tensor::cat(&[&parts[0][layer], &parts[1][layer]], 0).unwrap();
        assert_eq!(numbers(noise), numbers(&joined));
    }
    assert_ne!(numbers(&whole[0]), numbers(&sampler.noise_batches(4).unwrap().next_batch(5).unwrap()[0]));
}
