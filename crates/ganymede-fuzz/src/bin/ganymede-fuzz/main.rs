//! `ganymede-fuzz`: runs the targets, each in a process of its own; see `cargo xtask fuzz --help`.

mod child;
mod parent;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Mutated files for every parser.
#[derive(Parser)]
#[command(name = "cargo xtask fuzz", about, max_term_width = 110)]
struct Args {
    /// Parsers to try [default: all]
    targets: Vec<String>,
    /// Inputs for each
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    inputs: u64,
    /// Other seeds give other inputs
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Say which targets there are
    #[arg(long)]
    list: bool,
    /// The first input of a process that tries one target
    #[arg(long, hide = true, requires = "state")]
    from: Option<u64>,
    /// Where that process says which input it is at
    #[arg(long, hide = true)]
    state: Option<PathBuf>,
    /// Try one file
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> anyhow::Result<bool> {
    let all = ganymede_fuzz::TARGETS;
    if args.list {
        all.iter().for_each(|target| println!("{}", target.name));
        return Ok(true);
    }
    let find = |name: &String| {
        let known = || all.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
        let found = all.iter().find(|target| target.name == name);
        found.ok_or_else(|| anyhow::anyhow!("no target `{name}`; there are {}", known()))
    };
    let targets = match args.targets.as_slice() {
        [] => all.iter().collect(),
        names => names.iter().map(find).collect::<anyhow::Result<Vec<_>>>()?,
    };
    match (&args.file, args.from, &args.state) {
        (Some(file), ..) => child::one(targets[0], file),
        (_, Some(from), Some(state)) => child::many(targets[0], from..args.inputs, args.seed, state),
        _ => parent::run(&targets, args.inputs, args.seed),
    }
}
