//! `cargo xtask ci`: all that a change has to pass.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::{api, cuda_check, package, shell, test, tidy};

pub(crate) const COMMAND: crate::Command = crate::Command {
    name: "ci",
    arguments: "",
    summary: "everything that a change has to pass, cheapest first",
    details: "
Formatting, repository rules, the packages for the registry, clippy with warnings denied, documentation with warnings denied, the snapshot of the
public API, a type check of the CUDA code, the metrics over the system's OpenBLAS where there is one, the kernels with
narrower vectors than this processor has, and all tests.
Stops at the first step that fails.

The numeric dependencies are compiled once in the development profile (tests) and checked once (clippy; documentation
and the API snapshot share its results); the CUDA features are a second check. `Cargo.lock` has to be up to date.",
    run,
};

type Step = (&'static str, fn() -> Result<()>);

// Cheapest first; the tests last, so that their closing lines end the output.
const STEPS: &[Step] = &[
    ("fmt", fmt),
    ("tidy", || tidy::run(&[])),
    ("package", || package::check(LOCKED)),
    ("clippy", clippy),
    ("doc", doc),
    ("api", || api::check(LOCKED)),
    ("cuda-check", || cuda_check::check(LOCKED)),
    ("openblas", openblas),
    ("vectors", vectors),
    ("test", || test::run(&[], LOCKED)),
];

const LOCKED: &[&str] = &["--locked"];

fn run(args: &[String]) -> Result<()> {
    shell::no_arguments("ci", args)?;
    let mut times = Vec::new();
    for (name, step) in STEPS {
        eprintln!("\n== {name}");
        let start = Instant::now();
        step().with_context(|| format!("step `{name}`; `cargo xtask ci` stops here"))?;
        times.push(format!("{name} {:.0} s", start.elapsed().as_secs_f64()));
    }
    eprintln!("\nci: all steps passed ({})", times.join(", "));
    Ok(())
}

fn fmt() -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args(["fmt", "--all", "--check"]);
    shell::run(cargo)
}

fn clippy() -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]);
    shell::run(cargo)
}

/// The metrics over another LAPACK than the one that comes with them: the tests that reach linear algebra, and whether
/// the program's feature of this name gets there.
///
/// Rationale: all packages are named, so that whatever lies below the metrics has the features that it has in the other
/// tests, and is not compiled again. `--benches` then chooses the metrics' tests alone: every other manifest says
/// `bench = false`. But for the program of mutated files, which names the other LAPACK.
fn openblas() -> Result<()> {
    let found = Command::new("pkg-config")
        .args(["--exists", "openblas"])
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        eprintln!(
            "left out: pkg-config finds no OpenBLAS (Debian: apt-get install pkg-config libopenblas-dev)"
        );
        return Ok(());
    }
    let mut cargo = shell::cargo();
    cargo.args(["tree", "--quiet", "--package", "ganymede", "--no-default-features", "--features"]);
    cargo.args(["openblas-system", "--locked", "--invert", "openblas-src", "--depth", "0"]);
    shell::run(cargo)?;
    let mut cargo = shell::cargo();
    cargo.args(["test", "--workspace", "--exclude", "ganymede-fuzz", "--no-default-features", "--features"]);
    let features = "ganymede-metrics/program,ganymede-metrics/openblas-system";
    cargo.args([features, "--locked", "--benches"]);
    cargo.args(["--", "fid", "laws", "linalg", "vendi", "stats", "portable", "parity"]);
    shell::run(cargo)
}

/// Kernels with the vectors of lesser processors, as this one would not run them.
fn vectors() -> Result<()> {
    #[cfg(target_arch = "x86_64")]
    let lesser: &[&str] =
        if std::arch::is_x86_feature_detected!("avx512f") { &["portable", "avx2"] } else { &["portable"] };
    #[cfg(not(target_arch = "x86_64"))]
    let lesser: &[&str] = &[];
    for simd in lesser {
        let mut cargo = shell::cargo();
        cargo
            .args(["test", "--workspace", "--lib", "--bins", "--test", "it", "--locked"])
            .env("GANYMEDE_SIMD", simd);
        shell::run({
            cargo.args(["--", "conv::", "winograd", "products", "upfirdn", "resample", "pixel_norm", "simd"]);
            cargo
        })?;
    }
    Ok(())
}

fn doc() -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args(["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings");
    shell::run(cargo)
}
