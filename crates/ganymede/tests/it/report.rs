//! The page of a run: written at its end, on demand for several, and served while it trains.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::common::{CLOTHES, RING, call, config, expect, ganymede, text};

fn train(dir: &Path, name: &str, configuration: &str, more: &[&str]) -> PathBuf {
    let (config, out) = (config(dir, configuration), dir.join(name));
    let args = [&["train", "--config", text(&config), "--out", text(&out)], more].concat();
    expect(&call(&args), 0, &["completed"]);
    out
}

#[test]
fn a_run_ends_with_its_page_and_several_stand_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let a = train(dir.path(), "a", CLOTHES, &[]);
    let b = train(dir.path(), "b", CLOTHES, &["--seed", "3", "--no-report"]);
    let page = fs::read_to_string(a.join("report.html")).unwrap();
    assert!(page.len() < 5_000_000 && page.contains("data:image/png;base64,") && page.contains("\"loss_d\""));
    assert!(!b.join("report.html").exists());
    // As the program makes it again.
    expect(&call(&["report", text(&a)]), 0, &["wrote", "report.html"]);
    assert_eq!(fs::read_to_string(a.join("report.html")).unwrap(), page);

    let both = dir.path().join("both.html");
    let output = call(&["report", text(&a), text(&b), "--out", text(&both), "--json"]);
    expect(&output, 0, &["both.html"]);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let written = fs::read_to_string(&both).unwrap();
    assert_eq!((&answer["bytes"], &answer["remarks"]), (&written.len().into(), &serde_json::json!([])));
    assert!(written.contains(r#"{"key":"run.seed","values":["0","3"]}"#), "the setting in which they differ");
    let output = call(&["report", text(&a), "--out", "-"]);
    assert!(output.stdout.starts_with(b"<!DOCTYPE html>"));
}

#[test]
fn what_is_no_run_has_no_page() {
    let dir = tempfile::tempdir().unwrap();
    expect(&call(&["report", text(dir.path())]), 2, &["run.toml"]);
    expect(&call(&["report"]), 2, &["RUN"]);
    let run = train(dir.path(), "a", RING, &["--steps", "3"]);
    let nowhere = dir.path().join("none/report.html");
    expect(&call(&["report", text(&run), "--out", text(&nowhere)]), 1, &["there is no folder"]);
    let many = vec![text(&run); 13];
    expect(&call(&[&["report"][..], &many].concat()), 2, &["at most 12"]);
}

#[test]
fn a_port_that_is_taken_stops_a_run_before_it_begins() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (config, out) = (config(dir.path(), RING), dir.path().join("x"));
    let args = ["train", "--config", text(&config), "--out", text(&out), "--live", &port];
    expect(&call(&args), 2, &["is in use", "--live "]);
    assert!(!out.exists());
    expect(&call(&["train", "--live", "quickstart"]), 2, &["a preset comes before --live"]);
}

/// A run that is looked at, killed at the end whatever happens.
pub(crate) struct Watched {
    child: Child,
    host: String,
}

impl Watched {
    /// A run that logs every step.
    pub(crate) fn start(config: &Path, out: &Path, more: &[&str]) -> Self {
        let mut command =
            ganymede(&["train", "--config", text(config), "--out", text(out), "--set", "log.log_every=1"]);
        command.args(["--live", "0"]).args(more);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let url = lines
            .find_map(|line| Some(line.strip_prefix("look on at http://")?.trim_end_matches('/').to_owned()));
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, host: url.unwrap() }
    }

    /// Where it is looked at, as `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The status and the body of an answer to a request of these lines.
    fn ask(&self, request: &str, host: Option<&str>, more: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let host = host.map(|host| format!("Host: {host}\r\n")).unwrap_or_default();
        write!(stream, "{request} HTTP/1.1\r\n{host}{more}Connection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or(0), format!("{head}\r\n\r\n{body}"))
    }

    fn get(&self, path: &str) -> (u16, String) {
        self.ask(&format!("GET {path}"), Some(&self.host), "")
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_live_page_is_looked_at_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = (config(dir.path(), RING), dir.path().join("x"));
    let watched = Watched::start(&config, &out, &["--steps", "1000000"]);
    let (status, page) = watched.get("/");
    assert!(status == 200 && page.contains("<!DOCTYPE html>") && page.contains("\"live\":2"), "{status}");
    let (status, data) = watched.get("/data.json?x=1");
    assert!(status == 200 && data.contains("\"state\":\"training\"") && data.contains("nosniff"), "{data}");
    // Its first picture is drawn before the first step, but not before the page is served.
    while watched.get("/picture/0").0 != 200 {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(watched.get("/picture/real").0, 200);

    for path in
        ["/picture/7", "/picture/-1", "/picture/../run.toml", "/picture/%2e%2e", "/run.toml", "//", "/../x"]
    {
        assert_eq!(watched.get(path).0, 404, "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"] {
        assert_eq!(watched.ask(&format!("{method} /"), Some(&watched.host), "").0, 405, "{method}");
    }
    for host in [Some("evil.example"), Some("evil.example:80"), None, Some("127.0.0.1\r\nHost: evil.example")]
    {
        let (status, answer) = watched.ask("GET /data.json", host, "");
        assert!(status == 403 && !answer.contains("loss_d"), "{host:?}: {answer}");
    }
    assert_eq!(watched.ask("GET /", Some("localhost:1"), "").0, 200);
}

#[test]
fn a_live_page_sees_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = (config(dir.path(), RING), dir.path().join("x"));
    let mut watched = Watched::start(&config, &out, &["--steps", "400"]);
    // It looks on until it has seen the end, for which the program waits.
    let mut tag = String::new();
    loop {
        let more = format!("If-None-Match: {tag}\r\n");
        let (status, answer) = watched.ask("GET /data.json", Some(&watched.host), &more);
        if answer.contains("\"state\":\"completed\"") {
            assert!(answer.contains("\"step\":400"));
            break;
        }
        assert!(status == 200 || status == 304, "{status}: {answer}");
        let found = answer.lines().find_map(|line| line.strip_prefix("ETag: "));
        tag = found.map_or(tag, str::to_owned);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(watched.child.wait().unwrap().success());
    assert!(out.join("report.html").exists());
}
