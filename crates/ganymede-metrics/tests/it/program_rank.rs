//! `ganymede-metrics rank`, and intervals.

use crate::program::{call, expect, json, measure, pictures, text};

#[test]
fn the_worse_of_three_folders_is_called_so() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 60, 60.0);
    let good = pictures(dir.path(), "good", 2, 50, 60.0);
    let also = pictures(dir.path(), "also", 3, 54, 60.0);
    let bad = pictures(dir.path(), "bad", 4, 50, 20.0);
    let args = ["rank", "--real", text(&real), "--fake", text(&good), text(&also), text(&bad)];
    let more = ["--extractor", "fashion-cnn", "--metrics", "fid,kid", "--groups", "5", "--json", "-"];
    let output = call(dir.path(), &[&args[..], &more].concat());
    expect(&output, 0, &["also: 50 of 54 samples, as many as the smallest set has"]);
    let value = json(&output);
    for (measure, kind) in [("fid", "fid"), ("kid", "kid")] {
        let found = &value["ranking"][measure][kind];
        let better: Vec<Option<u64>> =
            found["pairs"].as_array().unwrap().iter().map(|pair| pair["better"].as_u64()).collect();
        assert_eq!(better, [None, Some(0), Some(1)], "{measure}: {found}");
        for estimate in found["generators"].as_array().unwrap() {
            let [low, value, high] = ["low", "value", "high"].map(|key| estimate[key].as_f64().unwrap());
            assert!(low < value && value < high, "{estimate}");
        }
    }
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("cannot be told apart") && shown.contains("is better than"), "{shown}");
    // Others that are used wrongly.
    let one = call(dir.path(), &["rank", "--real", text(&real), "--fake", text(&good)]);
    expect(&one, 2, &["2 values required", "only 1 was provided"]);
    let groups = [&args[..], &["--groups", "40"]].concat();
    expect(&call(dir.path(), &groups), 2, &["at least 5, at most 31"]);
    let many = [&args[..], &["--extractor", "fashion-cnn", "--metrics", "fid", "--groups", "31"]].concat();
    expect(&call(dir.path(), &many), 1, &["60 samples are too few for an interval", "at least 62"]);
}

#[test]
fn intervals_are_of_features_and_of_pixels() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 40, 60.0);
    let fake = pictures(dir.path(), "made", 2, 40, 70.0);
    let output =
        measure(dir.path(), &real, &fake, &["--metrics", "mind,prdc,swd,fwd", "--intervals", "--json", "-"]);
    expect(&output, 0, &[]);
    let results = &json(&output)["results"];
    for (measure, value) in
        [("mind", "mind"), ("prdc", "density"), ("prdc", "recall"), ("swd", "swd"), ("fwd", "fwd")]
    {
        let found = &results[measure]["intervals"][value];
        assert!(found["low"].as_f64() <= found["value"].as_f64(), "{found}");
        assert!(found["std_error"].as_f64().unwrap() >= 0.0);
    }
    // Leaving images out changes the distance, and so has an error.
    assert!(results["fwd"]["intervals"]["fwd"]["std_error"].as_f64().unwrap() > 0.0);
    assert!(String::from_utf8(output.stdout).unwrap().contains(" to "));
}
