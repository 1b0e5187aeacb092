use super::super::Truncation;
use super::super::testing::{Toy, assert_near, classes, numbers, vectors};
use super::*;

#[test]
fn columns_say_the_chosen_layers_and_rows_the_others() {
    // The means of w are 2 and 8.
    let (row, column) = (vectors(&[[1.0, 2.0, 3.0]]), vectors(&[[9.0, 8.0, 7.0]]));
    let mixed = |sampler: &Sampler, layers: &str| {
        numbers(&sampler.mixed(&row, &column, layers.parse().unwrap(), &[]).unwrap())
    };
    let sampler = Toy::new().sampler();
    assert_near(&mixed(&sampler, "0-0"), &[0.08, 0.02, 0.02]);
    assert_near(&mixed(&sampler, "1"), &[0.02, 0.08, 0.02]);
    assert_near(&mixed(&sampler, "1-2"), &[0.02, 0.08, 0.08]);
    // Half of the way to 4, in the first layer.
    let sampler = sampler.with_truncation(Some(Truncation::W { psi: 0.5, cutoff: Some(1) })).unwrap();
    assert_near(&mixed(&sampler, "0-1"), &[0.06, 0.08, 0.02]);
    let noise = vec![vectors(&[[0.5, 0.0, 0.25]]).reshape((1, 1, 1, 3)).unwrap()];
    let noisy = sampler.mixed(&row, &column, MixLayers::From(2, 2), &noise).unwrap();
    assert_near(&numbers(&noisy), &[0.03 + 0.5, 0.02, 0.08 + 0.25]);
}

#[test]
fn w_is_not_truncated_and_knows_the_class() {
    let sampler =
        Toy::new().sampler().with_truncation(Some(Truncation::W { psi: 0.5, cutoff: None })).unwrap();
    let z = vectors(&[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]);
    let w = sampler.w(&z, &classes(&[0, 1])).unwrap();
    assert_near(&numbers(&w), &[2.0, 4.0, 6.0, 12.0, 14.0, 16.0]);
}

#[test]
fn layers_have_names_and_bounds() {
    let of = |text: &str, layers| text.parse::<MixLayers>().unwrap().of(layers).ok();
    assert_eq!([of("coarse", 18), of("middle", 18), of("fine", 18)], [Some(0..4), Some(4..8), Some(8..18)]);
    assert_eq!([of("coarse", 6), of("middle", 6), of("fine", 8)], [Some(0..4), Some(4..6), None]);
    assert_eq!([of("0-6", 8), of("7", 8), of("6-8", 8), of("8", 8)], [Some(0..7), Some(7..8), None, None]);
    let words = "fine".parse::<MixLayers>().unwrap().of(8).unwrap_err().to_string();
    assert!(words.contains("has 8, numbered 0 to 7"), "{words}");
    for wrong in ["", "6-2", "-1", "1-", "all", "1,2", "99999999999999999999-1"] {
        assert!(wrong.parse::<MixLayers>().unwrap_err().contains("0-6"), "{wrong}");
    }
    assert!(MixLayers::From(0, usize::MAX).of(8).is_err());
    let sampler = Toy { maps: false, ..Toy::new() }.sampler();
    assert!(
        sampler
            .w(&vectors(&[[0.0; 3]]), &classes(&[0]))
            .unwrap_err()
            .to_string()
            .contains("no mapping network")
    );
    assert_eq!((sampler.layers(), Toy::new().sampler().layers()), (None, Some(3)));
}
