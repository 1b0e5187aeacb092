//! What is known of images besides, and the term that compares with the true one.

use ganymede_datasets::{Direction, Pairs};

use super::*;

#[test]
fn conditions_beside_images_are_read_written_and_refused() {
    let data = |text: &str| resolve(&format!("[data]\n{text}")).unwrap().data;
    assert_eq!((data("").vectors, data("").pairs), (None, None));
    assert_eq!(data("vectors = \"v.npy\"").vectors.as_deref(), Some("v.npy"));
    for (text, pairs) in [
        ("pairs = \"folders\"", Pairs::Folders(Direction::AtoB)),
        ("pairs = \"folders\"\ndirection = \"BtoA\"", Pairs::Folders(Direction::BtoA)),
        ("pairs = \"side-by-side\"\ndirection = \"AtoB\"", Pairs::SideBySide(Direction::AtoB)),
        ("pairs = \"edges\"", Pairs::Edges),
        ("pairs = \"downsampled\"", Pairs::Downsampled { factor: 4 }),
        ("pairs = \"downsampled\"\nfactor = 16", Pairs::Downsampled { factor: 16 }),
    ] {
        let run = resolve(&format!("[data]\n{text}")).unwrap();
        assert_eq!(run.data.pairs, Some(pairs), "{text}");
        let again = Layers::text(&run.to_toml(), "run.toml", None).unwrap().resolve().unwrap();
        assert_eq!(again, run);
    }
    for (text, says) in [
        ("pairs = \"edge\"", "data.pairs: there is no `edge`; did you mean `edges`"),
        ("pairs = \"edges\"\ndirection = \"AtoB\"", "data.direction: belongs to data.pairs"),
        ("pairs = \"folders\"\ndirection = \"atob\"", "data.direction: there is no `atob`"),
        ("pairs = \"edges\"\nfactor = 2", "data.factor: belongs to data.pairs = \"downsampled\""),
        ("factor = 2", "data.factor: belongs to"),
        ("pairs = \"downsampled\"\nfactor = 3", "data.factor: found 3, expected a power of two"),
        ("pairs = \"downsampled\"\nfactor = 32", "data.factor: found 32, expected a power of two below"),
        ("pairs = \"downsampled\"\nfactor = 0", "data.factor: found 0, expected a whole number of 2"),
        ("vectors = \"\"", "data.vectors: is empty"),
        ("vectors = \"v.npy\"\npairs = \"edges\"", "data.vectors: data.pairs is given too"),
        ("name = \"ring\"\nvectors = \"v.npy\"", "data.vectors: only images"),
        ("name = \"ring\"\npairs = \"edges\"", "data.pairs: only images"),
    ] {
        check_refused(&format!("[data]\n{text}"), &[says]);
    }
}

/// Other vectors are found by their hash, so that their place may change; what pairs are may not.
#[test]
fn a_resume_may_find_vectors_elsewhere_and_nothing_else_beside_images() {
    let run = |text: &str| resolve(&format!("[data]\n{text}")).unwrap();
    let begun = run("vectors = \"a.npy\"");
    let changes = begun.changes_on_resume(&run("vectors = \"b.npy\"")).unwrap();
    assert_eq!(changes[0].key, "data.vectors");
    let begun = run("pairs = \"folders\"");
    for other in ["", "pairs = \"edges\"", "pairs = \"folders\"\ndirection = \"BtoA\""] {
        let refused = begun.changes_on_resume(&run(other)).unwrap_err().to_string();
        assert!(refused.contains("data.pairs") || refused.contains("data.direction"), "{refused}");
    }
}

#[test]
fn weights_of_terms_may_follow_a_course() {
    let told = "[data]\npairs = \"edges\"\n[generator]\nconditioning = \"norm\"\n";
    let run = |weight: &str| resolve(&format!("{told}[[term]]\nkind = \"l1\"\n{weight}"));
    let written = |weight: &str| run(weight).unwrap().terms[0].write()["weight"].clone();
    assert_eq!(written("").as_float(), Some(100.0));
    assert_eq!(written("weight = 7").as_float(), Some(7.0));
    let course = run("weight = { kind = \"linear\", from = 100, to = 10 }").unwrap();
    let text = course.to_toml();
    assert_eq!(Layers::text(&text, "run.toml", None).unwrap().resolve().unwrap(), course, "{text}");
    assert_eq!(course.terms[0].write()["weight"]["to_step"].as_integer(), Some(10_000));
    let refused = |weight: &str, says: &str| {
        let message = run(weight).unwrap_err().to_string();
        assert!(message.contains(says), "{message}");
    };
    refused("weight = -1", "term.0.weight: found -1, expected");
    refused("weight = \"x\"", "term.0.weight: found \"x\"");
    refused("weight = { kind = \"linear\", from = -1, to = 0 }", "term.0.weight: found -1 on its course");
    refused("weight = { kind = \"lnear\" }", "term.0.weight.kind: there is no `lnear`");
    refused("wight = 1", "term.0.wight: `l1` has no such setting");
}

#[test]
fn the_distance_to_the_truth_is_refused_where_there_is_none() {
    let term = "[[term]]\nkind = \"l1\"\n";
    check_refused(term, &["term.0.kind", "which image is the true one", "data.pairs"]);
    check_refused(&format!("{term}[data]\nvectors = \"v.npy\""), &["which image is the true one"]);
    check_refused(&format!("{term}[data]\npairs = \"edges\""), &["does not look at the image", "pix2pix"]);
}
