//! `ganymede bench`: how fast the parts are, alone or beside PyTorch.

pub(crate) mod args;
mod case;
mod conv;
mod cures;
mod flops;
mod form;
mod gan;
mod measure;
mod metrics;
pub(crate) mod process;
mod protocol;
mod report;
mod side;
mod tables;
mod update;
mod watch;
pub(crate) mod worker;

use std::path::PathBuf;

use anyhow::Result;

use crate::words::Misuse;
use crate::{Exit, machine, words};
use args::{BenchArgs, Benchmark};
use case::Case;
use measure::Plan;

pub(crate) fn run(args: &BenchArgs) -> Result<Exit> {
    let cases = select(args)?;
    if args.benchmark == Benchmark::Monitor && args.against_pytorch.is_some() {
        return Err(Misuse("PyTorch watches nothing: leave --against-pytorch out".to_owned()).into());
    }
    let python = args.against_pytorch.as_ref().map(|given| python(given.as_ref()));
    let threads = match args.threads.as_slice() {
        [] => vec![machine::default_threads()],
        given => given.to_vec(),
    };
    if args.benchmark == Benchmark::Cures {
        for threads in threads {
            words::result(&cures::table(args, &cases, threads)?);
        }
        return Ok(Exit::Done);
    }
    let mut tables = Vec::new();
    for threads in threads {
        let plan = Plan {
            benchmark: args.benchmark,
            cases: &cases,
            threads,
            rounds: args.rounds,
            python: python.as_deref(),
        };
        let table = plan.carry_out()?;
        let text = report::text(&table);
        if args.json {
            words::say(&text)
        } else {
            words::result(&text)
        }
        tables.push(table);
    }
    let setting = report::Setting::look(args.rounds);
    if args.json {
        words::result(&report::json(args.benchmark, &setting, &tables)?);
    } else {
        words::result(&setting.text());
    }
    Ok(Exit::Done)
}

fn select(args: &BenchArgs) -> Result<Vec<Case>> {
    let mut all = tables::rows(args.benchmark);
    if args.benchmark == Benchmark::Metrics {
        match &args.weights {
            Some(path) => all.push(tables::inception(path)),
            None => words::say("the row of the Inception network is left out: --weights FILE adds it"),
        }
    }
    let wanted = args.filter.as_deref().unwrap_or_default();
    let cases: Vec<_> = all.iter().filter(|case| case.name().contains(wanted)).cloned().collect();
    if cases.is_empty() {
        let names: Vec<_> = all.iter().map(|case| format!("  {}", case.name())).collect();
        let (name, names) = (args.benchmark.name(), names.join("\n"));
        return Err(Misuse(format!("no row of `{name}` contains `{wanted}`; there are\n{names}")).into());
    }
    Ok(cases)
}

fn python(given: Option<&PathBuf>) -> PathBuf {
    let named = given.cloned().or_else(|| std::env::var_os("GANYMEDE_PEERS_PYTHON").map(PathBuf::from));
    named.unwrap_or_else(|| PathBuf::from("python3"))
}
