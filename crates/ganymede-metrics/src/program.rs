//! The program `ganymede-metrics`, which measures generated images against real ones, as a function: another program
//! can have it as a subcommand.
//!
//! It is the one part of this crate that prints.

mod answer;
mod args;
mod bins;
mod choices;
mod classes;
mod compare;
mod drawn;
mod evaluate;
mod extractor;
mod measure;
mod names;
mod numbers;
#[cfg(feature = "onnx")]
mod onnx;
mod picture;
mod pixels;
mod progress;
mod rank;
mod report;
mod selftest;
mod sets;
mod shards;
mod source;
mod table;
mod warnings;
mod words;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;

use answer::{Exit, Json};
use args::{Args, Command};
pub use drawn::RunSamples;

/// Runs the program with these arguments. The first one is the name that help and errors call it by, such as
/// `ganymede metrics` where it is a subcommand; the others are those of `ganymede-metrics --help`.
///
/// It returns when it is done: 0, 1 where something failed, 2 where it was used wrongly. Signals that ask it to end it
/// hears itself, and ends the process with 130; and it starts the global pool of threads where their number is given.
/// So it is called once in a process, where nobody else does either.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    start(args, None)
}

/// The same with the samples of runs: the folder of one is then a set of generated images, which are drawn of it.
pub fn main_with(args: impl IntoIterator<Item = OsString>, runs: &dyn RunSamples) -> ExitCode {
    start(args, Some(runs))
}

fn start(args: impl IntoIterator<Item = OsString>, runs: Option<&dyn RunSamples>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) if error.use_stderr() => {
            // Where nobody can be told, the status tells.
            let _ = error.print();
            return ExitCode::from(Exit::Usage as u8);
        }
        Err(help) => return ExitCode::from(show(&help) as u8),
    };
    let mut json = Json::nowhere();
    let exit = run(args, runs, &mut json).unwrap_or_else(|error| fail(&error, &json));
    ExitCode::from(exit as u8)
}

/// Help and version are answers, too.
fn show(help: &clap::Error) -> Exit {
    match help.print().and_then(|()| std::io::stdout().flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            words::say(&format!("error: cannot write to standard output: {error}"));
            Exit::Failed
        }
        _ => Exit::Done,
    }
}

fn run(args: Args, runs: Option<&dyn RunSamples>, json: &mut Json) -> anyhow::Result<Exit> {
    ganymede_files::catch_interrupts(|signal, _| {
        words::say(&format!("interrupted by {signal}"));
        std::process::exit(i32::from(Exit::Interrupted as u8));
    })?;
    json.to = args.json().map(|path| words::open(&path)).transpose()?;
    if let Some(to) = &json.to
        && let Err(error) = words::refuse_overwriting(to, args.inputs())
    {
        json.to = None;
        return Err(error);
    }
    if let Some(threads) = args.threads() {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    }
    match args.command {
        None => evaluate::run(&args.evaluate, runs, json),
        Some(Command::Features(args)) => evaluate::features(&args, json),
        Some(Command::Stats(args)) => shards::stats(&args, runs),
        Some(Command::Merge(args)) => shards::merge(&args),
        Some(Command::Compare(args)) => compare::run(&args, json),
        Some(Command::Rank(args)) => rank::run(&args, runs, json),
        Some(Command::Selftest(args)) => selftest::run(&args, json),
    }
}

fn fail(error: &anyhow::Error, json: &Json) -> Exit {
    let exit = if error.downcast_ref::<words::Misuse>().is_some() { Exit::Usage } else { Exit::Failed };
    let told = words::told(error);
    words::say(&format!("error: {told}"));
    // The first failure is the one to tell of.
    let _ =
        json.write(|| json!({ "schema": 1, "outcome": "failed", "error": told, "exit_status": exit as u8 }));
    exit
}
