//! Paths that are no text: they are bytes to the program, and U+FFFD to people.
#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::program::{expect, json, pictures};

fn odd(dir: &Path, name: &[u8]) -> PathBuf {
    dir.join(OsStr::from_bytes(name))
}

/// Runs the program with arguments of any bytes.
fn call(dir: &Path, args: &[&OsStr]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ganymede-metrics"));
    program.args(args).env("GANYMEDE_CACHE", odd(dir, b"cach\xe9")).env("NO_COLOR", "1");
    program.output().unwrap()
}

/// serde fails for a path that is not UTF-8, after all the work. Its words are in a program exactly where some path is
/// serialised, in whatever way: `json!(path)`, a field of a type, a generic function.
#[test]
fn no_path_is_serialised() {
    let words = serde_json::to_string(odd(Path::new(""), b"\xff").as_path()).unwrap_err().to_string();
    let program = fs::read(env!("CARGO_BIN_EXE_ganymede-metrics")).unwrap();
    let found = program.windows(words.len()).any(|bytes| bytes == words.as_bytes());
    assert!(!found, "the program serialises a path: give JSON the text of `ganymede_files::path_text`");
}

#[test]
fn odd_bytes_are_exact_for_files_and_lossy_for_people() {
    let dir = tempfile::tempdir().unwrap();
    let fake = odd(dir.path(), b"s\xe4mples");
    fs::rename(pictures(dir.path(), "made", 2, 12, 90.0), &fake).unwrap();
    let real = odd(dir.path(), b"ph\xf6tos");
    fs::rename(pictures(dir.path(), "photos", 1, 12, 60.0), &real).unwrap();
    fs::write(odd(&fake, b"\xff.png"), b"damaged").unwrap();
    fs::rename(fake.join("000.png"), odd(&fake, b"\xfe.png")).unwrap();
    let (result, report) = (odd(dir.path(), b"r\xe9sult.json"), odd(dir.path(), b"r\xe9port"));
    let a = |text: &'static str| OsStr::new(text);
    let args = [
        a("--real"),
        real.as_os_str(),
        a("--fake"),
        fake.as_os_str(),
        a("--extractor"),
        a("fashion-cnn"),
        a("--metrics"),
        a("fid,swd,ms-ssim"),
        a("--json"),
        result.as_os_str(),
        a("--report"),
        report.as_os_str(),
    ];
    let said = expect(&call(dir.path(), &args), 0, &["s\u{fffd}mples", "\u{fffd}.png: not a"]);
    assert!(!said.contains("could not be cached"), "{said}");
    let value: serde_json::Value = serde_json::from_slice(&fs::read(&result).unwrap()).unwrap();
    let skipped = value["fake"]["skipped"][0]["path"].as_str().unwrap();
    assert!(skipped.ends_with("s\u{fffd}mples/\u{fffd}.png"), "{skipped}");
    assert!(report.join("samples.png").is_file() && report.join("samples.json").is_file());
    // The second time, features come from the cache, and nothing else does.
    let again = expect(&call(dir.path(), &args), 0, &["\u{fffd}.png: not a"]);
    assert!(!again.contains("computed again"), "{again}");
}

#[test]
fn statistics_and_comparisons_of_odd_paths() {
    let dir = tempfile::tempdir().unwrap();
    let real = odd(dir.path(), b"a\xff");
    fs::rename(pictures(dir.path(), "photos", 1, 12, 60.0), &real).unwrap();
    let fashion = [OsStr::new("--extractor"), OsStr::new("fashion-cnn")];
    for name in [&b"\xfe.stats"[..], b"\xfe.npz", b"\xfe.NPZ"] {
        let stats = odd(dir.path(), name);
        let args = [OsStr::new("stats"), real.as_os_str(), OsStr::new("-o"), stats.as_os_str()];
        expect(&call(dir.path(), &[&args[..], &fashion].concat()), 0, &["12 images"]);
        let args = [
            OsStr::new("--real"),
            stats.as_os_str(),
            OsStr::new("--fake"),
            real.as_os_str(),
            OsStr::new("--json"),
            OsStr::new("-"),
            OsStr::new("--metrics"),
            OsStr::new("fid"),
        ];
        let output = call(dir.path(), &[&args[..], &fashion].concat());
        expect(&output, 0, &[]);
        assert!(json(&output)["real"]["path"].as_str().unwrap().contains('\u{fffd}'));
    }
    let missing = odd(dir.path(), b"none\xff");
    let args = [OsStr::new("compare"), missing.as_os_str(), missing.as_os_str()];
    expect(&call(dir.path(), &args), 1, &["none\u{fffd}"]);
}
