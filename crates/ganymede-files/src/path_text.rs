//! Paths as text. A path is bytes, and need not be text at all.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

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

/// What a name begins with that stands for bytes.
const BYTES: &str = "bytes:";

/// A path as a name that is text, for files that hold text only: the path itself, or, where that is not UTF-8,
/// `bytes:` and the path with `%XX` for such bytes. [`path_of_name`] gives the same path back.
///
/// ```
/// # use std::path::Path;
/// # use ganymede_files::{name_of_path, path_of_name};
/// assert_eq!(name_of_path(Path::new("photos/100 %")), "photos/100 %");
/// assert_eq!(path_of_name("photos/100 %"), Path::new("photos/100 %"));
/// ```
pub fn name_of_path(path: &Path) -> String {
    match path.to_str() {
        Some(text) if !text.starts_with(BYTES) => text.to_owned(),
        _ => {
            let mut name = BYTES.to_owned();
            for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
                name += &chunk.valid().replace('%', "%25");
                chunk.invalid().iter().for_each(|byte| name += &format!("%{byte:02X}"));
            }
            name
        }
    }
}

/// The path that [`name_of_path`] made a name of. A name that no path gives is taken as the path.
pub fn path_of_name(name: &str) -> Cow<'_, Path> {
    let decoded = name.strip_prefix(BYTES).and_then(unescaped).and_then(path_of_bytes);
    decoded.map_or(Cow::Borrowed(Path::new(name)), Cow::Owned)
}

fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>()?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    Some(bytes)
}

/// A path of these bytes; nothing where the system has no such path.
#[cfg(unix)]
pub fn path_of_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    Some(OsString::from_vec(bytes).into())
}

/// A path of these bytes; nothing where the system has no such path.
#[cfg(not(unix))]
pub fn path_of_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(|text| OsString::from(text).into())
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
