//! `cargo xtask api`: the public surface of each library crate, as a text file that a review can read.

mod render;
mod surface;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::{Command as Process, ExitCode};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::Command;
use crate::shell::{self, Usage};
use crate::workspace::{Package, Workspace};

pub(crate) const COMMAND: Command = Command {
    name: "api",
    arguments: "--check | --bless [-p CRATE]",
    summary: "compare the public API with its snapshots, or write them anew",
    details: "
Each library crate has a file api.txt: one line an item that users of the crate can name, with its full signature.
--check   fail where the code and a snapshot differ, and show the lines
--bless   write the snapshots from the code; the difference is then part of the change under review
-p CRATE  one crate only

The lines come from rustdoc's JSON, which the stable compiler gives where it is asked to (RUSTC_BOOTSTRAP=1); that is
set for rustdoc alone, so nothing is compiled again for it.",
    run,
};

/// Set, to the path of rustdoc, where cargo starts this program in rustdoc's place.
const STAND_IN: &str = "XTASK_STANDS_IN_FOR_RUSTDOC";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Check,
    Bless,
}

fn run(args: &[String]) -> Result<()> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (mode, only) = match args[..] {
        ["--check"] => (Mode::Check, None),
        ["--bless"] => (Mode::Bless, None),
        ["--check", "-p", name] | ["-p", name, "--check"] => (Mode::Check, Some(name)),
        ["--bless", "-p", name] | ["-p", name, "--bless"] => (Mode::Bless, Some(name)),
        _ => return Err(Usage("`api` needs --check or --bless, and takes -p CRATE".into()).into()),
    };
    snapshots(mode, only, &[])
}

/// Compares all snapshots; `flags` go to cargo.
pub(crate) fn check(flags: &[&str]) -> Result<()> {
    snapshots(Mode::Check, None, flags)
}

fn snapshots(mode: Mode, only: Option<&str>, flags: &[&str]) -> Result<()> {
    let workspace = Workspace::load()?;
    let is_meant = |package: &&Package| package.has_library && only.is_none_or(|name| name == package.name);
    let packages: Vec<&Package> = workspace.packages.iter().filter(is_meant).collect();
    if packages.is_empty() {
        return Err(Usage(format!("no library crate `{}`", only.unwrap_or_default())).into());
    }
    document(only, flags)?;
    let mut stale = Vec::new();
    for package in packages {
        let lines = surface::lines(&rustdoc_json(package, &workspace.target)?);
        let path = shell::root().join(&package.folder).join("api.txt");
        if !compare(package, &lines, &path, mode)? {
            stale.push(package.name.as_str());
        }
    }
    if !stale.is_empty() {
        bail!("the public API of {} changed; if that is meant, `cargo xtask api --bless`", stale.join(", "));
    }
    Ok(())
}

/// Whether the snapshot is as the code says, after this.
fn compare(package: &Package, lines: &[String], path: &Path, mode: Mode) -> Result<bool> {
    let old = std::fs::read_to_string(path).unwrap_or_default();
    let new: String = lines.iter().map(|line| format!("{line}\n")).collect();
    if old.replace("\r\n", "\n") == new {
        return Ok(true);
    }
    let old: Vec<&str> = old.lines().collect();
    println!("{}", path.display());
    for line in old.iter().filter(|line| !lines.iter().any(|new| new == *line)) {
        println!("- {line}");
    }
    for line in lines.iter().filter(|line| !old.contains(&line.as_str())) {
        println!("+ {line}");
    }
    if mode == Mode::Bless {
        std::fs::write(path, new)
            .with_context(|| format!("could not write the snapshot of {}", package.name))?;
    }
    Ok(mode == Mode::Bless)
}

/// Has all libraries, or one, described as JSON.
///
/// Rationale: all at once, as `cargo doc` sees them: crate by crate, each would have other features of its dependencies,
/// and these would be checked again for each.
fn document(only: Option<&str>, flags: &[&str]) -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args(["doc", "--quiet", "--no-deps", "--lib"]).args(flags);
    match only {
        Some(name) => cargo.args(["--package", name]),
        None => cargo.arg("--workspace"),
    };
    let rustdoc = std::env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into());
    let this = std::env::current_exe().context("could not find the path of this program")?;
    cargo.env("RUSTDOC", this).env(STAND_IN, rustdoc);
    cargo.env("RUSTDOCFLAGS", "-Z unstable-options --output-format json --cap-lints allow");
    shell::run(cargo)
}

fn rustdoc_json(package: &Package, target: &Path) -> Result<Value> {
    let path = target.join("doc").join(package.name.replace('-', "_")).with_extension("json");
    let text = std::fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", path.display()))
}

/// The rustdoc that this process was started in place of, if it was.
///
/// Rationale: the variable that unlocks the JSON output changes what build scripts see. Set for all of cargo, it would
/// have half of the dependencies compiled again.
pub(crate) fn stand_in_for_rustdoc() -> Option<std::ffi::OsString> {
    std::env::var_os(STAND_IN)
}

pub(crate) fn be_rustdoc(real: &std::ffi::OsStr) -> ExitCode {
    let args = std::env::args_os().skip(1);
    match Process::new(real).args(args).env("RUSTC_BOOTSTRAP", "1").env_remove(STAND_IN).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: could not start {}: {error}", real.display());
            ExitCode::FAILURE
        }
    }
}
