//! `cargo xtask package`: what a registry would get.

use anyhow::{Context, Result, bail};

use crate::workspace::{Package, Workspace};
use crate::{Command, shell};

pub(crate) const COMMAND: Command = Command {
    name: "package",
    arguments: "[CARGO PACKAGE ARGUMENTS]",
    summary: "pack every crate that can be published, and weigh it",
    details: "
Each crate that does not say `publish = false` needs a description, a readme, keywords, categories, documentation and a
licence. `cargo package` then packs them all, without compiling them once more, and none may have more than 10 MB, which
is what crates.io takes. The packages lie in `target/package`.

With changes that are not committed, cargo wants `--allow-dirty`. `--offline` works as well.",
    run: check_with,
};

/// What crates.io takes, in bytes: <https://doc.rust-lang.org/cargo/reference/publishing.html>.
const MOST_BYTES: u64 = 10 * 1024 * 1024;

fn check_with(args: &[String]) -> Result<()> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    check(&args)
}

/// Packs and weighs; `flags` go to cargo.
pub(crate) fn check(flags: &[&str]) -> Result<()> {
    let workspace = Workspace::load()?;
    let (published, kept): (Vec<&Package>, Vec<&Package>) =
        workspace.packages.iter().partition(|package| package.is_published);
    let bare: Vec<String> = published.iter().filter_map(|package| lacks(package)).collect();
    if !bare.is_empty() {
        bail!("{}", bare.join("\n"));
    }
    let mut cargo = shell::cargo();
    cargo.args(["package", "--quiet", "--workspace", "--no-verify"]).args(flags);
    for package in kept {
        cargo.args(["--exclude", &package.name]);
    }
    shell::run(cargo)?;
    for package in published {
        let file =
            workspace.target.join("package").join(format!("{}-{}.crate", package.name, package.version));
        let bytes = file.metadata().with_context(|| format!("could not look at {}", file.display()))?.len();
        if let Some(refusal) = refusal(&package.name, bytes) {
            bail!("{refusal}");
        }
        eprintln!("{:<18} {:>5} kB", package.name, bytes.div_ceil(1000));
    }
    Ok(())
}

/// What the manifest does not say and a registry wants.
fn lacks(package: &Package) -> Option<String> {
    let missing = package.unsaid.join(", ");
    (!missing.is_empty()).then(|| {
        format!(
            "{}/Cargo.toml lacks {missing}; a crate that is published says them, another says `publish = false`",
            package.folder
        )
    })
}

/// Why a package of this size cannot be published, if so.
fn refusal(name: &str, bytes: u64) -> Option<String> {
    (bytes > MOST_BYTES).then(|| {
        format!("{name}: the package has {bytes} bytes, over {MOST_BYTES}; leave files out with `exclude`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_over_the_limit_is_refused() {
        assert_eq!(refusal("a", MOST_BYTES), None);
        assert!(refusal("a", MOST_BYTES + 1).is_some_and(|words| words.contains("exclude")));
    }

    #[test]
    fn every_package_of_the_workspace_says_what_a_registry_wants_or_is_kept() {
        let workspace = Workspace::load().expect("cargo describes the workspace");
        for package in &workspace.packages {
            assert!(!package.is_published || lacks(package).is_none(), "{:?}", lacks(package));
        }
        assert!(workspace.packages.iter().filter(|package| !package.is_published).count() >= 2);
    }
}
