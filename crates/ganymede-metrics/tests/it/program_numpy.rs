//! The program, given files that NumPy wrote.

use crate::numpy::{as_files, fixture};
use crate::program::{call, expect, json, measure, text};
use crate::support::assert_relative;

#[test]
fn the_program_measures_arrays_of_images() {
    let dir = tempfile::tempdir().unwrap();
    let array = fixture("images/samples.npz");
    let files = dir.path().join("files");
    std::fs::create_dir(&files).unwrap();
    as_files(&array, &files);
    let output = measure(dir.path(), &array, &files, &["--metrics", "fid", "--json", "-"]);
    expect(&output, 0, &["both folders hold the same images"]);
    let result = json(&output);
    assert_eq!((&result["real"]["count"], &result["real"]["kind"]), (&6.into(), &"images".into()));
    let report = dir.path().join("report.png");
    let grey = fixture("images/grey.npz");
    let output =
        measure(dir.path(), &array, &grey, &["--metrics", "fid", "--report", text(&report), "--json", "-"]);
    expect(&output, 0, &["6 least realistic"]);
    assert!(report.is_file());
    let stats = dir.path().join("out.stats");
    let args = ["stats", text(&grey), "-o", text(&stats), "--extractor", "fashion-cnn"];
    expect(&call(dir.path(), &args), 0, &["6 images"]);
}

#[test]
fn the_program_says_what_it_did_to_foreign_statistics() {
    let dir = tempfile::tempdir().unwrap();
    let (real, fake) = (fixture("other/rounded-real.npz"), fixture("other/rounded-fake.npz"));
    let args = ["--real", text(&real), "--fake", text(&fake), "--metrics", "fid", "--json", "-"];
    let output = call(dir.path(), &args);
    expect(&output, 0, &["note: ", "rounded-real.npz: variances down to -1.4e-17"]);
    let value = json(&output)["results"]["fid"]["value"].as_f64().unwrap();
    assert_relative(value, 0.7323618667096881, 1e-9);
    let nothing = fixture("other/only-spatial.npz");
    let args = ["--real", text(&nothing), "--fake", text(&fake), "--metrics", "fid"];
    expect(&call(dir.path(), &args), 1, &["`mu_s` float64 (3,)", "wanted"]);
}
