//! What Ganymede drew itself is no sample.

use std::fs;
use std::path::Path;

use ganymede_files::encode_drawing;

use crate::program::{call, expect, json, measure, pictures, text};

fn drawing() -> Vec<u8> {
    encode_drawing(&image::RgbImage::from_pixel(30, 30, image::Rgb([9, 99, 200]))).unwrap()
}

#[test]
fn grids_and_reports_are_passed_over_by_their_mark_and_not_by_their_name() {
    let dir = tempfile::tempdir().unwrap();
    let (real, fake) =
        (pictures(dir.path(), "photos", 1, 12, 60.0), pictures(dir.path(), "made", 2, 12, 90.0));
    let run = || measure(dir.path(), &real, &fake, &["--metrics", "fid,swd", "--json", "-", "--quiet"]);
    let before = json(&run())["results"].clone();
    fs::write(fake.join("grid.png"), drawing()).unwrap();
    fs::write(fake.join("renamed.jpg"), drawing()).unwrap();
    // A report into the folder that is measured.
    let report = fake.join("report.png");
    expect(&measure(dir.path(), &real, &fake, &["--metrics", "fid", "--report", text(&report)]), 0, &[]);
    let output = run();
    expect(&output, 0, &["3 files", "grid.png", "a picture that Ganymede drew, not a sample"]);
    assert_eq!((&json(&output)["fake"]["count"], &json(&output)["results"]), (&12.into(), &before));
    // An image of the user's that happens to be called so is one.
    fs::copy(fake.join("000.png"), fake.join("grid.png")).unwrap();
    assert_eq!(json(&run())["fake"]["count"], 13);
}

fn make_run(dir: &Path) {
    fs::create_dir_all(dir.join("checkpoints")).unwrap();
    fs::create_dir_all(dir.join("samples")).unwrap();
    fs::write(dir.join("run.toml"), "schema = 1\n").unwrap();
    for name in ["curves.png", "samples/real.png", "samples/step-000010.png"] {
        fs::write(dir.join(name), drawing()).unwrap();
    }
}

#[test]
fn the_folder_of_a_run_is_refused_and_one_inside_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 12, 60.0);
    let run = dir.path().join("my run");
    make_run(&run);
    let way_out = format!("`ganymede sample '{}'`", text(&run));
    let other_way = format!("`ganymede eval '{}'`", text(&run));
    expect(&measure(dir.path(), &real, &run, &[]), 1, &["is the folder of a run", &way_out, &other_way]);
    expect(&measure(dir.path(), &run, &real, &[]), 1, &["is the folder of a run"]);
    let stats = ["stats", text(&run), "-o", text(&dir.path().join("x.stats")), "--extractor", "fashion-cnn"]
        .map(String::from);
    expect(&call(dir.path(), &stats.each_ref().map(String::as_str)), 1, &["is the folder of a run"]);
    // Its pictures alone are none, and its samples are.
    let drawn = measure(dir.path(), &real, &run.join("samples"), &[]);
    expect(&drawn, 1, &["none of its 2 image(s) can be used", "that Ganymede drew"]);
    pictures(&run, "generated-1", 2, 12, 90.0);
    let quick = ["--metrics", "fid", "--json", "-"];
    let samples = measure(dir.path(), &real, &run.join("generated-1"), &quick);
    expect(&samples, 0, &[]);
    // A run inside a folder that is searched.
    make_run(&real.join("runs/dcgan-1"));
    pictures(&real.join("runs/dcgan-1"), "generated-1", 3, 5, 20.0);
    let output = measure(dir.path(), &real, &run.join("generated-1"), &quick);
    expect(&output, 0, &["dcgan-1: the folder of a run"]);
    assert_eq!(json(&output)["real"]["count"], 12);
    assert_eq!(json(&output)["results"]["fid"]["value"], json(&samples)["results"]["fid"]["value"]);
}
