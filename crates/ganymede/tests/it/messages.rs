//! What the program says when something is wrong: once, and with the way out.

use std::fs;

use crate::common::{CLOTHES, RING, call, config, status_and_words, text};

/// Three words in a row that stand twice in a line: a cause that was put into its own message.
fn repeated(line: &str) -> Option<String> {
    let words: Vec<&str> =
        line.split(|c: char| c.is_whitespace() || ":;,()".contains(c)).filter(|w| !w.is_empty()).collect();
    let triples: Vec<&[&str]> = words.windows(3).collect();
    let twice = (0..triples.len()).find(|&i| triples[i + 1..].contains(&triples[i]));
    twice.map(|i| triples[i].join(" "))
}

#[test]
fn no_error_says_its_cause_twice() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&dir.path().join(name)).to_owned();
    let (ring, run) = (text(&config(dir.path(), RING)).to_owned(), at("run"));
    assert!(call(&["train", "--config", &ring, "--out", &run, "--steps", "3", "-q"]).status.success());
    let clothes = at("clothes.toml");
    fs::write(&clothes, CLOTHES).unwrap();
    let images = at("images");
    assert!(call(&["train", "--config", &clothes, "--out", &images, "--steps", "2", "-q"]).status.success());
    fs::create_dir(at("empty")).unwrap();
    fs::write(at("file"), "no image, no weights, no TOML = =").unwrap();
    fs::create_dir_all(at("broken")).unwrap();
    fs::write(at("broken/run.toml"), "steps = = 3").unwrap();
    let last = fs::read(dir.path().join("run/checkpoints/last.safetensors")).unwrap();
    fs::write(at("cut.safetensors"), &last[..last.len() / 2]).unwrap();
    fs::write(at("cut.pth"), b"PK\x03\x04 nothing").unwrap();
    fs::write(at("short.safetensors"), b"abc").unwrap();

    let (file, empty, nowhere) = (at("file"), at("empty"), at("nowhere"));
    let (cut, zip, short, under) =
        (at("cut.safetensors"), at("cut.pth"), at("short.safetensors"), at("file/out"));
    let broken = at("broken");
    let cases: &[&[&str]] = &[
        &["train", "--config", &nowhere],
        &["train", "--config", &empty],
        &["train", "--config", &file],
        &["train", "--config", &last_line_not_text(dir.path())],
        &["train", "--resume", &nowhere],
        &["train", "--resume", &broken],
        &["train", "--data", &nowhere],
        &["train", "--data", &empty],
        &["train", "--data", &file],
        &["train", "--config", &ring, "--out", &under],
        &["train", "--config", &ring, "--out", &run],
        &["train", "--device", "cuda:7"],
        &["train", "--device", "tpu"],
        &["train", "--set", "run.batch=many", "--set", "run.stpes=1"],
        &["train", "--set", "penalty.7.gamma=1"],
        &["train", "--set", "eval.extractor=inception2015", "--out", &at("inception")],
        &["sample", &nowhere],
        &["sample", &file],
        &["sample", &run, "--checkpoint", "best", "--num", "0"],
        &["sample", &run, "--checkpoint", "99"],
        &["sample", &run, "--out", &under],
        &["sample", &run, "--tensor", &under],
        &["sample", &run, "--latents", &nowhere],
        &["sample", &run, "--latents", &file],
        &["sample", &run, "--latents", &short],
        &["sample", &run, "--latents", &cut],
        &["sample", "--weights", &nowhere],
        &["sample", "--weights", &file, "--model", "dcgan"],
        &["sample", "--weights", &cut],
        &["sample", "--weights", &cut, "--model", "dcgan"],
        &["sample", "--weights", &zip, "--model", "dcgan"],
        &["sample", "--weights", &short, "--model", "dcgan"],
        &["eval", &nowhere],
        &["eval", &images, "--extractor", "inception2015", "--weights", &nowhere],
        &["eval", &images, "--extractor", "inception2015", "--weights", &zip],
        &["eval", &images, "--extractor", "fashion-cnn", "--weights", &file],
        &["eval", &images, "--extractor", "fashion-cnn", "--checkpoint", "77"],
        &["eval", &run, "--extractor", "fashion-cnn"],
        &["data", "fetch", "mnits"],
        &["data", "fetch", "ring"],
        &["bench", "conv", "--filter", "nothing"],
        &["bench", "conv", "--filter", "512->100", "--rounds", "1", "--against-pytorch", "--threads", "1"],
        &["bench", "conv", "--filter", "512->100", "--rounds", "1", "--against-pytorch=/nonexistent/python"],
    ];
    for case in cases {
        let mut command = crate::common::ganymede(case);
        let output = command
            .env("GANYMEDE_CACHE", at("cache"))
            .env("GANYMEDE_PEERS_PYTHON", &nowhere)
            .output()
            .unwrap();
        let (status, words) = status_and_words(&output);
        assert!([1, 2].contains(&status), "{case:?}: {status} {words}");
        for line in words.lines() {
            assert_eq!(repeated(line), None, "{case:?}: {line}");
        }
        assert!(words.contains("error: "), "{case:?}: {words}");
    }
}

fn last_line_not_text(dir: &std::path::Path) -> String {
    let path = dir.join("bytes.toml");
    fs::write(&path, [b'[', 0xff, 0xfe]).unwrap();
    text(&path).to_owned()
}

#[test]
fn a_phrase_that_stands_twice_is_seen() {
    assert_eq!(repeated("x: cannot open file y: cannot open file y"), Some("cannot open file".to_owned()));
    assert_eq!(repeated("a folder, or another folder"), None);
}

#[test]
fn strict_refuses_what_is_known_to_train_badly_and_leaves_no_folder() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let train = |more: &[&str]| {
        let usual = ["train", "dcgan", "--strict", "-q", "--out", text(&out), "--set", "run.batch=4"];
        status_and_words(&call(&[&usual, more].concat()))
    };
    let (status, words) = train(&[]);
    assert_eq!(status, 2, "{words}");
    for part in ["means of 4 samples", "try --set 'run.batch=32'", "run.silence=[\"batch-norm-of-few\"]"] {
        assert!(words.contains(part), "{words}");
    }
    assert!(!out.exists());
    let (status, words) = train(&["--set", "run.silence=[\"batch-norm\"]"]);
    assert!(status == 2 && words.contains("did you mean `batch-norm-of-few`?"), "{words}");
}
