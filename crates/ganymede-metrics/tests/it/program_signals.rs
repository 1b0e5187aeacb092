//! Signals to the program.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program, waiting for a file of features that nobody writes; the shell that starts it turns signals off.
fn waiting(ignored: &str, pipe: &Path) -> Child {
    let script = format!("trap '' {ignored}; exec \"$0\" features \"$1\" \"$1\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_ganymede-metrics")]).arg(pipe);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // The program is under way when it hears all that was left to it. One signal would not do: a shell hears SIGINT,
    // too, before it becomes the program.
    let begun = Instant::now();
    let wanted = HEARD.iter().filter(|(name, _)| !ignored.split(' ').any(|other| other == *name));
    let wanted = wanted.fold(0, |set, (_, number)| set | 1 << (number - 1));
    while caught(&child) & wanted != wanted && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    child
}

/// What the program hears unless it was ignored at the start, and the numbers Linux gives them.
const HEARD: [(&str, u32); 3] = [("HUP", 1), ("INT", 2), ("TERM", 15)];

/// The signals that a process catches, bit n − 1 for signal n.
fn caught(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
    u64::from_str_radix(line.trim(), 16).unwrap()
}

fn send(child: &Child, signal: &str) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
}

#[test]
fn a_signal_ends_it_with_a_word_unless_it_was_ignored_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("rows.npy");
    if !Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        return println!("skipped: no named pipes here");
    }
    for signal in ["TERM", "HUP", "INT"] {
        let child = waiting("QUIT", &pipe);
        send(&child, signal);
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(130), "{signal}: {words}");
        assert!(words.contains(&format!("interrupted by SIG{signal}")), "{words}");
    }
    for signals in ["HUP", "HUP INT"] {
        let mut child = waiting(signals, &pipe);
        signals.split(' ').for_each(|signal| send(&child, signal));
        // It still waits: what is not a file of features ends it as such.
        let mut writer = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
        let _ = writer.write_all(b"nonsense");
        drop(writer);
        assert_eq!(child.wait().unwrap().code(), Some(1), "{signals}");
    }
}
