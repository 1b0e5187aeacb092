//! `ganymede-metrics`: measures generated images against real ones.

mod args;
mod choices;
mod compare;
mod evaluate;
mod extractor;
mod measure;
mod names;
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

use std::cell::Cell;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use ganymede_files::Output;
use serde_json::{Value, json};

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

/// Where the result goes as JSON, if anywhere: tried before the work, written once.
struct Json {
    to: Option<Output>,
    written: Cell<bool>,
}

impl Json {
    /// The first object is the result; what fails after it does not replace it.
    fn write(&self, object: impl FnOnce() -> Value) -> anyhow::Result<()> {
        match &self.to {
            Some(to) if !self.written.replace(true) => words::write_json(to, &object()),
            _ => Ok(()),
        }
    }
}

fn main() -> ExitCode {
    ganymede_tensor::keep_memory();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.use_stderr() => error.exit(),
        Err(help) => return ExitCode::from(show(&help) as u8),
    };
    let mut json = Json { to: None, written: Cell::new(false) };
    let exit = run(args, &mut json).unwrap_or_else(|error| fail(&error, &json));
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

fn run(args: Args, json: &mut Json) -> anyhow::Result<Exit> {
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
        None => evaluate::run(&args.evaluate, json),
        Some(Command::Features(args)) => evaluate::features(&args, json),
        Some(Command::Stats(args)) => shards::stats(&args),
        Some(Command::Merge(args)) => shards::merge(&args),
        Some(Command::Compare(args)) => compare::run(&args, json),
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
