//! Chores of the repository: `cargo xtask <COMMAND>`.
//!
//! One file a command. The commands that train and draw live in the program `ganymede`, which this one builds and
//! becomes; so this crate has two small dependencies, and builds in seconds.

mod api;
mod ci;
mod cuda_check;
mod fuzz;
mod help;
mod package;
mod program;
mod shell;
mod test;
mod tidy;
mod torture;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;

use shell::Usage;

/// A chore: what `--help` says of it, and the function that does it.
struct Command {
    name: &'static str,
    /// The rest of the usage line.
    arguments: &'static str,
    /// One line, for the list of commands.
    summary: &'static str,
    /// The rest of `cargo xtask NAME --help`.
    details: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const CHORES: &[Command] = &[
    test::COMMAND,
    ci::COMMAND,
    tidy::COMMAND,
    api::COMMAND,
    cuda_check::COMMAND,
    package::COMMAND,
    fuzz::COMMAND,
    torture::COMMAND,
];

fn main() -> ExitCode {
    if let Some(real) = api::stand_in_for_rustdoc() {
        return api::be_rustdoc(&real);
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
        }
    }
}

fn dispatch(args: &[String]) -> Result<ExitCode> {
    let (features, args) = program::take_features(args)?;
    let Some((name, rest)) = args.split_first() else {
        help::print_overview();
        return Ok(ExitCode::from(2));
    };
    if matches!(name.as_str(), "help" | "-h" | "--help") {
        help::print_overview();
        return Ok(ExitCode::SUCCESS);
    }
    if program::COMMANDS.contains(&name.as_str()) {
        return program::run(features.as_deref(), name, rest);
    }
    let Some(chore) = CHORES.iter().find(|chore| chore.name == name) else {
        let known = CHORES.iter().map(|chore| chore.name).chain(program::COMMANDS.iter().copied());
        return Err(help::unknown_command(name, known).into());
    };
    if features.is_some() {
        return Err(
            Usage(format!("--features is for the commands of `ganymede`; `{name}` chooses its own")).into()
        );
    }
    if rest.iter().any(|arg| matches!(arg.as_str(), "-h" | "--help")) {
        help::print_chore(chore);
        return Ok(ExitCode::SUCCESS);
    }
    (chore.run)(rest).map(|()| ExitCode::SUCCESS)
}
