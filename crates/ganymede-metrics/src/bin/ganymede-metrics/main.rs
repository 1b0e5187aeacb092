//! `ganymede-metrics`: measures generated images against real ones.

mod args;
mod choices;
mod compare;
mod evaluate;
mod extractor;
mod measure;
mod numbers;
mod picture;
mod pixels;
mod progress;
mod report;
mod shards;
mod source;
mod table;
mod warnings;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

// The system's allocator gives the large temporaries of each batch back to the kernel, and takes page faults
// to get them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How the program ends, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Interrupted = 130,
}

fn main() -> ExitCode {
    ganymede_tensor::keep_memory();
    let args = Args::parse();
    let json = args.json();
    let exit = run(args).unwrap_or_else(|error| fail(&error, json));
    ExitCode::from(exit as u8)
}

fn run(args: Args) -> anyhow::Result<Exit> {
    ctrlc::set_handler(|| std::process::exit(i32::from(Exit::Interrupted as u8)))?;
    if let Some(threads) = args.threads() {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    }
    match args.command {
        None => evaluate::run(&args.evaluate),
        Some(Command::Features(args)) => evaluate::features(&args),
        Some(Command::Stats(args)) => shards::stats(&args),
        Some(Command::Merge(args)) => shards::merge(&args),
        Some(Command::Compare(args)) => compare::run(&args),
    }
}

fn fail(error: &anyhow::Error, json: Option<PathBuf>) -> Exit {
    let exit = if error.downcast_ref::<words::Misuse>().is_some() { Exit::Usage } else { Exit::Failed };
    words::say(&format!("error: {error:#}"));
    if let Some(to) = json {
        let status = exit as u8;
        let report = serde_json::json!({
            "schema": 1, "outcome": "failed", "error": format!("{error:#}"), "exit_status": status,
        });
        // The first failure is the one to tell of.
        let _ = words::write_json(&to, &report);
    }
    exit
}
