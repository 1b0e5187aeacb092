//! Conditions that nobody reads.

use super::{Found, Rule};

pub(super) static UNREAD_CONDITION: Rule = Rule {
    name: "unread-condition",
    paper: "Mirza and Osindero, 2014, arXiv:1411.1784",
    find: |run| {
        let (key, remedy) = match (run.data.pairs.is_some(), run.data.vectors.is_some()) {
            (true, _) => ("data.pairs", "generator={kind=\"pix2pix\"}"),
            (false, true) => ("data.vectors", "generator.conditioning=\"concat\""),
            (false, false) => return None,
        };
        let words = format!("{key} is given, and the generator does not look at it");
        (!run.generator.traits().conditional).then(|| Found::new(words, &[remedy]))
    },
};
