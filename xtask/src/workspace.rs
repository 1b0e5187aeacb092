//! The packages of the workspace, as cargo describes them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::shell;

pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
}

pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Whether it may go to a registry.
    pub(crate) is_published: bool,
    /// Fields for a registry that the manifest leaves out.
    pub(crate) unsaid: Vec<&'static str>,
    /// Relative to the root, with `/`.
    pub(crate) folder: String,
    pub(crate) has_library: bool,
    /// Names of all direct dependencies, those of build scripts and tests included.
    pub(crate) dependencies: Vec<String>,
    /// Of these, the ones that users of the package get with it.
    pub(crate) library_dependencies: Vec<String>,
}

/// Of a manifest; crates.io wants the first two, users the others.
const FOR_A_REGISTRY: &[&str] =
    &["description", "license", "readme", "keywords", "categories", "documentation", "repository"];

impl Workspace {
    pub(crate) fn load() -> Result<Self> {
        let mut cargo = shell::cargo();
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
        let metadata: Value =
            serde_json::from_slice(&shell::output(cargo)?).context("cargo metadata is not JSON")?;
        Self::from_metadata(&metadata, &shell::root()).context("cargo metadata lacks an expected field")
    }

    fn from_metadata(metadata: &Value, root: &Path) -> Option<Self> {
        let packages = metadata["packages"].as_array()?;
        let packages = packages.iter().map(|package| Package::from_metadata(package, root));
        Some(Self {
            packages: packages.collect::<Option<_>>()?,
            target: metadata["target_directory"].as_str()?.into(),
        })
    }
}

impl Package {
    fn from_metadata(package: &Value, root: &Path) -> Option<Self> {
        let manifest = Path::new(package["manifest_path"].as_str()?);
        let folder = manifest.parent()?;
        // Symbolic links may make the two differ; a path that is not below the root is then shown whole.
        let folder = folder.strip_prefix(root).unwrap_or(folder);
        let dependencies = package["dependencies"].as_array()?;
        let names = |wanted: &dyn Fn(&Value) -> bool| -> Option<Vec<String>> {
            let found = dependencies.iter().filter(|dependency| wanted(dependency));
            found.map(|dependency| dependency["name"].as_str().map(str::to_owned)).collect()
        };
        let kinds =
            package["targets"].as_array()?.iter().filter_map(|target| target["kind"].as_array()).flatten();
        Some(Self {
            name: package["name"].as_str()?.to_owned(),
            version: package["version"].as_str()?.to_owned(),
            // A list of registries; `publish = false` is none of them.
            is_published: package["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
            unsaid: FOR_A_REGISTRY.iter().copied().filter(|field| is_unsaid(&package[*field])).collect(),
            folder: folder.to_string_lossy().replace('\\', "/"),
            has_library: kinds.into_iter().any(|kind| kind == "lib"),
            dependencies: names(&|_| true)?,
            library_dependencies: names(&|dependency| dependency["kind"].is_null())?,
        })
    }
}

fn is_unsaid(field: &Value) -> bool {
    field.is_null() || field.as_array().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_are_read_and_paths_are_relative() {
        let package = json!({
            "name": "ganymede-losses",
            "version": "0.1.0",
            "publish": [],
            "description": "Losses",
            "keywords": [],
            "manifest_path": "/top/crates/ganymede-losses/Cargo.toml",
            "dependencies": [{ "name": "serde", "kind": null }, { "name": "proptest", "kind": "dev" }],
            "targets": [{ "kind": ["lib"] }, { "kind": ["test"] }],
        });
        let metadata = json!({ "packages": [package], "target_directory": "/top/target" });
        let workspace = Workspace::from_metadata(&metadata, Path::new("/top")).expect("all fields are there");
        let package = &workspace.packages[0];
        assert_eq!(package.folder, "crates/ganymede-losses");
        assert_eq!(package.dependencies, ["serde", "proptest"]);
        assert_eq!(package.library_dependencies, ["serde"]);
        assert!(package.has_library && !package.is_published);
        assert!(package.unsaid.contains(&"keywords") && package.unsaid.contains(&"readme"));
        assert!(!package.unsaid.contains(&"description"));
        assert!(Workspace::from_metadata(&json!({}), Path::new("/top")).is_none());
    }
}
