//! Which crate may know which.

use super::Finding;
use super::code::has_word;
use super::tree::File;
use crate::workspace::Package;

const RULE: &str = "layers";

/// Crates and their floors: dependencies go to a lower floor only, so that crates of one floor never meet.
const FLOORS: &[(&str, u32)] = &[
    ("ganymede-kernels", 0),
    ("ganymede-lapack", 0),
    ("ganymede-files", 0),
    ("ganymede-tensor", 1),
    ("ganymede-models", 2),
    ("ganymede-losses", 2),
    ("ganymede-augment", 2),
    ("ganymede-metrics", 2),
    ("ganymede-datasets", 2),
    ("ganymede-train", 3),
    ("ganymede", 4),
    ("ganymede-fuzz", 4),
    ("ganymede-example-vqvae", 4),
    ("xtask", 4),
];

/// Numeric back ends, and the one crate that names each.
const BACKENDS: &[(&str, &str)] =
    &[("candle", "ganymede-tensor"), ("cudarc", "ganymede-tensor"), ("gemm", "ganymede-kernels")];
/// Packages that are or hold a program. Tests and examples of the others may use it, too.
const MAY_USE_ANYHOW: &[&str] =
    &["ganymede", "ganymede-metrics", "ganymede-fuzz", "ganymede-example-vqvae", "xtask"];

/// What the manifests say.
pub(crate) fn dependencies(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(of_package).collect()
}

fn of_package(package: &Package) -> Vec<Finding> {
    let manifest = format!("{}/Cargo.toml", package.folder);
    let finding = |message: String| Finding::new(RULE, &manifest, None, message);
    let Some(floor) = floor(&package.name) else {
        return vec![finding(format!(
            "`{}` has no floor; give it one in xtask/src/tidy/layers.rs",
            package.name
        ))];
    };
    let name = &package.name;
    let mut findings = Vec::new();
    if package.library_dependencies.iter().any(|name| name == "anyhow")
        && !MAY_USE_ANYHOW.contains(&name.as_str())
    {
        findings.push(finding("depends on `anyhow`; a library returns typed errors (thiserror)".into()));
    }
    for dependency in &package.dependencies {
        if let Some(owner) = owner(dependency).filter(|owner| name != owner) {
            findings.push(finding(format!("depends on `{dependency}`; use what {owner} offers")));
        }
        if self::floor(dependency).is_some_and(|below| below >= floor) {
            findings.push(finding(format!("depends on `{dependency}`, which does not lie on a lower floor")));
        }
    }
    findings
}

fn floor(name: &str) -> Option<u32> {
    FLOORS.iter().find(|(known, _)| *known == name).map(|&(_, floor)| floor)
}

/// Who may name a package, where it is a back end.
fn owner(name: &str) -> Option<&'static str> {
    let is_of =
        |backend: &str| name.strip_prefix(backend).is_some_and(|r| r.is_empty() || r.starts_with('-'));
    BACKENDS.iter().find(|(backend, _)| is_of(backend)).map(|&(_, owner)| owner)
}

/// What the source says: a path such as `candle_core::` or `use gemm`.
pub(crate) fn backend_names(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.code_lines() {
        for name in ["candle_core", "candle_nn", "candle_transformers", "gemm", "cudarc"] {
            let Some(owner) =
                owner(&name.replace('_', "-")).filter(|owner| !file.crate_folder().ends_with(owner))
            else {
                continue;
            };
            let is_path =
                line.contains(&format!("{name}::")) || line.trim_start().starts_with(&format!("use {name}"));
            if has_word(line, name) && is_path {
                let message = format!("names `{name}`; use what {owner} offers");
                findings.push(Finding::new(RULE, &file.path, number, message));
            }
        }
    }
    findings
}
