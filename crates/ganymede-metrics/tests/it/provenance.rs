//! Names, comparison and the table of conventions.

use ganymede_metrics::{
    BallTest, Convention, Ddof, InceptionRange, KidForm, Provenance, Resize, Split, lapack_backend,
};

fn provenance(convention: Convention) -> Provenance {
    let choices = convention.choices();
    let mut provenance = Provenance::new("inception2015", "6726825d", convention);
    provenance.resize = Some(choices.resize);
    provenance.ddof = Some(choices.ddof);
    (provenance.real, provenance.fake) = (Some(50_000), Some(10_000));
    provenance
}

#[test]
fn equal_choices_are_comparable_whatever_they_are_called() {
    let (ours, clean) = (provenance(Convention::Ganymede), provenance(Convention::Clean));
    assert_eq!(Provenance::comparable(&ours, &clean), Ok(()));
    let other_seed = Provenance { seed: Some(3), version: "9.9.9".into(), ..ours.clone() };
    assert_eq!(Provenance::comparable(&ours, &other_seed), Ok(()));
}

#[test]
fn differences_are_named() {
    let ours = provenance(Convention::Ganymede);
    let stylegan = provenance(Convention::Stylegan);
    let differences = Provenance::comparable(&ours, &stylegan).unwrap_err();
    let words: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "resize: clean against legacy-tensorflow",
            "covariance: sample against population",
            "convention: ganymede against stylegan"
        ]
    );
    let fewer = Provenance { fake: Some(5000), weights_sha256: "0".into(), ..ours.clone() };
    let differences = Provenance::comparable(&ours, &fewer).unwrap_err();
    assert_eq!(differences.iter().map(|d| d.what).collect::<Vec<_>>(), ["weights", "generated images"]);
}

#[test]
fn provenance_survives_json() {
    for convention in Convention::ALL {
        let provenance = provenance(*convention);
        let text = serde_json::to_string(&provenance).unwrap();
        assert!(text.contains(&format!("\"{}\"", convention.name())), "{text}");
        assert_eq!(serde_json::from_str::<Provenance>(&text).unwrap(), provenance);
    }
}

#[test]
fn what_each_program_chooses() {
    use Convention::{Ganymede, PytorchFid, Studiogan, Stylegan, TorchFidelity, Ttur};
    let choices = Convention::choices;
    for convention in Convention::ALL {
        let population = if *convention == Stylegan { Ddof::Population } else { Ddof::Sample };
        assert_eq!(choices(*convention).ddof, population);
    }
    assert_eq!(choices(Ganymede).resize, Resize::Clean);
    assert_eq!(choices(Ttur).resize, Resize::LegacyTensorflow);
    assert_eq!(
        (choices(PytorchFid).resize, choices(PytorchFid).range),
        (Resize::LegacyPytorch, InceptionRange::Unit255)
    );
    assert_eq!(choices(TorchFidelity).kid, KidForm::Subsets);
    let studio = choices(Studiogan);
    assert_eq!((studio.is_splits, studio.is_ddof, studio.is_split), (1, Ddof::Sample, Split::Even));
    assert_eq!((studio.pr_neighbours, studio.pr_test, studio.is_logit_bias), (5, BallTest::Open, true));
}

#[test]
fn the_linked_lapack_has_a_name() {
    assert_ne!(lapack_backend(), "none");
}
