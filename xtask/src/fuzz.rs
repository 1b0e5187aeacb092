//! `cargo xtask fuzz`: mutated files for every parser.

use anyhow::Result;

use crate::{Command, shell};

pub(crate) const COMMAND: Command = Command {
    name: "fuzz",
    arguments: "[TARGET…] [--inputs N] [--seed S]",
    summary: "mutated files for every parser: none may panic, abort, hang or ask for memory without bound",
    details: "
Builds the crate `ganymede-fuzz` in release mode and runs its targets one after the other, each in a process with 1 GiB
of memory and 5 seconds an input. Inputs are made from the seeds (fixtures of the crates, and crates/ganymede-fuzz/seeds)
and depend on --seed and their number only. An input that fails is made smaller and put among the seeds, which every
`cargo xtask test` tries.

  --inputs N   inputs for each target (100000)
  --seed S     other inputs (1)
  --list       say which targets there are
  --file FILE  try one file on one target

Needs nothing but a stable compiler. Ends with status 1 where something was found.

Examples
  cargo xtask fuzz
  cargo xtask fuzz pth npz --inputs 1000000 --seed 2
  cargo xtask fuzz png --file crates/ganymede-fuzz/seeds/png/found-1-234",
    run,
};

fn run(args: &[String]) -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args(["run", "--release", "--package", "ganymede-fuzz", "--bin", "ganymede-fuzz", "--"]);
    cargo.args(args);
    shell::run(cargo)
}
