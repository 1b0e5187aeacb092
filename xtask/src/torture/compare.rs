//! Whether two runs left the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Written by the clock, or about the machine.
const OTHERS: [&str; 4] = ["timing.jsonl", "summary.json", "run.lock", "report.html"];

/// Every file of a run that is a function of its configuration: the same names, the same bytes.
pub(crate) fn same_bytes(straight: &Path, other: &Path) -> Result<()> {
    let (wanted, found) = (files(straight)?, files(other)?);
    let differing = |name: &&PathBuf| wanted.get(*name) != found.get(*name);
    let mut names: Vec<&PathBuf> = wanted.keys().chain(found.keys()).filter(differing).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Ok(());
    }
    let all: Vec<String> = names.iter().map(|name| name.display().to_string()).collect();
    bail!("not as in the run that was left in peace: {}", all.join(", "))
}

fn files(root: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut all = BTreeMap::new();
    for part in ["", "samples", "checkpoints"] {
        let dir = root.join(part);
        let entries = fs::read_dir(&dir).with_context(|| format!("could not read {}", dir.display()))?;
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()) {
            let name = path.strip_prefix(root).unwrap_or(&path).to_owned();
            if !OTHERS.iter().any(|other| name == Path::new(other)) {
                let bytes = fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
                all.insert(name, bytes);
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bit_or_one_file_is_a_difference() {
        let base = std::env::temp_dir().join(format!("torture-compare-{}", std::process::id()));
        let roots = ["a", "b"].map(|name| base.join(name));
        for root in &roots {
            fs::create_dir_all(root.join("samples")).unwrap();
            fs::create_dir_all(root.join("checkpoints")).unwrap();
            fs::write(root.join("log.jsonl"), "same").unwrap();
            fs::write(root.join("timing.jsonl"), root.to_str().unwrap()).unwrap();
        }
        let compare = || same_bytes(&roots[0], &roots[1]).map_err(|error| error.to_string());
        assert_eq!(compare(), Ok(()));
        fs::write(roots[1].join("checkpoints/last.safetensors"), "x").unwrap();
        fs::write(roots[1].join("log.jsonl"), "sane").unwrap();
        let words = compare().unwrap_err();
        assert!(words.contains("checkpoints/last.safetensors, log.jsonl"), "{words}");
        fs::remove_dir_all(&base).unwrap();
    }
}
