//! `ganymede study games`: what theory says of small games, and what the trainer does with them.

use std::fmt::Write as _;

use anyhow::Result;
use ganymede_train::games::{Case, Rates, TABLE, measured};

use crate::{Exit, words};

pub(crate) const EXAMPLES: &str = "\
Each game has one weight a player, and is played in double precision by the very schemes, losses and
rules of `ganymede train`. docs/theory.md has the table, and says what it means.";

/// The table's head.
const HEAD: &str = "\
| Game | Both players | Factor on the radius, a step | By theory | Measured | After |
|---|---|---|---|---|---|
";

pub(crate) fn run() -> Result<Exit> {
    words::say(&table()?);
    Ok(Exit::Done)
}

fn table() -> Result<String> {
    let mut text = HEAD.to_owned();
    for case in TABLE {
        text.push_str(&row(case)?);
    }
    Ok(text)
}

fn row(case: &Case) -> Result<String> {
    let Rates { predicted, measured } = measured(case)?;
    let Case { game, method, formula, source, .. } = case;
    let formula = formula.replace('|', "\\|");
    let mut row = String::new();
    writeln!(row, "| {game} | {method} | {formula} | {predicted:.4} | {measured:.4} | {source} |")?;
    Ok(row)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    #[test]
    fn the_document_has_the_table_as_it_is() {
        let document = include_str!("../../../../docs/theory.md");
        let table = super::table().unwrap();
        assert!(document.contains(&table), "docs/theory.md needs this:\n{table}");
    }
}
