//! What `--help` says, and what an unknown command is told.

use crate::shell::Usage;
use crate::{CHORES, Command, program};

pub(crate) fn print_overview() {
    println!("Usage: cargo xtask [--features LIST] <COMMAND> [ARGUMENTS]\n");
    println!(
        "Pictures (builds the program `ganymede` in release mode and becomes it; arguments go to it unchanged)"
    );
    for (name, summary) in program::HELP {
        println!("  {name:<11} {summary}");
    }
    println!("\nThe repository");
    for chore in CHORES {
        println!("  {:<11} {}", chore.name, chore.summary);
    }
    print!("{EXAMPLES}");
}

const EXAMPLES: &str = "
`cargo xtask COMMAND --help` says more of one command.
--features LIST, before the command, builds `ganymede` with back ends: cuda, cudnn, metal, mkl, accelerate; onnx for `metrics`.

Examples
  cargo xtask train                          clothes, from the images that ship with the program
  cargo xtask train dcgan --data my-photos   your own folder of images
  cargo xtask train --resume runs/NAME       go on where a run stopped
  cargo xtask sample runs/NAME --num 64      64 more pictures from a trained generator
  cargo xtask test -p ganymede-losses        the tests of one crate
  cargo xtask --features cuda,cudnn train    the same training on an NVIDIA GPU

Exit status: 0 done, 1 failed, 2 used wrongly; from `train` also 3 diverged and 130 interrupted.
101 says that cargo could not build the program.
";

pub(crate) fn print_chore(chore: &Command) {
    println!("{}\n", chore.summary);
    println!("Usage: cargo xtask {} {}\n", chore.name, chore.arguments);
    println!("{}", chore.details.trim());
}

/// The error for a command that does not exist, with the nearest one that does.
pub(crate) fn unknown_command<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Usage {
    let nearest = known.map(|k| (edit_distance(name, k), k)).min().filter(|&(d, _)| d <= 2);
    let hint = nearest.map_or_else(String::new, |(_, k)| format!("; did you mean `{k}`?"));
    Usage(format!("no command `{name}`{hint} (`cargo xtask --help` lists them)"))
}

/// Levenshtein's distance: the fewest letters put in, taken out or changed.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let change = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_single_letter_edits() {
        assert_eq!(edit_distance("train", "train"), 0);
        assert_eq!(edit_distance("tidy", "tiddy"), 1);
        assert_eq!(edit_distance("tset", "test"), 2);
        assert_eq!(edit_distance("", "ci"), 2);
    }

    #[test]
    fn a_slip_is_answered_with_the_nearest_command() {
        let error = unknown_command("trian", ["train", "tidy"].into_iter());
        assert!(error.0.contains("did you mean `train`"), "{}", error.0);
        let error = unknown_command("frobnicate", ["train", "tidy"].into_iter());
        assert!(!error.0.contains("did you mean"), "{}", error.0);
    }
}
