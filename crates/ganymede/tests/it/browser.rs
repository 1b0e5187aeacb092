//! The page in a browser, without a network. Only where the environment variable GANYMEDE_CHROMIUM names a Chromium.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::common::{CLOTHES, RING, call, config, expect, text};
use crate::report::Watched;

/// What the page of a file says of itself.
fn look(chromium: &Path, page: &Path, width: u32) -> Value {
    look_at(chromium, &format!("file://{}", text(page)), (width, 10))
}

/// What the page at an address says of itself, and that nothing was said on the console. No name is known but this machine's.
fn look_at(chromium: &Path, address: &str, (width, seconds): (u32, u32)) -> Value {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(chromium)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args([
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "--enable-logging=stderr",
            &format!("--virtual-time-budget={}", 1000 * seconds),
        ])
        .args([&format!("--window-size={width},900"), &format!("--user-data-dir={}", text(profile.path()))])
        .args(["--dump-dom", &format!("{address}#self-test")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("CONSOLE"), "{said}");
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, rest) =
        dom.split_once("<pre id=\"self-test\">").unwrap_or_else(|| panic!("no self-test: {said}"));
    serde_json::from_str(rest.split_once("</pre>").unwrap().0).unwrap()
}

#[test]
fn the_page_works_in_a_browser_without_a_network() {
    let Some(chromium) = std::env::var_os("GANYMEDE_CHROMIUM") else { return };
    let dir = tempfile::tempdir().unwrap();
    let runs = ["a", "</script><b>", "c"].map(|name| dir.path().join(name));
    for (run, configuration) in runs.iter().zip([CLOTHES, RING, CLOTHES]) {
        let config = config(dir.path(), configuration);
        fs::create_dir_all(run).unwrap();
        expect(&call(&["train", "--config", text(&config), "--out", text(run)]), 0, &[]);
        let alert = "{\"step\":6,\"symptom\":\"<img src=x onerror=alert(1)>\",\"state\":\"raised\",\"severity\":\"severe\"}\n";
        fs::write(run.join("alerts.jsonl"), alert).unwrap();
    }
    let (both, three) = (dir.path().join("both.html"), dir.path().join("three.html"));
    expect(&call(&["report", text(&runs[0]), "--out", text(&dir.path().join("one.html"))]), 0, &[]);
    expect(&call(&["report", text(&runs[0]), text(&runs[1]), "--out", text(&both)]), 0, &[]);
    let all = [text(&runs[0]), text(&runs[1]), text(&runs[2])];
    expect(&call(&[&["report"], &all[..], &["--out", text(&three)]].concat()), 0, &[]);
    let pages = [
        ("one.html", 1400, (4, 1)),
        ("one.html", 500, (4, 1)),
        ("both.html", 1400, (7, 1)),
        ("three.html", 1400, (7, 2)),
        ("three.html", 500, (7, 2)),
    ];
    for (page, width, (steps, between)) in pages {
        let found = look(Path::new(&chromium), &dir.path().join(page), width);
        let number = |name: &str| found[name].as_u64().unwrap();
        assert_eq!(found["faults"], serde_json::json!([]), "{found}");
        // The slider went through all steps, and each showed pictures.
        assert_eq!(found["steps"].as_array().unwrap().len(), steps, "{found}");
        assert!(number("pictures_shown") >= 4 && number("pictures_loaded") == number("pictures"), "{found}");
        assert_eq!(number("between"), between, "pictures of what lies between samples: {found}");
        // A drag over one chart zoomed all that lie on its axis.
        assert!(number("charts") >= 4 && number("zoomed") >= 4 && number("flags") >= 4, "{found}");
        assert_eq!(found["wider_than_screen"], false, "{page} at {width}: {found}");
    }
}

#[test]
fn a_live_page_updates_in_a_browser_while_the_run_goes_on() {
    let Some(chromium) = std::env::var_os("GANYMEDE_CHROMIUM") else { return };
    let dir = tempfile::tempdir().unwrap();
    // A few pictures, and steps enough to look on for as long as it takes.
    let more = ["--steps", "1000000", "--set", "log.sample_every=250000", "--set", "run.batch=64"];
    let watched = Watched::start(&config(dir.path(), RING), &dir.path().join("x"), &more);
    // The page looks again every two seconds of a clock that leaps ahead when nothing is to be done.
    let found = look_at(Path::new(&chromium), &format!("http://{}/", watched.host()), (1400, 15));
    assert_eq!(found["faults"], serde_json::json!([]), "{found}");
    assert!(found["updates"].as_u64() >= Some(3) && found["zoomed"].as_u64() >= Some(4), "{found}");
}

#[test]
fn the_page_of_a_study_works_in_a_browser_without_a_network() {
    let Some(chromium) = std::env::var_os("GANYMEDE_CHROMIUM") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = (dir.path().join("two.toml"), dir.path().join("study"));
    let study = "title = \"Two </script> losses\"\nseeds = 2\npreset = \"ring-r1\"\n\
                 set = [\"run.steps=40\", \"log.sample_every=20\", \"run.batch=16\"]\n\
                 [[method]]\nname = \"non-saturating\"\n\
                 [[method]]\nname = \"hinge\"\nset = [\"loss.kind=hinge\"]\n";
    fs::write(&file, study).unwrap();
    expect(&call(&["study", text(&file), "--out", text(&out), "--jobs", "2"]), 0, &[]);
    for width in [1400, 500] {
        let found = look(Path::new(&chromium), &out.join("study.html"), width);
        let number = |name: &str| found[name].as_u64().unwrap();
        assert_eq!(found["faults"], serde_json::json!([]), "{found}");
        assert!(number("charts") >= 1 && number("rows") >= 2, "{found}");
        assert!(number("pictures") >= 2 && number("pictures_loaded") == number("pictures"), "{found}");
        assert_eq!(found["wider_than_screen"], false, "at {width}: {found}");
    }
}
