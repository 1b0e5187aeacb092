//! The page in a browser, without a network. Only where the environment variable GANYMEDE_CHROMIUM names a Chromium.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::common::{CLOTHES, RING, call, config, expect, text};

/// What the page says of itself, and that nothing was said on the console.
fn look(chromium: &Path, page: &Path, width: u32) -> Value {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(chromium)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args([
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            "--virtual-time-budget=10000",
        ])
        .args([&format!("--window-size={width},900"), &format!("--user-data-dir={}", text(profile.path()))])
        .args(["--dump-dom", &format!("file://{}#self-test", text(page))])
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
    let runs = ["a", "</script><b>"].map(|name| dir.path().join(name));
    for (run, configuration) in runs.iter().zip([CLOTHES, RING]) {
        let config = config(dir.path(), configuration);
        fs::create_dir_all(run).unwrap();
        expect(&call(&["train", "--config", text(&config), "--out", text(run)]), 0, &[]);
        let alert = "{\"step\":6,\"symptom\":\"<img src=x onerror=alert(1)>\",\"state\":\"raised\",\"severity\":\"severe\"}\n";
        fs::write(run.join("alerts.jsonl"), alert).unwrap();
    }
    let both = dir.path().join("both.html");
    expect(&call(&["report", text(&runs[0]), "--out", text(&dir.path().join("one.html"))]), 0, &[]);
    expect(&call(&["report", text(&runs[0]), text(&runs[1]), "--out", text(&both)]), 0, &[]);
    for (page, width, steps) in [("one.html", 1400, 4), ("one.html", 500, 4), ("both.html", 1400, 7)] {
        let found = look(Path::new(&chromium), &dir.path().join(page), width);
        let number = |name: &str| found[name].as_u64().unwrap();
        assert_eq!(found["faults"], serde_json::json!([]), "{found}");
        // The slider went through all steps, and each showed pictures.
        assert_eq!(found["steps"].as_array().unwrap().len(), steps, "{found}");
        assert!(number("pictures_shown") >= 4 && number("pictures_loaded") == number("pictures"), "{found}");
        // A drag over one chart zoomed all that lie on its axis.
        assert!(number("charts") >= 4 && number("zoomed") >= 4 && number("flags") >= 4, "{found}");
        assert_eq!(found["wider_than_screen"], false, "{page} at {width}: {found}");
    }
}
