use super::code::{blank_comments_and_literals, has_word};
use super::tree::{File, Tree};
use super::*;
use crate::workspace::Package;

/// `expected`: the rules that speak, with their lines, in any order.
#[track_caller]
fn check_file(path: &str, text: &str, expected: &[(&str, Option<usize>)]) {
    let tree = tree(vec![File::new(path, text)], &[]);
    let mut found: Vec<_> = check(&tree).iter().map(|finding| (finding.rule, finding.line)).collect();
    found.sort_unstable();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected, "{path}:\n{text}");
}

fn tree(files: Vec<File>, others: &[&str]) -> Tree {
    let mut paths: std::collections::BTreeSet<String> = others.iter().map(|&path| path.to_owned()).collect();
    paths.extend(files.iter().map(|file| file.path.clone()));
    Tree { files, paths }
}

const LIBRARY: &str = "crates/ganymede-losses/src/hinge.rs";
const TENSOR: &str = "crates/ganymede-tensor/src/conv.rs";

#[test]
fn comments_and_literals_are_not_code() {
    let cases = [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        (r#"f("x \" y") + 1"#, "f(        ) + 1"),
        ("f(r#\"x \" y\"#)", "f(          )"),
        ("f(b\"x\", c'x')", "f(    , c   )"),
        ("x: &'a str = 'b'", "x: &'a str =    "),
        ("'\\'' 'x", "     'x"),
        ("r#type = for_r", "r#type = for_r"),
        ("a\"1\n2\"b", "a  \n  b"),
    ];
    for (source, expected) in cases {
        assert_eq!(blank_comments_and_literals(source), expected, "{source}");
    }
}

#[test]
fn words_are_whole() {
    assert!(has_word("let x = unsafe { y };", "unsafe"));
    assert!(!has_word("#![deny(unsafe_code)]", "unsafe"));
    assert!(!has_word("eprintln!(x)", "println!"));
    assert!(has_word("std::process::exit(1)", "process::exit"));
}

#[test]
fn long_files_are_named_and_longer_ones_fail() {
    check_file(LIBRARY, &"\n".repeat(400), &[]);
    check_file(LIBRARY, &"\n".repeat(401), &[("size", None)]);
    let severity = |lines: usize| check(&tree(vec![File::new(LIBRARY, "\n".repeat(lines))], &[]))[0].severity;
    assert_eq!(severity(600), Severity::Warning);
    assert_eq!(severity(601), Severity::Failure);
    check_file("crates/ganymede-losses/src/hinge/tests.rs", &"\n".repeat(900), &[]);
    check_file("crates/ganymede-losses/tests/it/main.rs", &"\n".repeat(900), &[]);
}

#[test]
fn only_programs_print_and_exit() {
    let text = "fn f() {\n    println!(\"x\");\n    std::process::exit(2);\n}\n";
    check_file(LIBRARY, text, &[("programs", Some(2)), ("programs", Some(3))]);
    check_file("crates/ganymede/src/words.rs", text, &[]);
    check_file("crates/ganymede-metrics/src/bin/ganymede-metrics/main.rs", text, &[]);
    check_file("crates/ganymede-train/src/cli/mod.rs", text, &[]);
    check_file("crates/ganymede-metrics/src/program.rs", text, &[]);
    check_file("crates/ganymede-metrics/src/program/words.rs", text, &[]);
    check_file("crates/ganymede-tensor/examples/speed.rs", text, &[]);
    check_file("xtask/src/ci.rs", text, &[]);
    check_file("crates/ganymede-losses/tests/it/main.rs", text, &[]);
    check_file("crates/ganymede-train/src/trainer.rs", "use anyhow::Result;\n", &[("programs", Some(1))]);
    check_file(LIBRARY, "/// println!(\"in an example\")\n", &[]);
}

#[test]
fn unsafe_needs_the_right_crate_and_a_reason() {
    let bare = "fn f() {\n    unsafe { g() }\n}\n";
    let reasoned =
        "fn f() {\n    // SAFETY: g has no requirement\n    // on this machine.\n    unsafe { g() }\n}\n";
    check_file(LIBRARY, bare, &[("unsafe", Some(2))]);
    check_file(LIBRARY, reasoned, &[("unsafe", Some(4))]);
    check_file(TENSOR, bare, &[("unsafe", Some(2))]);
    check_file(TENSOR, reasoned, &[]);
    check_file(
        TENSOR,
        "// SAFETY: of something else.\n\nunsafe impl Send for G {}\n",
        &[("unsafe", Some(3))],
    );
    check_file(TENSOR, "unsafe fn g() {}\n", &[]);
    check_file(TENSOR, "#![deny(unsafe_code)]\n", &[]);
}

#[test]
fn exports_are_spelled_out() {
    check_file(LIBRARY, "pub use a::{B, C};\npub use d::*;\n", &[("exports", Some(2))]);
    check_file(LIBRARY, "pub use a::{\n    B,\n    c::*,\n};\n", &[("exports", Some(1))]);
    check_file(LIBRARY, "pub mod prelude;\n", &[("exports", Some(1))]);
    check_file(LIBRARY, "use super::*;\npub use a::B;\nlet x = 2 * 3;\n", &[]);
}

#[test]
fn nothing_is_left_half_done() {
    check_file(LIBRARY, "fn f() { todo!() }\n", &[("leftovers", Some(1))]);
    check_file(LIBRARY, "#[ignore = \"slow\"]\n", &[("leftovers", Some(1))]);
    check_file("docs/guide.md", concat!("a\nTO", "DO: b\n"), &[("leftovers", Some(2))]);
    assert_eq!(check(&tree(Vec::new(), &["xtask/src/ci.rs.orig", "xtask/src/ci.rs"])).len(), 1);
    check_file(LIBRARY, "// The words todo! and dbg! may be spoken of.\n", &[]);
}

#[test]
fn only_the_tensor_crate_names_the_back_end() {
    check_file(LIBRARY, "use candle_core::Tensor;\n", &[("layers", Some(1))]);
    check_file(LIBRARY, "let x = gemm::gemm(1);\n", &[("layers", Some(1))]);
    check_file(TENSOR, "use candle_core::Tensor;\n", &[]);
    check_file(LIBRARY, "// as candle_core::Tensor does\nlet gemm = 1;\n", &[]);
}

#[test]
fn crates_depend_downwards() {
    let package = |name: &str, dependencies: &[&str]| Package {
        name: name.to_owned(),
        version: "0.1.0".into(),
        is_published: true,
        unsaid: Vec::new(),
        folder: format!("crates/{name}"),
        has_library: true,
        dependencies: dependencies.iter().map(|&d| d.to_owned()).collect(),
        library_dependencies: dependencies.iter().map(|&d| d.to_owned()).collect(),
    };
    let findings = |name, dependencies: &[&str]| layers::dependencies(&[package(name, dependencies)]).len();
    assert_eq!(findings("ganymede-models", &["ganymede-tensor", "serde", "candlelight"]), 0);
    assert_eq!(findings("ganymede-models", &["ganymede-losses"]), 1);
    assert_eq!(findings("ganymede-tensor", &["candle-core", "candle-nn", "ganymede-kernels"]), 0);
    assert_eq!(findings("ganymede-tensor", &["gemm"]), 1);
    assert_eq!(findings("ganymede-kernels", &["gemm"]), 0);
    assert_eq!(findings("ganymede-losses", &["candle-core", "gemm", "anyhow"]), 3);
    assert_eq!(findings("ganymede-tensor", &["ganymede-train"]), 1);
    assert_eq!(findings("ganymede-train", &["ganymede-losses", "ganymede-models"]), 0);
    assert_eq!(findings("ganymede-train", &["ganymede-losses", "anyhow"]), 1);
    assert_eq!(findings("ganymede", &["ganymede-train", "ganymede-losses", "anyhow"]), 0);
    assert_eq!(findings("ganymede-novel", &[]), 1);
}

#[test]
fn documents_point_at_what_exists() {
    let text = "\
[a](architecture.md#floors) [b](../README.md) ![c](images/none.png) [d](https://example.org/x) [e](#here)
`crates/ganymede-tensor/src` and `docs/none.md` and `crates/*/api.txt`
```text
[f](none.md)
```
";
    let files = vec![File::new("docs/guide.md", text), File::new("docs/architecture.md", "")];
    let tree = tree(files, &["README.md", "crates/ganymede-tensor/src"]);
    let findings: Vec<_> = check(&tree).into_iter().map(|f| (f.rule, f.line)).collect();
    assert_eq!(findings, [("links", Some(1)), ("links", Some(2))]);
}

#[test]
fn code_of_documents_says_its_language_and_is_compiled() {
    let document = File::new("docs/guide.md", "```\na\n```\n```sh\nb\n```\n```rust\nc\n```\n");
    let found = |files| check(&tree(files, &[])).into_iter().map(|f| (f.rule, f.line)).collect::<Vec<_>>();
    let other = || File::new("docs/guide.md", document.text.clone());
    assert_eq!(found(vec![other()]), [("code", Some(1)), ("code", Some(7))]);
    let inclusion = File::new(LIBRARY, "#[doc = include_str!(\"../../../docs/guide.md\")]\nstruct A;\n");
    assert_eq!(found(vec![other(), inclusion]), [("code", Some(1))]);
}

#[test]
fn paths_of_one_machine_are_found() {
    let home = concat!("/ho", "me/ann/photos");
    check_file("docs/guide.md", &format!("x {home}\n"), &[("wording", Some(1))]);
    check_file("crates/ganymede-losses/tests/it/main.rs", &format!("// {home}\n"), &[]);
    check_file("docs/guide.md", "the folder my/work/photos, or https://example.org/home/x\n", &[]);
}

#[test]
fn words_are_those_of_the_field() {
    check_file(LIBRARY, concat!("// seconds of this Sess", "ion\n"), &[("wording", Some(1))]);
    check_file(LIBRARY, concat!("// obsess", "ions\n"), &[]);
}

#[test]
fn fixtures_come_with_their_script() {
    let folder = "crates/ganymede-losses/tests/fixtures/hinge";
    let numbers = format!("{folder}/hinge.safetensors");
    assert_eq!(check(&tree(Vec::new(), &[&numbers])).len(), 1);
    assert_eq!(check(&tree(Vec::new(), &[&numbers, &format!("{folder}/gen.py")])).len(), 0);
}

#[test]
fn a_crate_folder_is_found_from_any_file() {
    assert_eq!(File::new(TENSOR, "").crate_folder(), "crates/ganymede-tensor");
    assert_eq!(File::new("datasets/src/lib.rs", "").crate_folder(), "datasets");
    assert_eq!(File::new("README.md", "").crate_folder(), "README.md");
}

#[test]
fn what_is_serialised_holds_no_path() {
    let derive = "#[derive(Debug, serde::Serialize)]\n";
    let cases = [
        ("pub struct A {\n    path: PathBuf,\n}\n", Some(3)),
        ("struct A(Vec<std::path::PathBuf>);\n", Some(2)),
        ("enum A<'a> {\n    B { n: u8 },\n    C(&'a Path),\n}\n", Some(4)),
        ("struct A {\n    path: String,\n}\nfn f(path: &Path) {}\n", None),
        ("struct A;\nstruct B(PathBuf);\n", None),
    ];
    for (item, line) in cases {
        let expected: Vec<_> = line.map(|line| ("paths", Some(line))).into_iter().collect();
        check_file(LIBRARY, &format!("{derive}{item}"), &expected);
    }
    check_file(LIBRARY, "#[derive(Debug, Deserialize)]\nstruct A(PathBuf);\n", &[]);
}
