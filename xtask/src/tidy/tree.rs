//! The files of the repository, read once for all rules.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

use super::code;

/// Build results and a user's own files; `.gitignore` names the same.
const SKIPPED_AT_ROOT: &[&str] = &[".git", "target", "runs", "data"];
const TEXT: &[&str] = &["rs", "md", "toml", "py", "sh", "yml", "yaml", "txt"];

pub(crate) struct Tree {
    /// Text files, in order of path.
    pub(crate) files: Vec<File>,
    /// Every file and folder, relative to the root.
    pub(crate) paths: BTreeSet<String>,
}

pub(crate) struct File {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Of a Rust file: the text with comments and literals blanked, line for line. Else the text.
    pub(crate) code: String,
}

impl Tree {
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut paths = BTreeSet::new();
        collect(root, "", &mut paths)?;
        let mut files = Vec::new();
        for path in paths.iter().filter(|path| is_text(path) && root.join(path).is_file()) {
            let text =
                std::fs::read_to_string(root.join(path)).with_context(|| format!("could not read {path}"))?;
            files.push(File::new(path, text));
        }
        Ok(Self { files, paths })
    }
}

impl File {
    pub(crate) fn new(path: &str, text: impl Into<String>) -> Self {
        let text = text.into();
        let code =
            if path.ends_with(".rs") { code::blank_comments_and_literals(&text) } else { text.clone() };
        Self { path: path.to_owned(), text, code }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(crate) fn is_markdown(&self) -> bool {
        self.path.ends_with(".md")
    }

    /// Tests, benchmarks and what only they use.
    pub(crate) fn is_test(&self) -> bool {
        let mut parts = self.path.split('/');
        parts.any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
    }

    /// The folder of the crate that the file belongs to, such as `crates/ganymede-tensor`.
    pub(crate) fn crate_folder(&self) -> &str {
        let depth = if self.path.starts_with("crates/") { 2 } else { 1 };
        let end = self.path.match_indices('/').nth(depth - 1).map_or(self.path.len(), |(at, _)| at);
        &self.path[..end]
    }

    /// The lines of the code, numbered from 1.
    pub(crate) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

fn is_text(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((_, extension)) => TEXT.contains(&extension) || name == ".gitignore",
        None => path == ".ci/run" || name.starts_with("LICENSE"),
    }
}

fn collect(root: &Path, folder: &str, paths: &mut BTreeSet<String>) -> Result<()> {
    let entries =
        std::fs::read_dir(root.join(folder)).with_context(|| format!("could not list `{folder}`"))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("could not list `{folder}`"))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if (folder.is_empty() && SKIPPED_AT_ROOT.contains(&name.as_str())) || name == "__pycache__" {
            continue;
        }
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        if entry.file_type().with_context(|| format!("could not look at `{path}`"))?.is_dir() {
            collect(root, &path, paths)?;
        }
        paths.insert(path);
    }
    Ok(())
}
