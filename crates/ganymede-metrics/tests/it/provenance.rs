//! Names, comparison and the table of conventions.

use ganymede_metrics::{
    BallDistances, BallTest, Convention, Ddof, InceptionRange, KidForm, Provenance, Resize, Split,
    lapack_backend,
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
    use Convention::{Adm, DgmEval, Edm2, Ganymede, PytorchFid, Studiogan, Stylegan, TorchFidelity, Ttur};
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
    assert_eq!((studio.is_ddof, studio.is_split), (Ddof::Sample, Split::Even(1)));
    assert_eq!((studio.pr_neighbours, studio.pr_test, studio.is_logit_bias), (5, BallTest::Open, true));
    let adm = choices(Adm);
    assert_eq!(
        (adm.is_split, adm.is_shuffled, adm.resize),
        (Split::Chunks(5000), false, Resize::LegacyTensorflow)
    );
    assert_eq!(
        (adm.pr_distances, adm.pr_test, adm.pr_neighbours),
        (BallDistances::HalfTiles, BallTest::Closed, 3)
    );
    assert_eq!(choices(Edm2).resize_for("inception2015"), Resize::LegacyTensorflow);
    assert_eq!(choices(Edm2).resize_for("dinov2-l"), Resize::TorchBicubic);
    let dgm = choices(DgmEval);
    assert_eq!(
        (dgm.resize_for("dinov2-l"), dgm.resize_for("inception2015-768")),
        (Resize::PilBicubic, Resize::LegacyPytorch)
    );
    assert_eq!(
        (dgm.is_split, dgm.range, dgm.pr_test),
        (Split::Floor(10), InceptionRange::Unit255, BallTest::Open)
    );
    // Elsewhere one rule is for all networks.
    for convention in [Ganymede, PytorchFid, TorchFidelity, Stylegan, Studiogan, Ttur, Adm] {
        assert_eq!(choices(convention).resize_for("dinov2-s"), choices(convention).resize);
    }
}

#[test]
fn the_linked_lapack_has_a_name() {
    assert_ne!(lapack_backend(), "none");
}
