//! Runs of a study: as many at a time as there are jobs, each in a process of its own, and the file that they are written to.

use std::collections::VecDeque;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Exit, interrupt, words};

/// Makes one of `left` after the other, `jobs` at a time, until none is left or somebody interrupts; says of each how it ended,
/// which `make` gives, or nothing for one that was stopped. Gives how many failed.
pub(super) fn work_off<T: Send>(
    left: VecDeque<T>,
    jobs: usize,
    name: impl Fn(&T) -> String + Sync,
    make: impl Fn(&T, &str) -> Result<Option<String>> + Sync,
) -> usize {
    let (left, failed) = (Mutex::new(left), AtomicUsize::new(0));
    let next = || match interrupt::requested() {
        true => None,
        false => left.lock().expect("nobody panics with it").pop_front(),
    };
    let work = || {
        while let Some(item) = next() {
            let name = name(&item);
            match make(&item, &name) {
                Ok(Some(told)) => words::say(&format!("{name}: {told}")),
                Ok(None) => words::say(&format!("{name}: stopped")),
                Err(error) => {
                    failed.fetch_add(1, Ordering::SeqCst);
                    words::say(&format!("{name}: {error:#}"));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(work);
        }
    });
    failed.into_inner()
}

/// What this program says as JSON where `arguments` start it again; nothing where it was interrupted.
pub(super) fn answer_of<T: DeserializeOwned>(arguments: impl FnOnce(&mut Command)) -> Result<Option<T>> {
    let mut command = Command::new(std::env::current_exe()?);
    arguments(&mut command);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    match output.status.code() {
        Some(0) => Ok(Some(serde_json::from_slice(&output.stdout).context("its process says nothing")?)),
        Some(code) if code == Exit::Interrupted as i32 => Ok(None),
        _ => bail!("its process ended with {}", output.status),
    }
}

/// A file of runs.
#[derive(Deserialize)]
struct File<T> {
    schema: u32,
    runs: Vec<T>,
}

/// The runs of a file; none where there is no file.
pub(super) fn read_runs<T: DeserializeOwned>(path: &Path, schema: u32) -> Result<Vec<T>> {
    let shown = path.display();
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.with_context(|| format!("cannot read {shown}"))?,
    };
    let file: File<T> = serde_json::from_str(&text).with_context(|| format!("{shown} is damaged"))?;
    if file.schema != schema {
        bail!("{shown} has schema {}, this version reads {schema}", file.schema);
    }
    Ok(file.runs)
}
