//! Which images are measured, how many of them, and what that does to the numbers.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::program::{call, expect, json, measure, pictures, text};

/// Copies the images of a folder under names that sort in another order, into class folders or not.
fn reordered(from: &Path, to: &Path, place: impl Fn(usize) -> String) {
    let mut files: Vec<_> = fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for (i, file) in files.iter().rev().enumerate() {
        let to = to.join(place(i));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(file, to).unwrap();
    }
}

#[test]
fn measures_of_pixels_know_no_names_and_say_how_many_images_they_saw() {
    let dir = tempfile::tempdir().unwrap();
    let (real, fake) =
        (pictures(dir.path(), "photos", 1, 30, 60.0), pictures(dir.path(), "made", 2, 25, 90.0));
    let classes = dir.path().join("classes");
    reordered(&fake, &classes, |i| format!("class-{}/{}.png", i % 3, (i * 7) % 25));
    let run = |fake: &Path, seed: &str| {
        let args = ["--metrics", "swd,ms-ssim", "--json", "-", "--seed", seed];
        let output = measure(dir.path(), &real, fake, &args);
        expect(&output, 0, &[]);
        (json(&output)["results"].clone(), String::from_utf8(output.stdout).unwrap())
    };
    let (flat, shown) = run(&fake, "0");
    assert_eq!(flat, run(&classes, "0").0);
    assert_ne!(flat["swd"]["value"], run(&fake, "1").0["swd"]["value"]);
    assert_eq!(flat["swd"]["images"], 25);
    assert_eq!(flat["swd"]["drawn_from"], serde_json::json!({ "real": 30, "generated": 25 }));
    assert_eq!(flat["swd"]["seed"], 0);
    assert_eq!(
        (&flat["swd"]["name"], &flat["ms-ssim"]["name"]),
        (&"swd-pixels-25".into(), &"ms-ssim-pixels-25".into())
    );
    for words in ["of 25 of 30 images and 25 images", "10000 pairs of 25 images", "10000 pairs of 30 images"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn each_convention_takes_the_files_that_its_program_takes() {
    let dir = tempfile::tempdir().unwrap();
    let (flat, nested) = (pictures(dir.path(), "flat", 2, 30, 60.0), dir.path().join("nested"));
    let made = pictures(dir.path(), "all", 1, 30, 90.0);
    reordered(&made, &nested, |i| if i % 2 == 1 { format!("sub/{i}.png") } else { format!("{i}.png") });
    fs::rename(nested.join("0.png"), nested.join("0.PNG")).unwrap();
    let top = dir.path().join("top");
    reordered(&made, &top, |i| if i % 2 == 1 { format!("../rest/{i}.png") } else { format!("{i}.png") });
    fs::remove_file(top.join("0.png")).unwrap();
    let run = |fake: &Path, convention: &str| -> (Value, String) {
        let args = ["--metrics", "fid", "--json", "-", "--convention", convention];
        let output = measure(dir.path(), &flat, fake, &args);
        let said = expect(&output, 0, &[]);
        (json(&output), said)
    };
    let counts = [
        ("ganymede", 30),
        ("clean", 30),
        ("stylegan", 30),
        ("pytorch-fid", 14),
        ("ttur", 14),
        ("torch-fidelity", 15),
        ("studiogan", 15),
    ];
    for (convention, count) in counts {
        let (value, said) = run(&nested, convention);
        assert_eq!(value["fake"]["count"], count, "{convention}");
        assert_eq!(value["fake"]["left_out"], 30 - count, "{convention}");
        let words = format!("{} generated images left out, as {convention}", 30 - count);
        assert_eq!(said.contains(&words), count < 30, "{convention}: {said}");
    }
    // pytorch-fid's number is that of the files that lie in the folder itself.
    let fid = |value: &Value| value["results"]["fid"]["value"].clone();
    assert_eq!(fid(&run(&nested, "pytorch-fid").0), fid(&run(&top, "pytorch-fid").0));
    // Nothing but sub-folders is nothing to it; StudioGAN's class folders may be missing.
    let deep = dir.path().join("deep");
    reordered(&made, &deep, |i| format!("class/{i}.png"));
    let none = measure(dir.path(), &flat, &deep, &["--convention", "pytorch-fid"]);
    expect(&none, 1, &["deep", "pytorch-fid does not search sub-folders"]);
    assert_eq!(run(&made, "studiogan").0["fake"]["count"], 30);
    // Statistics are counted by the same choice.
    let stats = dir.path().join("x.stats");
    let args = [
        "stats",
        text(&nested),
        "-o",
        text(&stats),
        "--extractor",
        "fashion-cnn",
        "--convention",
        "pytorch-fid",
    ];
    expect(&call(dir.path(), &args), 0, &["14 images", "left out"]);
}

#[test]
fn few_images_give_what_they_can() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 16, 60.0);
    // How many, status, measures that are taken, measures that are named as not taken.
    let cases: &[(usize, i32, &[&str], &[&str])] = &[
        (1, 1, &[], &["fid", "kid", "is", "prdc"]),
        (2, 0, &["fid", "kid"], &["is", "prdc"]),
        (5, 0, &["fid", "kid"], &["is", "prdc"]),
        (8, 0, &["fid", "kid", "prdc"], &["is"]),
        (16, 0, &["fid", "kid", "is", "prdc"], &[]),
    ];
    for (n, status, taken, left_out) in cases {
        let fake = pictures(dir.path(), &format!("made-{n}"), 2, *n, 90.0);
        let output = measure(dir.path(), &real, &fake, &["--json", "-"]);
        let said = expect(&output, *status, &[]);
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let value = json(&output);
        assert_eq!(
            (names(&value["results"]), names(&value["not_measured"])),
            (
                taken.iter().map(|s| (*s).to_owned()).collect(),
                left_out.iter().map(|s| (*s).to_owned()).collect()
            ),
            "{n}"
        );
        for name in *left_out {
            assert!(said.contains(&format!("not measured: {name}: ")), "{n} {name}: {said}");
            // By name, it is an error.
            expect(
                &measure(dir.path(), &real, &fake, &["--metrics", name]),
                1,
                &[&format!("error: {name}: ")],
            );
        }
        let all = measure(dir.path(), &real, &fake, &["--metrics", "all", "--json", "-"]);
        expect(&all, 0, &["not measured: sfid", "not measured: fid-infinity"]);
        assert!(
            json(&all)["results"]["mind"]["value"].is_f64()
                && json(&all)["results"]["vendi"]["value"].is_f64()
        );
    }
}

#[test]
fn warnings_of_small_sets_know_the_network() {
    let dir = tempfile::tempdir().unwrap();
    let (real, fake) =
        (pictures(dir.path(), "photos", 1, 20, 60.0), pictures(dir.path(), "made", 2, 20, 90.0));
    let output = measure(dir.path(), &real, &fake, &["--metrics", "fid"]);
    let said = expect(&output, 0, &["20 real images are no more than the", "20 generated images"]);
    assert!(!said.contains("2048") && !said.contains("Inception"), "{said}");
}

#[test]
fn the_same_images_are_not_counted_twice() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (pictures(dir.path(), "a", 1, 12, 60.0), pictures(dir.path(), "b", 2, 14, 60.0));
    let copy = dir.path().join("copy");
    reordered(&a, &copy, |i| format!("{i:03}.png"));
    let path = |name: &str| dir.path().join(name);
    let stats = |from: &Path, to: &str, more: &[&str]| {
        let to = path(to);
        let args = [&["stats", text(from), "-o", text(&to), "--extractor", "fashion-cnn"], more].concat();
        expect(&call(dir.path(), &args), 0, &[]);
        to
    };
    let (sa, sb) = (stats(&a, "a.stats", &[]), stats(&b, "b.stats", &[]));
    let whole = path("whole.stats");
    expect(&call(dir.path(), &["merge", text(&sa), text(&sb), "-o", text(&whole)]), 0, &["26 images"]);
    fs::copy(&sa, path("other-name.stats")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&sa, path("link.stats")).unwrap();
    let again = [
        sa.clone(),
        path("other-name.stats"),
        #[cfg(unix)]
        path("link.stats"),
        // The same images with other names and rows, and a sum that they are part of.
        stats(&copy, "copy.stats", &["--rows"]),
        whole.clone(),
    ];
    for second in &again {
        let merged = call(dir.path(), &["merge", text(&sa), text(second), "-o", text(&path("twice.stats"))]);
        expect(&merged, 2, &["counts the same images as", "a.stats", "twice"]);
        assert!(!path("twice.stats").exists());
    }
    let three =
        call(dir.path(), &["merge", text(&sb), text(&sa), text(&sb), "-o", text(&path("twice.stats"))]);
    expect(&three, 2, &["b.stats: it counts the same images as"]);
}

#[test]
fn cached_features_bring_no_names_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 12, 60.0);
    let fake = pictures(dir.path(), "made", 2, 12, 90.0);
    fs::copy(fake.join("003.png"), fake.join("x-copy.png")).unwrap();
    fs::write(fake.join("y-broken.png"), "words").unwrap();
    let run = |fake: &Path| {
        let output = measure(dir.path(), &real, fake, &["--metrics", "fid", "--json", "-"]);
        (expect(&output, 0, &["y-broken.png", "x-copy.png"]), json(&output))
    };
    let (_, before) = run(&fake);
    let moved = dir.path().join("moved");
    fs::rename(&fake, &moved).unwrap();
    fs::write(moved.join("z.gif"), "GIF89a").unwrap();
    let (said, after) = run(&moved);
    assert!(!said.contains("/made/") && said.contains("/moved/"), "{said}");
    assert_eq!(after["results"], before["results"]);
    let skipped = after["fake"]["skipped"].to_string();
    assert!(!skipped.contains("/made/") && skipped.contains("z.gif"), "{skipped}");
}
