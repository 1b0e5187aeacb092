//! What `--real` and `--fake` may be besides folders: archives, shards, lists; and what is refused of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ganymede_files::testing::{gzip, put, tar, tar_entry, zip};
use ganymede_metrics::FeatureStats;
use serde_json::Value;

use crate::program::{call, expect, json, measure, pictures, text};

/// The files of a folder, by name, with their content.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut names: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
        .iter()
        .map(|path| (path.file_name().unwrap().to_str().unwrap().into(), fs::read(path).unwrap()))
        .collect()
}

fn borrowed(files: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    files.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect()
}

#[test]
fn archives_shards_and_lists_are_measured_as_their_folder() {
    let dir = tempfile::tempdir().unwrap();
    let (real, fake) =
        (pictures(dir.path(), "photos", 1, 14, 60.0), pictures(dir.path(), "made", 2, 12, 90.0));
    let images = files(&fake);
    let (images, names) =
        (borrowed(&images), images.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    put(dir.path(), "stored.zip", &zip(&images, false));
    put(dir.path(), "deflated.ZIP", &zip(&images, true));
    put(dir.path(), "samples.tar", &tar(&images));
    put(dir.path(), "samples.tar.gz", &gzip(&tar(&images)));
    put(dir.path(), "samples.tgz", &gzip(&tar(&images)));
    put(dir.path(), "shards/part-0.tar", &tar(&images[..5]));
    put(dir.path(), "shards/part-1.tar", &tar(&images[5..]));
    put(dir.path(), "shards/notes.md", b"words");
    let lines = |end: &str| names.iter().map(|name| format!("made/{name}{end}")).collect::<String>();
    put(dir.path(), "list.txt", lines("\n").as_bytes());
    put(dir.path(), "windows.txt", format!("\r\n{}", lines("\r\n")).as_bytes());
    let absolute: Vec<String> = names.iter().map(|name| text(&fake.join(name)).to_owned()).collect();
    put(dir.path(), "absolute.txt", absolute.join("\n\n").as_bytes());
    let run = |fake: &Path| -> Value {
        let args = ["--metrics", "fid,prdc,swd", "--no-cache", "--json", "-", "--quiet"];
        let output = measure(dir.path(), &real, fake, &args);
        expect(&output, 0, &[]);
        let result = json(&output);
        assert_eq!((&result["fake"]["count"], &result["fake"]["kind"]), (&12.into(), &"images".into()));
        result["results"].clone()
    };
    let wanted = run(&fake);
    for name in [
        "stored.zip",
        "deflated.ZIP",
        "samples.tar",
        "samples.tar.gz",
        "samples.tgz",
        "shards",
        "list.txt",
        "windows.txt",
        "absolute.txt",
    ] {
        assert_eq!(run(&dir.path().join(name)), wanted, "{name}");
    }
    // A list holds what it names, as often, in its order, whatever the convention.
    put(dir.path(), "twice.txt", b"made/003.png\nmade/003.png\nphotos/001.png");
    let twice = dir.path().join("twice.txt");
    let args = ["--metrics", "mind", "--convention", "studiogan", "--json", "-"];
    let output = measure(dir.path(), &real, &twice, &args);
    expect(&output, 0, &["1 of 3 generated images are copies", "1 image of the real folder are also among"]);
    // An archive leaves out what its folder would.
    put(dir.path(), "nested.zip", &zip(&[("sub/a.png", images[0].1), ("b.png", images[1].1)], true));
    let output = measure(
        dir.path(),
        &real,
        &dir.path().join("nested.zip"),
        &["--metrics", "mind", "--convention", "ttur"],
    );
    expect(
        &output,
        0,
        &["1 generated image left out", "does not search sub-folders", "nested.zip/sub/a.png"],
    );
}

#[test]
fn the_archives_of_other_programs_are_measured() {
    let dir = tempfile::tempdir().unwrap();
    let archives = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/tests/fixtures/archives");
    // StyleGAN's data set, a shard of webdataset with its sidecars, names that are too long for a header.
    for name in ["stylegan.zip", "samples.tar", "long.tar", "pax.tar", "zip64.zip"] {
        let (real, archive) = (archives.join("stylegan.zip"), archives.join(name));
        let output = measure(dir.path(), &real, &archive, &["--metrics", "fid", "--json", "-"]);
        expect(&output, 0, &[]);
        let result = json(&output);
        assert_eq!(result["real"]["count"], 5, "{name}");
        assert_eq!(result["fake"]["skipped"], serde_json::json!([]), "{name}");
    }
}

#[test]
fn statistics_and_reports_are_of_archives_too() {
    let dir = tempfile::tempdir().unwrap();
    let (real, fake) =
        (pictures(dir.path(), "photos", 1, 14, 60.0), pictures(dir.path(), "made", 2, 12, 90.0));
    let archive = dir.path().join("made.zip");
    fs::write(&archive, zip(&borrowed(&files(&fake)), true)).unwrap();
    let stats = |from: &Path, to: &str| {
        let to = dir.path().join(to);
        let args = ["stats", text(from), "-o", text(&to), "--extractor", "fashion-cnn"];
        expect(&call(dir.path(), &args), 0, &["12 images"]);
        FeatureStats::load(&to).unwrap().0.contents()
    };
    assert_eq!(stats(&archive, "a.stats"), stats(&fake, "b.stats"));
    let report = dir.path().join("report");
    expect(&measure(dir.path(), &real, &archive, &["--metrics", "fid", "--report", text(&report)]), 0, &[]);
    assert!(report.is_dir());
    let args = ["stats", text(&archive), "-o", text(&archive), "--extractor", "fashion-cnn"];
    expect(&call(dir.path(), &args), 2, &["this would overwrite"]);
}

#[cfg(unix)]
#[test]
fn names_in_lists_are_bytes() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 6, 60.0);
    let odd: [&[u8]; 5] = [b"a \xff.png", b" # b.png", b"c\r", "d ö.png".as_bytes(), b"-e.png"];
    for (i, name) in odd.iter().enumerate() {
        fs::copy(real.join(format!("00{i}.png")), dir.path().join(OsStr::from_bytes(name))).unwrap();
    }
    let list = dir.path().join("list.txt");
    fs::write(&list, odd.join(&b'\n')).unwrap();
    let output = measure(dir.path(), &real, &list, &["--metrics", "mind", "--json", "-"]);
    expect(&output, 0, &["5 images of the real folder"]);
    assert_eq!(json(&output)["fake"]["count"], 5);
}

/// An array of NumPy with this header and nothing behind it.
fn array(header: &str) -> Vec<u8> {
    let text = format!("{header:<117}\n");
    [b"\x93NUMPY\x01\x00v\x00", text.as_bytes()].concat()
}

/// A zip whose directory claims that its first entry has nearly 4 GiB.
fn bomb(png: &[u8]) -> Vec<u8> {
    let mut bytes = zip(&[("a.png", png)], true);
    let at = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap() + 24;
    bytes[at..at + 4].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    bytes
}

/// What is refused, and the words that it is refused with.
fn cases(png: &[u8]) -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    let packed = gzip(&tar(&[("a.png", png)]));
    let whole = tar(&[("a.png", png), ("b.png", png)]);
    let links = [tar_entry(b"a.png", b"", b'2'), tar_entry(b"b.png", b"", b'1'), vec![0; 1024]].concat();
    let outside =
        [tar_entry(b"/tmp/a.png", png, b'0'), tar_entry(b"../b.png", png, b'0'), vec![0; 1024]].concat();
    let npz = |header: &str| zip(&[("arr_0.npy", &array(header))], false);
    vec![
        ("bomb.zip", bomb(png), &["unpacks to 4294967280 bytes", "more than 100 times"]),
        ("cut.zip", zip(&[("a.png", png)], true)[..60].to_vec(), &["cut short", "copy or pack it again"]),
        ("words.zip", b"words".to_vec(), &["it is no zip"]),
        ("none.zip", zip(&[], false), &["holds nothing", "give an archive with PNG"]),
        ("notes.zip", zip(&[("a.txt", b"x")], false), &["1 file(s), none of them an image"]),
        ("outside.zip", zip(&[("../a.png", png)], false), &["leads out of the archive"]),
        ("twice.zip", zip(&[("a.png", png), ("a.png", png)], false), &["two files called a.png"]),
        ("links.tar", links, &["no image but", "a link"]),
        ("outside.tar", outside, &["no image but", "leads out of the archive"]),
        ("cut.tar", whole[..1000].to_vec(), &["cut short", "a.png"]),
        ("empty.tar", Vec::new(), &["it is empty"]),
        ("none.tar", vec![0; 1024], &["holds nothing"]),
        ("words.tar", b"words".repeat(200), &["it is no tar"]),
        ("packed.tar", packed.clone(), &["packed as a whole", "gunzip"]),
        ("cut.tar.gz", packed[..packed.len() / 2].to_vec(), &["cut short"]),
        ("words.tgz", b"words".repeat(9), &["not packed by gzip"]),
        (
            "floats.npz",
            npz("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4, 4, 3)}"),
            &["float32 (2, 4, 4, 3)"],
        ),
        (
            "five.npz",
            npz("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 4, 4, 3)}"),
            &["arr_0", "wanted"],
        ),
        (
            "objects.npz",
            npz("{'descr': '|O', 'fortran_order': False, 'shape': (2, 4, 4, 3)}"),
            &["objects of Python"],
        ),
        (
            "short.npz",
            npz("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4, 4, 3)}"),
            &["0 bytes", "96"],
        ),
        (
            "huge.npz",
            npz("{'descr': '|u1', 'fortran_order': False, 'shape': (99999999, 99999999, 9, 3)}"),
            &["huge.npz", "arr_0"],
        ),
        (
            "missing.txt",
            b"photos/000.png\nphotos/gone.png\n".to_vec(),
            &["line 2", "gone.png", "No such file"],
        ),
        ("folder.txt", b"photos\n".to_vec(), &["line 1", "is a folder", "list its files"]),
        ("device.txt", b"\n/dev/zero\n".to_vec(), &["line 2", "/dev/zero is not a regular file"]),
        ("empty.txt", b"\n\n".to_vec(), &["names no file", "an image a line"]),
        ("long.txt", vec![b'x'; 5000], &["line 1", "5000 bytes are no path"]),
        ("nul.txt", b"a\0b\n".to_vec(), &["line 1"]),
        ("comment.txt", b"# photos\n".to_vec(), &["line 1", "# photos"]),
        ("list.txt", b"list.txt\n".to_vec(), &["none of its 1 image(s) can be used", "not a PNG"]),
    ]
}

#[test]
fn what_cannot_be_used_is_refused_by_name_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 12, 60.0);
    let png = fs::read(real.join("000.png")).unwrap();
    let inside = |dir: &Path| -> BTreeSet<String> {
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into()).collect()
    };
    for (name, bytes, words) in cases(&png) {
        put(dir.path(), name, &bytes);
        let before = inside(dir.path());
        let file = dir.path().join(name);
        let output = measure(dir.path(), &real, &file, &["--no-cache"]);
        let said = expect(&output, 1, words);
        assert!(said.contains(name) && !said.contains("panicked") && said.len() < 2000, "{name}: {said}");
        let to = dir.path().join("out.stats");
        let stats = ["stats", text(&file), "-o", text(&to), "--extractor", "fashion-cnn", "--no-cache"];
        // Images that none can be used of are found out while they are read.
        expect(&call(dir.path(), &stats), 1, &[name]);
        assert_eq!(inside(dir.path()), before, "{name}");
    }
    // Among others, what cannot be used is passed over and named.
    let links = [tar_entry(b"a.png", &png, b'0'), tar_entry(b"../b.png", &png, b'0'), vec![0; 1024]].concat();
    put(dir.path(), "some.tar", &links);
    let output =
        measure(dir.path(), &real, &dir.path().join("some.tar"), &["--metrics", "mind", "--json", "-"]);
    expect(&output, 0, &["1 file of the generated images could not be used", "leads out of the archive"]);
    assert_eq!(json(&output)["fake"]["count"], 1);
}

#[test]
fn a_reference_batch_goes_through_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let (real, fake) =
        (pictures(dir.path(), "photos", 1, 14, 60.0), pictures(dir.path(), "made", 2, 12, 90.0));
    let batch = dir.path().join("batch.npz");
    let adm = ["--convention", "adm", "--extractor", "fashion-cnn"];
    let stats = [&["stats", text(&real), "-o", text(&batch), "--images"][..], &adm].concat();
    expect(&call(dir.path(), &stats), 0, &["no spatial features", "14 images"]);
    let run = |real: &Path, convention: &str| {
        let args = ["--metrics", "fid,pr,is", "--json", "-", "--convention", convention];
        let output = measure(dir.path(), real, &fake, &args);
        expect(&output, 0, &[]);
        json(&output)
    };
    let (of_batch, of_folder) = (run(&batch, "adm"), run(&real, "adm"));
    for (measure, value) in [("pr", "precision"), ("pr", "recall"), ("is", "value")] {
        assert_eq!(of_batch["results"][measure][value], of_folder["results"][measure][value], "{measure}");
    }
    let fid = |result: &Value| result["results"]["fid"]["value"].as_f64().unwrap();
    crate::support::assert_relative(fid(&of_batch), fid(&of_folder), 1e-9);
    assert_eq!(of_batch["real"]["count"], 14);
    let provenance = &of_batch["results"]["fid"]["provenance"];
    assert_eq!((&provenance["real"], &provenance["fake"]), (&Value::Null, &12.into()));
    assert_eq!(of_batch["results"]["is"]["splits"].as_array().unwrap().len(), 1);
    // Others see the statistics alone.
    let args =
        ["--real", text(&batch), "--fake", text(&fake), "--extractor", "fashion-cnn", "--metrics", "fid"];
    expect(&call(dir.path(), &args), 0, &["`mu` and `sigma` are read, not `arr_0`"]);
    let to = dir.path().join("x.npz");
    let args = [&["stats", text(&real), "-o", text(&to), "--images"][..], &adm[2..]].concat();
    expect(&call(dir.path(), &args), 2, &["--images belongs to"]);
}
