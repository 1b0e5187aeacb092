//! `ganymede`: trains generative adversarial networks and draws from them.

mod args;
mod bench;
mod counter;
mod data;
mod date;
mod diagnose;
mod doctor;
#[cfg(test)]
mod documents;
mod eval;
mod interrupt;
mod jsonl;
mod machine;
mod metrics;
mod numbers;
mod progress;
mod refine;
mod report;
mod sample;
mod score;
mod study;
mod train;
mod weights;
mod words;
mod zoo;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use ganymede_train::{ConfigError, TrainError};

use args::{Args, Command};

// The system's allocator gives the large temporaries of each step back to the kernel, and takes page faults
// to get them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How the program ends, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Diverged = 3,
    Interrupted = 130,
}

fn main() -> ExitCode {
    ganymede_tensor::keep_memory();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.use_stderr() => error.exit(),
        Err(help) => return ExitCode::from(show(&help) as u8),
    };
    let json = args.command.json();
    let command = match args.command {
        Command::Metrics(args) => return metrics::run(args),
        command => command,
    };
    let result = interrupt::catch().and_then(|()| match command {
        Command::Metrics(_) => unreachable!("it has been run"),
        Command::Train(args) => train::run(&args),
        Command::Sample(args) => sample::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Import(args) => weights::import(&args),
        Command::Export(args) => weights::export(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Diagnose(args) => diagnose::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Data(args) => data::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::BenchWorker(args) => bench::worker::run(&args),
        Command::Study(args) => study::run(&args),
        Command::StudyCell(args) => study::plan::worker(&args),
        Command::StudyCase(args) => study::failures::worker(&args),
        Command::StudyWorker(args) => study::worker::run(&args),
        Command::Zoo(args) => zoo::run(&args),
    });
    let exit = result.unwrap_or_else(|error| {
        let exit = exit_of(&error);
        words::say(&format!("error: {error}"));
        if json {
            let status = exit as u8;
            let report = serde_json::json!({
                "outcome": "failed", "error": error.to_string(), "exit_status": status,
            });
            words::result(&report.to_string());
        }
        exit
    });
    ExitCode::from(answered(exit) as u8)
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

/// Work that went well is a failure where its answer is lost.
fn answered(exit: Exit) -> Exit {
    match words::lost() {
        Some(reason) => {
            words::say(&format!("error: the result is lost: {reason}"));
            if exit == Exit::Done { Exit::Failed } else { exit }
        }
        None => exit,
    }
}

fn exit_of(error: &anyhow::Error) -> Exit {
    let usage = error.downcast_ref::<ConfigError>().is_some()
        || error.downcast_ref::<words::Misuse>().is_some()
        || error.downcast_ref::<TrainError>().is_some_and(TrainError::is_usage);
    match error.downcast_ref::<TrainError>() {
        Some(TrainError::NotFinite { .. }) => Exit::Diverged,
        _ if usage => Exit::Usage,
        _ => Exit::Failed,
    }
}
