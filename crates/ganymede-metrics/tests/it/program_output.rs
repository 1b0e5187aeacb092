//! Where results go: tried before the work, written through what is there, never lost without a word.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::program::{call, expect, json, measure, pictures, text};

fn computed(dir: &Path) -> bool {
    dir.join("cache/features").exists()
}

fn folders(dir: &Path) -> [std::path::PathBuf; 2] {
    [pictures(dir, "photos", 1, 12, 60.0), pictures(dir, "made", 2, 12, 90.0)]
}

#[test]
fn what_cannot_be_written_is_said_before_the_work() {
    let dir = tempfile::tempdir().unwrap();
    let [real, fake] = folders(dir.path());
    let path = |name: &str| dir.path().join(name);
    fs::write(path("file"), b"old").unwrap();
    let cases = [
        ("--json", path("none/x.json"), "there is no folder"),
        ("--json", path("photos"), "it is a folder"),
        ("--json", path("file/x.json"), "Not a directory"),
        ("--report", path("none/x.png"), "there is no folder"),
        ("--report", path("file/below"), "cannot make this folder"),
    ];
    for (flag, to, reason) in &cases {
        let output = measure(dir.path(), &real, &fake, &["--metrics", "fid", flag, text(to)]);
        let said = expect(&output, 1, &[text(to), reason]);
        assert_eq!(said.matches(reason).count(), 1, "{said}");
        assert!(output.stdout.is_empty() && !computed(dir.path()), "{flag} {}", to.display());
    }
    for to in [path("none/x.stats"), path("none/x.npz"), path("photos")] {
        let args = ["stats", text(&real), "-o", text(&to), "--extractor", "fashion-cnn"];
        expect(&call(dir.path(), &args), 1, &[text(&to)]);
        assert!(!computed(dir.path()));
    }
    // The first failure is told: the place of the result, then what is wrong with the input.
    let missing = path("missing");
    let both = measure(dir.path(), &missing, &fake, &["--json", text(&path("none/x.json"))]);
    let said = expect(&both, 1, &["none/x.json"]);
    assert!(!said.contains("missing"), "{said}");
    let to = path("failed.json");
    expect(&measure(dir.path(), &missing, &fake, &["--json", text(&to)]), 1, &["missing"]);
    let report: Value = serde_json::from_slice(&fs::read(&to).unwrap()).unwrap();
    assert!(report["error"].as_str().unwrap().contains("missing"));
    // Pictures of what is no folder.
    let stats = path("real.stats");
    let args = ["stats", text(&real), "-o", text(&stats), "--extractor", "fashion-cnn"];
    expect(&call(dir.path(), &args), 0, &[]);
    let report = path("report.png");
    expect(&measure(dir.path(), &stats, &fake, &["--report", text(&report)]), 2, &["have to be folders"]);
    assert!(!report.exists());
}

#[test]
fn nothing_is_written_over_what_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let [real, fake] = folders(dir.path());
    let stats = dir.path().join("a.stats");
    let args = ["stats", text(&real), "-o", text(&stats), "--extractor", "fashion-cnn"];
    expect(&call(dir.path(), &args), 0, &[]);
    let before = fs::read(&stats).unwrap();
    let json_over = measure(dir.path(), &stats, &fake, &["--metrics", "fid", "--json", text(&stats)]);
    expect(&json_over, 2, &["would overwrite", "a.stats"]);
    expect(&call(dir.path(), &["merge", text(&stats), "-o", text(&stats)]), 2, &["would overwrite"]);
    let dotted = dir.path().join("photos/../a.stats");
    expect(&call(dir.path(), &["merge", text(&stats), "-o", text(&dotted)]), 2, &["would overwrite"]);
    #[cfg(unix)]
    for (name, link) in [("soft", true), ("hard", false)] {
        let other = dir.path().join(name);
        let made =
            if link { std::os::unix::fs::symlink(&stats, &other) } else { fs::hard_link(&stats, &other) };
        made.unwrap();
        expect(&call(dir.path(), &["merge", text(&stats), "-o", text(&other)]), 2, &["would overwrite"]);
    }
    #[cfg(target_os = "linux")]
    {
        let merge = ["merge", text(&stats), "-o", "/dev/fd/6"];
        let open = format!("6<> '{}'", text(&stats));
        expect(&shell(dir.path(), &merge, &open), 2, &["would overwrite"]);
    }
    let compare = ["compare", text(&stats), text(&stats), "--json", text(&stats)];
    expect(&call(dir.path(), &compare), 2, &["would overwrite"]);
    assert_eq!(fs::read(&stats).unwrap(), before);
}

/// The program with some standard output, by way of the shell.
fn shell(dir: &Path, args: &[&str], redirection: &str) -> Output {
    let script = format!("exec \"$0\" \"$@\" {redirection}");
    let mut sh = Command::new("sh");
    sh.args(["-c", &script, env!("CARGO_BIN_EXE_ganymede-metrics")]).args(args);
    sh.env("GANYMEDE_CACHE", dir.join("cache")).env("NO_COLOR", "1").output().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_is_lost_is_a_failure_and_a_closed_pipe_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let [real, fake] = folders(dir.path());
    let file = dir.path().join("result.json");
    let base =
        ["--real", text(&real), "--fake", text(&fake), "--extractor", "fashion-cnn", "--metrics", "fid"];
    let with = |more: &[&'static str]| [&base[..], more].concat();
    let compare = ["compare", text(&file), text(&file)];
    let to_file = [&base[..], &["--json", text(&file)]].concat();
    let full = "> /dev/full";
    // The table is lost, the file is not.
    expect(&shell(dir.path(), &to_file, full), 1, &["cannot write to standard output", "No space left"]);
    let kept: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!((&kept["outcome"], &kept["exit_status"]), (&"done".into(), &0.into()));
    for args in [with(&["--json", "-", "--quiet"]), with(&["--json", "-"]), with(&[])] {
        expect(&shell(dir.path(), &args, full), 1, &["cannot write to standard output", "No space left"]);
        expect(&shell(dir.path(), &args, ">&-"), 1, &["standard output is closed"]);
    }
    for args in [&["--help"][..], &["-V"], &["stats", "--help"], &compare] {
        expect(&shell(dir.path(), args, full), 1, &["No space left"]);
    }
    expect(&shell(dir.path(), &[&to_file[..], &["--quiet"]].concat(), ">&-"), 0, &[]);
    let device = with(&["--quiet", "--json", "/dev/full"]);
    expect(&shell(dir.path(), &device, ""), 1, &["cannot write to /dev/full", "No space left"]);
    // Whoever closes a pipe wants no more, and no complaint.
    for args in [with(&["--json", "-"]), vec!["--help"], compare.to_vec()] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_ganymede-metrics"));
        program.args(&args).env("GANYMEDE_CACHE", dir.path().join("cache"));
        let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = expect(&output, 0, &[]);
        assert!(!said.contains("error") && !said.contains("panicked"), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn pipes_descriptors_links_and_modes_stay_what_they_are() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    let dir = tempfile::tempdir().unwrap();
    let [real, fake] = folders(dir.path());
    let path = |name: &str| dir.path().join(name);
    let args = |to: &Path| -> Vec<String> {
        let all =
            ["--real", text(&real), "--fake", text(&fake), "--extractor", "fashion-cnn", "--metrics", "fid"];
        all.into_iter().chain(["--quiet", "--json", text(to)]).map(String::from).collect()
    };
    let run = |to: &Path, redirection: &str| {
        let args = args(to);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = shell(dir.path(), &args, redirection);
        expect(&output, 0, &[]);
        output
    };
    let whole = |bytes: &[u8]| {
        let value: Value = serde_json::from_slice(bytes).unwrap();
        assert!(value["results"]["fid"]["value"].is_f64());
    };
    assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = path("pipe");
        move || fs::read(pipe).unwrap()
    });
    run(&path("pipe"), "");
    whole(&reader.join().unwrap());
    assert!(fs::metadata(path("pipe")).unwrap().file_type().is_fifo());

    fs::write(path("log"), "first line\n").unwrap();
    run(Path::new("/dev/fd/7"), &format!("7>> '{}'", text(&path("log"))));
    let log = fs::read(path("log")).unwrap();
    whole(log.strip_prefix(b"first line\n").unwrap());
    whole(&run(Path::new("/dev/stdout"), "").stdout);

    fs::write(path("target"), "old").unwrap();
    fs::set_permissions(path("target"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink("target", path("link")).unwrap();
    run(&path("link"), "");
    whole(&fs::read(path("target")).unwrap());
    assert!(path("link").is_symlink());
    assert_eq!(fs::metadata(path("target")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_report_that_fails_takes_no_number_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let [real, fake] = folders(dir.path());
    let few = pictures(dir.path(), "few", 3, 2, 60.0);
    let report = dir.path().join("report.png");
    let args = ["--metrics", "fid", "--json", "-", "--report", text(&report)];
    let output = measure(dir.path(), &few, &fake, &args);
    expect(&output, 1, &["error: --report", "at least 4 real samples"]);
    let value = json(&output);
    assert!(value["results"]["fid"]["value"].is_f64() && value["report_error"].is_string(), "{value}");
    expect(&measure(dir.path(), &real, &fake, &args), 0, &[]);
}
