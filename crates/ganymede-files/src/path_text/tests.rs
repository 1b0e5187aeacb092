use super::*;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

const NAMES: &[&[u8]] = &[
    b"plain/name.png",
    b"with space",
    b"it's",
    b"$HOME `x` \"y\" \\ !",
    b"-rf",
    b"- f",
    b"~",
    b"*",
    b"a;b|c&d>e",
    b"caf\xe9.png",
    b"\xff1'\\",
    b"tab\tand\nline",
    "grün und 猫".as_bytes(),
    b"",
];

/// bash itself says what it reads.
#[test]
fn the_shell_reads_what_was_quoted() {
    for name in NAMES {
        let path = Path::new(OsStr::from_bytes(name));
        let script = format!("printf %s {}", shell_quoted(path));
        let Ok(read) = std::process::Command::new("bash").args(["-c", &script]).output() else {
            return eprintln!("bash is not here: nothing was tried");
        };
        let expected = if name.starts_with(b"-") { [b"./", *name].concat() } else { name.to_vec() };
        assert_eq!(read.stdout, expected, "{script}");
    }
}

#[test]
fn text_of_any_path() {
    assert_eq!(path_text(Path::new(OsStr::from_bytes(b"caf\xe9.png"))), "caf\u{fffd}.png");
}

#[test]
fn every_path_has_a_name_that_leads_back() {
    for bytes in NAMES.iter().chain(&[&b"bytes:a"[..], b"100%", b"%41", b"bytes:%\xff"]) {
        let path = Path::new(OsStr::from_bytes(bytes));
        assert_eq!(path_of_name(&name_of_path(path)), path);
    }
    assert_eq!(name_of_path(Path::new(OsStr::from_bytes(b"caf\xe9 %"))), "bytes:caf%E9 %25");
    for no_name in ["bytes:%", "bytes:%4", "bytes:%zz"] {
        assert_eq!(path_of_name(no_name), Path::new(no_name));
    }
}
