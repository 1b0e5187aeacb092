//! Patterns of names: `blocks.{i}.0.conv1.*`.
//!
//! `{i}` and `{a}` stand for a number, `{i+2}` for that number and two more; `{n+2}` for the number of blocks and two
//! more, which nothing else matches. `*` at the end stands for the rest of a name.

/// What stands at the places of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Matched<'a> {
    pub(super) number: Option<usize>,
    pub(super) rest: &'a str,
}

/// What a name has at the places of a pattern, if it is of that form, in a network of so many blocks.
pub(super) fn matched<'a>(pattern: &str, name: &'a str, blocks: usize) -> Option<Matched<'a>> {
    let (mut pattern, mut left, mut number) = (pattern, name, None);
    loop {
        if pattern == "*" {
            return Some(Matched { number, rest: left });
        }
        let Some(first) = pattern.chars().next() else {
            return left.is_empty().then_some(Matched { number, rest: left });
        };
        if first != '{' {
            left = left.strip_prefix(first)?;
            pattern = &pattern[first.len_utf8()..];
            continue;
        }
        let (variable, offset, after) = place(pattern)?;
        let digits = left.len() - left.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let value = left[..digits].parse::<usize>().ok()?.checked_sub(offset)?;
        match variable {
            "n" if value != blocks => return None,
            "n" => {}
            _ => number = Some(value),
        }
        (left, pattern) = (&left[digits..], after);
    }
}

/// The name that has `matched` at the places of a pattern; nothing where it has no number for one of them.
pub(super) fn filled(pattern: &str, matched: Matched<'_>, blocks: usize) -> Option<String> {
    let (mut pattern, mut name) = (pattern, String::new());
    while let Some(first) = pattern.chars().next() {
        if pattern == "*" {
            name += matched.rest;
            break;
        }
        if first != '{' {
            name.push(first);
            pattern = &pattern[first.len_utf8()..];
            continue;
        }
        let (variable, offset, after) = place(pattern)?;
        let value = if variable == "n" { blocks } else { matched.number? };
        name += &(value + offset).to_string();
        pattern = after;
    }
    Some(name)
}

/// The variable of the place at the beginning of a pattern, what is added to it, and what follows.
fn place(pattern: &str) -> Option<(&str, usize, &str)> {
    let (inner, after) = pattern.strip_prefix('{')?.split_once('}')?;
    let (variable, offset) = inner.split_once('+').unwrap_or((inner, "0"));
    Some((variable, offset.parse().ok()?, after))
}
