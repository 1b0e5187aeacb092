//! A disk that is full: the file and the cause are named, and what was there stays.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ganymede_files::testing::{fill_but, on_small_disk};

fn call(args: &[&str], cache: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ganymede-metrics"));
    command.args(args).env("GANYMEDE_CACHE", cache).output().unwrap()
}

#[track_caller]
fn expect_full(output: &Output, file: &str) {
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    let line = words.lines().find(|line| line.contains("No space left on device")).unwrap_or_default();
    assert!(line.contains(file), "{words}");
    assert_eq!(line.matches("No space left").count(), 1, "{words}");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn pictures(dir: &Path, name: &str, seed: u32) -> std::path::PathBuf {
    let folder = dir.join(name);
    fs::create_dir(&folder).unwrap();
    for i in 0..16 {
        let noise = |x: u32, y: u32| image::Luma([((x * 31 + y * 57 + i * 7 + seed * 13) % 251) as u8]);
        image::GrayImage::from_fn(28, 28, noise).save(folder.join(format!("{i}.png"))).unwrap();
    }
    folder
}

#[test]
fn every_output_names_itself_and_leaves_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let (real, fake) = (pictures(dir.path(), "real", 1), pictures(dir.path(), "fake", 2));
    let cache = dir.path().join("cache");
    let mount = dir.path().join("disk");
    fs::create_dir(&mount).unwrap();
    let name = "full_disk::every_output_names_itself_and_leaves_what_was_there";
    on_small_disk(name, &mount, 1000, |disk| {
        let network = ["--extractor", "fashion-cnn"];
        let pair = ["--real", text(&real), "--fake", text(&fake), "--metrics", "fid,kid"];
        let run = |args: &[&str]| call(args, &cache);
        let shard = dir.path().join("shard.stats");
        let made = run(&[&["stats", text(&fake), "-o", text(&shard)][..], &network].concat());
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

        let (json, stats, npz) = (disk.join("r.json"), disk.join("r.stats"), disk.join("r.npz"));
        for old in [&json, &stats, &npz] {
            fs::write(old, "old").unwrap();
        }
        fill_but(disk, 0);
        expect_full(&run(&[&pair[..], &network, &["--json", text(&json)]].concat()), "r.json");
        expect_full(&run(&[&["stats", text(&real), "-o", text(&stats)][..], &network].concat()), "r.stats");
        expect_full(&run(&[&["stats", text(&real), "-o", text(&npz)][..], &network].concat()), "r.npz");
        expect_full(&run(&["merge", text(&shard), "-o", text(&stats)]), "r.stats");
        for old in [&json, &stats, &npz] {
            assert_eq!(fs::read_to_string(old).unwrap(), "old");
        }
        let report = disk.join("report.png");
        expect_full(&run(&[&pair[..], &network, &["--report", text(&report)]].concat()), "report.png");

        // The cache of features costs time and not the result.
        let output = call(&[&pair[..], &network].concat(), disk);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

        // With room again everything is written.
        fs::remove_file(disk.join("ballast")).unwrap();
        assert!(run(&[&pair[..], &network, &["--json", text(&json)]].concat()).status.success());
        assert!(fs::read_to_string(&json).unwrap().contains("fid"));
        for entry in fs::read_dir(disk).unwrap() {
            let path = entry.unwrap().path();
            assert!(path.extension().is_none_or(|extension| extension != "tmp"), "{}", path.display());
        }
    });
}
