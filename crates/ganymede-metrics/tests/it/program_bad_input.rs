//! Folders and files that the program can do nothing with: refused by name, with a way out, and without harm.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ganymede_files::testing::{png, put};
use ndarray::Array2;
use ndarray_npy::write_npy;

use crate::program::{call, expect, json, measure, pictures, text};

/// The program refuses `fake`, and says these words.
#[track_caller]
fn refused(dir: &Path, real: &Path, fake: &Path, more: &[&str], words: &[&str]) {
    let output = measure(dir, real, fake, more);
    let said = expect(&output, 1, words);
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn folders_without_an_image_say_what_they_hold() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let real = pictures(dir.path(), "photos", 1, 20, 60.0);
    fs::create_dir(path("nothing")).unwrap();
    refused(dir.path(), &real, &path("nothing"), &[], &["nothing", "give a folder with PNG"]);
    refused(dir.path(), &path("nothing"), &real, &[], &["nothing", "give a folder with PNG"]);
    put(dir.path(), "words/a.txt", b"not an image");
    put(dir.path(), "words/sub/b.csv", b"1,2");
    refused(
        dir.path(),
        &real,
        &path("words"),
        &[],
        &["words", "2 file(s), none of them an image", "give a folder"],
    );
    refused(dir.path(), &real, &path("missing"), &[], &["missing", "No such file"]);
    // As JSON, too, and the program says which status it ends with.
    let output = measure(dir.path(), &real, &path("nothing"), &["--json", "-"]);
    let report = json(&output);
    assert_eq!((report["outcome"].as_str(), report["exit_status"].as_u64()), (Some("failed"), Some(1)));
}

#[test]
fn one_image_has_no_covariance_and_no_neighbours() {
    let dir = tempfile::tempdir().unwrap();
    let (real, one) = (pictures(dir.path(), "photos", 1, 20, 60.0), pictures(dir.path(), "one", 2, 1, 60.0));
    let words = ["error: fid", "at least 2", "error: kid", "error: prdc", "there are 1"];
    refused(dir.path(), &real, &one, &["--metrics", "fid,kid,prdc"], &words);
    refused(dir.path(), &one, &real, &["--metrics", "fid,kid,prdc"], &words);
}

#[test]
fn files_that_are_no_images_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 12, 60.0);
    let whole = fs::read(real.join("000.png")).unwrap();
    let jpeg = ganymede_files::testing::encoded_picture(40, 40, image::ImageFormat::Jpeg);
    let cases: [(&str, &[u8], &str); 6] = [
        ("empty.png", b"", "empty"),
        ("cut.png", &whole[..whole.len() / 2], "cut short"),
        ("header.png", &whole[..20], "cut short"),
        ("cut.jpg", &jpeg[..jpeg.len() / 2], "cut short"),
        ("words.jpg", b"no image at all", "not a PNG"),
        ("page.webp", b"<!doctype html><html>", "not a PNG"),
    ];
    for (name, bytes, reason) in cases {
        // Alone there is nothing left to measure; beside images it is passed over, by name.
        put(dir.path(), &format!("only-{name}/{name}"), bytes);
        let only = dir.path().join(format!("only-{name}"));
        refused(dir.path(), &real, &only, &[], &["none of its 1 image(s) can be used", name, reason]);
        put(dir.path(), &format!("many/{name}"), bytes);
    }
    pictures(dir.path(), "many", 3, 5, 90.0);
    let many = dir.path().join("many");
    let output = measure(dir.path(), &real, &many, &["--metrics", "mind", "--json", "-"]);
    let said = expect(&output, 0, &["6 files of the generated images could not be used"]);
    let result = json(&output);
    assert_eq!(result["fake"]["count"], 5, "{said}");
    let skipped = result["fake"]["skipped"].to_string();
    assert!(cases.iter().all(|(name, _, _)| skipped.contains(name)), "{skipped}");
}

/// Runs the program and gives its output and the most memory that it ever had, in bytes.
#[cfg(target_os = "linux")]
fn with_memory(dir: &Path, args: &[&str]) -> (std::process::Output, u64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ganymede-metrics"));
    command.args(args).env("GANYMEDE_CACHE", dir.join("cache"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        most = most.max(kib.unwrap_or(0) * 1024);
        std::thread::sleep(Duration::from_millis(1));
    }
    (child.wait_with_output().unwrap(), most)
}

#[cfg(target_os = "linux")]
#[test]
fn an_image_of_400_million_pixels_is_refused_before_it_is_unpacked() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 12, 60.0);
    // A header alone, and a whole image: black packs a thousandfold.
    put(dir.path(), "huge/header.png", &png(20_000, 20_000, 8, 2, &[], &[0; 100]));
    put(dir.path(), "huge/black.png", &png(20_000, 20_000, 1, 0, &[], &vec![0; 20_000 * 2501]));
    let huge = dir.path().join("huge");
    let args = ["--real", text(&real), "--fake", text(&huge), "--extractor", "fashion-cnn"];
    let (output, most) = with_memory(dir.path(), &args);
    expect(&output, 1, &["20000 x 20000", "limit is 100000000", ".png"]);
    assert!((1..250 << 20).contains(&most), "{most} bytes");
    // One among others is passed over.
    fs::copy(huge.join("header.png"), real.join("header.png")).unwrap();
    let output = measure(dir.path(), &real, &real, &["--metrics", "mind"]);
    expect(&output, 0, &["header.png", "20000 x 20000", "limit is 100000000"]);
}

#[test]
fn a_file_in_place_of_a_folder_and_the_reverse() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 12, 60.0);
    let image = real.join("000.png");
    refused(
        dir.path(),
        &real,
        &image,
        &[],
        &["000.png", "neither a folder, an archive or a list, nor statistics"],
    );
    let to = dir.path().join("x.stats");
    let stats = ["stats", text(&image), "-o", text(&to), "--extractor", "fashion-cnn"];
    expect(&call(dir.path(), &stats), 1, &["000.png", "Not a directory"]);
    refused(dir.path(), &real, &real, &["--weights", text(&real)], &["photos"]);
    let merge = ["merge", text(&image), "-o", text(&to)];
    expect(&call(dir.path(), &merge), 1, &["000.png", "not a statistics file"]);
    expect(&call(dir.path(), &["features", text(&real), text(&real)]), 1, &["photos"]);
    assert!(!to.exists());
    // Where it cannot write it says so, and nothing is half written.
    let nowhere = image.join("below.stats");
    let stats = ["stats", text(&real), "-o", text(&nowhere), "--extractor", "fashion-cnn"];
    expect(&call(dir.path(), &stats), 1, &["below.stats"]);
    let nowhere = image.join("below.json");
    refused(dir.path(), &real, &real, &["--metrics", "mind", "--json", text(&nowhere)], &["below.json"]);
}

#[cfg(unix)]
#[test]
fn loops_of_links_end_and_locked_folders_are_named() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 12, 60.0);
    let fake = pictures(dir.path(), "made", 2, 12, 90.0);
    symlink(&fake, fake.join("loop")).unwrap();
    // Two links that lead to each other, and one that leads nowhere.
    symlink(dir.path().join("b"), dir.path().join("a")).unwrap();
    symlink(dir.path().join("a"), dir.path().join("b")).unwrap();
    symlink(dir.path().join("gone.png"), fake.join("gone.png")).unwrap();
    let output = measure(dir.path(), &real, &fake, &["--metrics", "mind", "--json", "-"]);
    expect(&output, 0, &["2 files of the generated images could not be used"]);
    assert_eq!(json(&output)["fake"]["count"], 12);
    let skipped = json(&output)["fake"]["skipped"].to_string();
    assert!(skipped.contains("loop") && skipped.contains("leads back"), "{skipped}");
    refused(dir.path(), &real, &dir.path().join("a"), &[], &["symbolic links"]);
    let locked = pictures(dir.path(), "locked", 3, 3, 90.0);
    let nested = pictures(dir.path(), "made/inner", 4, 3, 90.0);
    let lock = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    lock(&locked, 0o000);
    lock(&nested, 0o000);
    // The superuser may read everything.
    if fs::read_dir(&locked).is_err() {
        refused(dir.path(), &real, &locked, &["--metrics", "mind"], &["locked", "ermission"]);
        expect(&measure(dir.path(), &real, &fake, &["--metrics", "mind"]), 0, &["inner", "ermission"]);
    }
    lock(&locked, 0o755);
    lock(&nested, 0o755);
}

#[test]
fn features_that_are_not_finite_have_a_file_a_row_and_a_column() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let good = Array2::from_shape_fn((40, 3), |(i, j)| (i * 7 % 11) as f32 + j as f32);
    write_npy(path("good.npy"), &good).unwrap();
    for (name, value, shown) in
        [("nan", f32::NAN, "NaN"), ("inf", f32::INFINITY, "inf"), ("minus", f32::NEG_INFINITY, "-inf")]
    {
        let mut bad = good.clone();
        bad[(31, 2)] = value;
        let file = path(&format!("{name}.npy"));
        write_npy(&file, &bad).unwrap();
        let at = format!("row 31, column 2 is {shown}");
        let words = [&format!("{name}.npy"), at.as_str(), "the extractor or its input is broken"];
        expect(&call(dir.path(), &["features", text(&path("good.npy")), text(&file)]), 1, &words);
        expect(&call(dir.path(), &["--real", text(&file), "--fake", text(&path("good.npy"))]), 1, &words);
    }
}
