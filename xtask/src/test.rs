//! `cargo xtask test`: every test of the workspace.

use anyhow::Result;

use crate::{Command, shell};

pub(crate) const COMMAND: Command = Command {
    name: "test",
    arguments: "[CARGO TEST ARGUMENTS]",
    summary: "every test of the workspace; arguments go to `cargo test`",
    details: "
Unit, integration and documentation tests of all crates, in the development profile: its dependencies are optimised,
as the tests train small networks. All failures are shown, not only the first. No test needs a network or a GPU.

With `-p CRATE` only that crate is tested. GAN_TEST_DEVICE=cuda:0 runs the numeric tests on another device.

Examples
  cargo xtask test
  cargo xtask test -p ganymede-losses hinge
  cargo xtask test -- --nocapture",
    run: |args| run(args, &[]),
};

/// `flags` go to cargo before the arguments of the command line.
pub(crate) fn run(args: &[String], flags: &[&str]) -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args(["test", "--no-fail-fast"]).args(flags);
    if !names_a_package(args) {
        cargo.arg("--workspace");
    }
    shell::run({
        cargo.args(args);
        cargo
    })
}

fn names_a_package(args: &[String]) -> bool {
    args.iter().take_while(|arg| *arg != "--").any(|arg| {
        arg == "--package"
            || arg.starts_with("--package=")
            || (arg.starts_with("-p") && !arg.starts_with("--"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_package_replaces_the_whole_workspace() {
        let named =
            |args: &[&str]| names_a_package(&args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>());
        assert!(named(&["-p", "xtask"]));
        assert!(named(&["-pxtask"]));
        assert!(named(&["--package=xtask"]));
        assert!(!named(&["hinge"]));
        assert!(!named(&["--", "-p"]));
    }
}
