//! What the documents tell users to type is what the program takes: every command in a block of shell, and every
//! configuration in a block of TOML.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use ganymede_train::Layers;

use crate::args::{Args, Command};
use crate::study::plan;
use crate::train;

/// A block of code between fences.
struct Block {
    language: String,
    text: String,
    /// The file and the line of its fence, for messages.
    place: String,
}

/// The documents of the repository, and the readme of this crate.
fn documents() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let top = here.join("../..");
    let mut files = vec![top.join("README.md"), here.join("README.md")];
    for entry in fs::read_dir(top.join("docs")).unwrap() {
        files.push(entry.unwrap().path());
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
    files
}

fn blocks(file: &Path) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for (index, line) in fs::read_to_string(file).unwrap().lines().enumerate() {
        if let Some(language) = line.strip_prefix("```") {
            inside = !inside;
            if inside {
                let place = format!("{}:{}", file.display(), index + 1);
                blocks.push(Block { language: language.to_owned(), text: String::new(), place });
            }
        } else if inside {
            let block = blocks.last_mut().unwrap();
            block.text += line;
            block.text.push('\n');
        }
    }
    blocks
}

fn all_blocks(language: &str) -> Vec<Block> {
    let all = documents().into_iter().flat_map(|file| blocks(&file));
    all.filter(|block| block.language == language).collect()
}

/// The words of a line as a shell sees them: single quotes, and a comment at the end.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            '#' if !quoted && words.last().is_some_and(String::is_empty) => break,
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The arguments of `ganymede`, where the line starts it, by itself or through xtask.
fn arguments(line: &str) -> Option<Vec<String>> {
    let words = words(line);
    let given: Vec<&str> = words.iter().map(String::as_str).collect();
    let rest = match given[..] {
        ["cargo", "xtask", "--features", _, ref rest @ ..] => rest,
        ["cargo", "xtask", ref rest @ ..] => rest,
        ["ganymede", ref rest @ ..] => rest,
        _ => return None,
    };
    let chores = ["test", "tidy", "ci", "api", "fuzz", "torture", "cuda-check", "package"];
    let is_chore = rest.first().is_none_or(|first| chores.contains(first));
    (!is_chore).then(|| rest.iter().map(|&word| word.to_owned()).collect())
}

#[test]
fn every_command_of_the_documents_is_understood() {
    let dir = tempfile::tempdir().unwrap();
    // Configurations that a comment names can be given by this name.
    for block in all_blocks("toml") {
        if let Some(name) = block.text.strip_prefix("# ").and_then(|rest| rest.split(':').next()) {
            fs::write(dir.path().join(name), &block.text).unwrap();
        }
    }
    let (mut commands, mut runs) = (0, 0);
    for block in all_blocks("sh") {
        for arguments in block.text.lines().filter_map(arguments) {
            let shown = format!("{}: {}", block.place, arguments.join(" "));
            let args = Args::try_parse_from(["ganymede".to_owned()].iter().chain(&arguments))
                .unwrap_or_else(|error| panic!("{shown}: {error}"));
            commands += 1;
            // A run that is resumed is one that was made before.
            if let Command::Train(mut args) = args.command
                && args.resume.is_none()
            {
                args.config = args.config.map(|file| dir.path().join(file));
                train::configure(&args).unwrap_or_else(|error| panic!("{shown}: {error}"));
                runs += 1;
            }
        }
    }
    assert!(commands > 20 && runs > 8, "{commands} commands, {runs} runs");
}

#[test]
fn every_configuration_of_the_documents_is_one() {
    let blocks = all_blocks("toml");
    assert!(!blocks.is_empty());
    for block in blocks {
        if block.text.contains("[[method]]") {
            plan::runs_of(&block.text, &block.place).unwrap_or_else(|error| panic!("{error}"));
            continue;
        }
        let layers = Layers::text(&block.text, &block.place, None);
        layers.and_then(|layers| layers.resolve()).unwrap_or_else(|error| panic!("{}: {error}", block.place));
    }
}
