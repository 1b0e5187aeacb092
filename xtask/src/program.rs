//! `train`, `sample`, `data`, `doctor` …: build the program `ganymede` and become it.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::shell::{self, Usage};

/// Every name that is handed to `ganymede`; the program itself answers for those that it does not have.
pub(crate) const COMMANDS: &[&str] = &[
    "train", "sample", "data", "doctor", "eval", "metrics", "score", "import", "export", "report",
    "diagnose", "study", "bench", "zoo",
];

/// The commands that the program has today.
pub(crate) const HELP: &[(&str, &str)] = &[
    ("train", "train a GAN; with no argument, the quickstart on images that ship with the program"),
    ("sample", "draw images from a run folder, or from a file of weights"),
    ("score", "say what a discriminator thinks of images"),
    ("import", "read weights of a PyTorch program"),
    ("export", "write weights for one"),
    ("eval", "measure the generator of a run folder: FID, precision, recall and more"),
    ("metrics", "measure images, or the samples of runs, against real images; rank generators; selftest"),
    ("report", "write one page that says how runs went"),
    ("diagnose", "say what is wrong with a run, also with one of another program"),
    ("data", "list the data sets; fetch one"),
    ("doctor", "say what this machine offers: cores, SIMD, devices, memory, disk"),
    (
        "bench",
        "measure convolutions, training steps, penalties, updates and metrics; beside PyTorch where asked",
    ),
    ("study", "compare methods over seeds, by a file that says which; the tables of papers"),
    ("zoo", "print, --check or --bless docs/zoo.md: every network and what presets reached"),
];

/// Takes `--features LIST` off the front of the arguments.
pub(crate) fn take_features(args: &[String]) -> Result<(Option<String>, &[String])> {
    let Some((first, rest)) = args.split_first() else {
        return Ok((None, args));
    };
    if let Some(list) = first.strip_prefix("--features=") {
        return Ok((Some(list.to_owned()), rest));
    }
    if first != "--features" {
        return Ok((None, args));
    }
    match rest.split_first() {
        Some((list, rest)) => Ok((Some(list.clone()), rest)),
        None => Err(Usage("--features needs a list, such as `--features cuda,cudnn`".into()).into()),
    }
}

/// Builds `ganymede` and hands over: input, output, signals and exit status are the program's own.
///
/// The working folder stays the caller's, so that a relative `--data` or `--out` means what it says.
pub(crate) fn run(features: Option<&str>, name: &str, args: &[String]) -> Result<ExitCode> {
    let mut cargo = shell::cargo();
    cargo.args(["run", "--release", "--package", "ganymede", "--bin", "ganymede", "--manifest-path"]);
    cargo.arg(shell::root().join("Cargo.toml"));
    if let Some(list) = features {
        cargo.args(["--features", list]);
    }
    cargo.arg("--").arg(name).args(args);
    hand_over(cargo).context("could not start cargo to build `ganymede`")
}

/// Replaces this process. cargo does the same with the program that it has built, so that in the end there is one
/// process, which gets Ctrl-C and whose exit status is the one that the shell sees.
#[cfg(unix)]
fn hand_over(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec().into())
}

/// Waits for the program. Ctrl-C goes to every process of the console: this one ignores it and goes on waiting,
/// so that the program has the time to write its checkpoint.
#[cfg(not(unix))]
fn hand_over(mut command: Command) -> Result<ExitCode> {
    ctrlc::set_handler(|| ()).context("could not set the Ctrl-C handler")?;
    let status = command.status()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(args: &[&str]) -> Vec<String> {
        args.iter().map(|&arg| arg.to_owned()).collect()
    }

    #[test]
    fn features_come_off_the_front_only() {
        let args = strings(&["--features", "cuda", "train", "--features"]);
        let (features, rest) = take_features(&args).expect("well formed");
        assert_eq!(features.as_deref(), Some("cuda"));
        assert_eq!(rest, &args[2..]);
        let args = strings(&["--features=cuda,cudnn", "doctor"]);
        assert_eq!(take_features(&args).expect("well formed").0.as_deref(), Some("cuda,cudnn"));
        let args = strings(&["train", "--features", "x"]);
        assert_eq!(take_features(&args).expect("well formed"), (None, &args[..]));
    }

    #[test]
    fn features_without_a_list_is_wrong_use() {
        let error = take_features(&strings(&["--features"])).expect_err("nothing follows");
        assert!(error.is::<Usage>());
    }

    #[test]
    fn every_command_of_the_help_is_handed_over() {
        assert!(HELP.iter().all(|(name, _)| COMMANDS.contains(name)));
    }
}
