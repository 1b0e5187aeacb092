//! Paths as text. A path is bytes, and need not be text at all.

use std::path::Path;

/// A path as text for results and messages: what is not UTF-8 shows as U+FFFD. It never fails, where serialising a
/// path does, and it is for reading only: the file is found by its path.
///
/// ```
/// # use std::path::Path;
/// assert_eq!(ganymede_files::path_text(Path::new("a/b.png")), "a/b.png");
/// ```
pub fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A path as a word of a command line that can be pasted into a shell: in quotes where it has to be.
///
/// Bytes that are no text become `$'\xff'`, which bash, zsh and ksh read.
///
/// ```
/// # use std::path::Path;
/// # use ganymede_files::shell_quoted;
/// assert_eq!(shell_quoted(Path::new("runs/a-1")), "runs/a-1");
/// assert_eq!(shell_quoted(Path::new("my runs/it's")), r"'my runs/it'\''s'");
/// assert_eq!(shell_quoted(Path::new("-x")), "./-x");
/// ```
pub fn shell_quoted(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    // A leading dash would be an option.
    let start = if bytes.starts_with(b"-") { "./" } else { "" };
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+=@%,:".contains(c);
    match path.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(is_plain) => format!("{start}{text}"),
        Some(text) if !text.chars().any(char::is_control) => {
            format!("'{start}{}'", text.replace('\'', r"'\''"))
        }
        _ => format!("$'{start}{}'", bytes.utf8_chunks().map(escaped).collect::<String>()),
    }
}

fn escaped(chunk: std::str::Utf8Chunk<'_>) -> String {
    let mut text = String::new();
    for c in chunk.valid().chars() {
        match c {
            '\'' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => c.to_string().bytes().for_each(|byte| text += &octal(byte)),
            c => text.push(c),
        }
    }
    chunk.invalid().iter().for_each(|byte| text += &octal(*byte));
    text
}

/// Three digits: unlike `\x`, it cannot swallow what follows.
fn octal(byte: u8) -> String {
    format!("\\{byte:03o}")
}

#[cfg(all(test, unix))]
mod tests;
