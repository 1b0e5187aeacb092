//! Package registries' own clients: they know of mirrors, proxies and credentials that we do not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs a client in the empty folder `dir` and returns the one file of `extension` that it leaves.
pub(crate) fn run(program: &str, args: &[&str], extension: &str, dir: &Path) -> Result<PathBuf, String> {
    let output = Command::new(program)
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("it cannot be started ({error})"))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let last = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        return Err(format!("it failed ({}): {last}", output.status));
    }
    std::fs::read_dir(dir)
        .map_err(|error| format!("{}: {error}", dir.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|found| found == extension))
        .ok_or_else(|| format!("it left no .{extension} file"))
}
