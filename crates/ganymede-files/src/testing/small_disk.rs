//! A disk that is soon full.

use std::io::Write;
use std::path::Path;
use std::process::Command;

/// Set in the process that has a mount table of its own.
const INSIDE: &str = "GANYMEDE_TEST_SMALL_DISK";

/// Runs `test` with a disk of `kib` KiB mounted at the folder `at`, and unmounts it again.
///
/// Where this user may not mount, the test of this name (`module::function`) is run once more, alone, by a process with
/// a mount table of its own in which it may (Linux: `unshare`). Where that is not possible either, nothing is tried,
/// and standard error says so, whatever the test harness captures.
pub fn on_small_disk(name: &str, at: &Path, kib: u32, test: impl FnOnce(&Path)) {
    if let Some(_disk) = Mount::new(at, kib) {
        return test(at);
    }
    assert!(std::env::var_os(INSIDE).is_none(), "{name}: mounting does not work where it should");
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "--"]);
        command
    };
    if !unshare().arg("true").output().is_ok_and(|output| output.status.success()) {
        let words = format!("NOT TESTED: {name}: neither mount nor unshare --user works for this user\n");
        std::io::stderr().write_all(words.as_bytes()).unwrap();
        return;
    }
    let this = std::env::current_exe().unwrap();
    let output =
        unshare().arg(this).args(["--exact", name, "--nocapture"]).env(INSIDE, "1").output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    fn new(at: &'a Path, kib: u32) -> Option<Self> {
        let options = format!("size={kib}k");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at).output();
        mount.is_ok_and(|output| output.status.success()).then_some(Self(at))
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}

/// Fills the disk of a folder but for about `kib` KiB, by the file `ballast` in it; without that file there is room
/// again.
pub fn fill_but(dir: &Path, kib: usize) {
    let path = dir.join("ballast");
    let mut file = std::fs::File::create(&path).unwrap();
    let mut written = 0;
    while file.write_all(&[7; 1024]).is_ok() {
        written += 1024;
    }
    file.set_len((written as u64).saturating_sub(kib as u64 * 1024)).unwrap();
}
