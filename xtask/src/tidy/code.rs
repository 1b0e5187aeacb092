//! Rust source without its comments and literals, so that rules see code only.

/// `source` with every comment, string and character blanked out; lines stay where they are.
pub(crate) fn blank_comments_and_literals(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_or_comment_end(&chars, at);
        match end {
            Some(end) => {
                out.extend(chars[at..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
                at = end;
            }
            None => {
                // A whole word at once: the `r` of `for"…"` starts no raw string.
                let end = word_end(&chars, at).max(at + 1);
                out.extend(&chars[at..end]);
                at = end;
            }
        }
    }
    out
}

/// Whether `line` has `word` as a whole word.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word_end(chars: &[char], at: usize) -> usize {
    at + chars[at..].iter().take_while(|&&c| is_word(c)).count()
}

/// Where the literal or comment that starts at `at` ends, if one starts there.
fn literal_or_comment_end(chars: &[char], at: usize) -> Option<usize> {
    let rest = &chars[at..];
    let end = match rest {
        ['/', '/', ..] => rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => block_comment_length(rest),
        ['"', ..] => quoted_length(rest, '"'),
        ['\'', ..] => character_length(rest)?,
        ['b' | 'c', '"', ..] => 1 + quoted_length(&rest[1..], '"'),
        ['b', '\'', ..] => 1 + quoted_length(&rest[1..], '\''),
        ['r', '"' | '#', ..] => 1 + raw_length(&rest[1..])?,
        ['b' | 'c', 'r', '"' | '#', ..] => 2 + raw_length(&rest[2..])?,
        _ => return None,
    };
    Some(at + end)
}

/// Block comments nest.
fn block_comment_length(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let step = match rest[at..] {
            ['/', '*', ..] => {
                depth += 1;
                2
            }
            ['*', '/', ..] => {
                depth -= 1;
                2
            }
            _ => 1,
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted_length(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 1,
            c if c == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    rest.len()
}

/// `'a'` and `'\n'` are characters, `'a` is a lifetime.
fn character_length(rest: &[char]) -> Option<usize> {
    match rest {
        [_, '\\', ..] | [_, _, '\'', ..] => Some(quoted_length(rest, '\'')),
        _ => None,
    }
}

/// `"…"` between as many `#` as it starts with; `None` where this is a raw identifier such as `r#type`.
fn raw_length(rest: &[char]) -> Option<usize> {
    let hashes = rest.iter().take_while(|&&c| c == '#').count();
    if rest.get(hashes) != Some(&'"') {
        return None;
    }
    let mut at = hashes + 1;
    while at < rest.len() {
        let closes =
            rest[at] == '"' && rest[at + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes;
        at += 1;
        if closes {
            return Some(at + hashes);
        }
    }
    Some(rest.len())
}
