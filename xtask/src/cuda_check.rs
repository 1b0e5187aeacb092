//! `cargo xtask cuda-check`: type check of the CUDA code on a machine that has no CUDA.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{Command, shell, workspace};

pub(crate) const COMMAND: Command = Command {
    name: "cuda-check",
    arguments: "[PACKAGE]",
    summary: "type check of the features cuda,cudnn,nccl; needs no GPU and no CUDA toolkit",
    details: "
Runs `cargo check --features cuda,cudnn,nccl` on ganymede (or PACKAGE) with a stand-in for nvcc, which answers
`--version` and writes empty objects. Nothing that this makes can be run; it only keeps the CUDA code compiling.",
    run,
};

/// What the stand-in claims to be: release 13.0, the newest that drivers of the 580 series speak.
const TOOLKIT: &str = "13000";
/// `sm_80`; no kernel is compiled, but the build scripts want a number.
const COMPUTE_CAPABILITY: &str = "80";
const FAKE_NVCC: &str = include_str!("fake-nvcc.sh");

fn run(args: &[String]) -> Result<()> {
    match args {
        [] => check(&[]),
        [package] => check_package(package, &[]),
        [_, rest @ ..] => shell::no_arguments("cuda-check PACKAGE", rest),
    }
}

/// Checks the program; `flags` go to cargo.
pub(crate) fn check(flags: &[&str]) -> Result<()> {
    check_package("ganymede", flags)
}

fn check_package(package: &str, flags: &[&str]) -> Result<()> {
    let nvcc = write_fake_nvcc(&workspace::Workspace::load()?.target)?;
    let mut cargo = shell::cargo();
    cargo.args(["check", "--package", package, "--features", "cuda,cudnn,nccl"]).args(flags);
    cargo.env("NVCC", nvcc).env("CUDARC_CUDA_VERSION", TOOLKIT).env("CUDA_COMPUTE_CAP", COMPUTE_CAPABILITY);
    shell::run(cargo)
}

/// Build scripts run again when the file is newer, so it is left alone where it is already right.
fn write_fake_nvcc(target: &Path) -> Result<PathBuf> {
    let path = target.join("fake-nvcc").join("nvcc");
    if std::fs::read_to_string(&path).is_ok_and(|text| text == FAKE_NVCC) {
        return Ok(path);
    }
    let folder = path.parent().expect("two names were joined above");
    std::fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    std::fs::write(&path, FAKE_NVCC).with_context(|| format!("could not write {}", path.display()))?;
    make_executable(&path).with_context(|| format!("could not make {} executable", path.display()))?;
    Ok(path)
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> std::io::Result<()> {
    Err(std::io::Error::other("the stand-in for nvcc is a shell script; run this check on Unix"))
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::PathBuf;
    use std::process::Command;

    use crate::shell;

    fn stand_in(args: &[&str]) -> String {
        let script = shell::root().join("xtask/src/fake-nvcc.sh");
        let output = Command::new("sh").arg(script).args(args).output().expect("there is a shell");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("the script prints ASCII")
    }

    #[test]
    fn the_stand_in_says_a_version_and_writes_what_a_compiler_would() {
        assert!(stand_in(&["--version"]).contains("release 13.0"));
        let folder: PathBuf = std::env::temp_dir().join(format!("xtask-fake-nvcc-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the temporary folder can be written to");
        let shown = folder.to_string_lossy();
        stand_in(&["--ptx", "--output-directory", &shown, "-O3", "kernels/reduce.cu"]);
        assert!(folder.join("reduce.ptx").is_file());
        stand_in(&["-c", "-o", &folder.join("a.o").to_string_lossy(), "kernels/a.cu"]);
        assert!(folder.join("a.o").is_file());
        std::fs::remove_dir_all(&folder).expect("the folder is ours");
    }
}
