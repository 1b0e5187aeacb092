//! What a run was doing, read off its folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What a run was doing when it was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    Starting,
    Checkpoint,
    Drawing,
    Measuring,
    Between,
    Stopped,
    Doubled,
}

impl Moment {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Starting => "killed before the first step",
            Self::Checkpoint => "killed writing a checkpoint",
            Self::Drawing => "killed drawing",
            Self::Measuring => "killed measuring",
            Self::Between => "killed anywhere else",
            Self::Stopped => "stopped by SIGTERM",
            Self::Doubled => "resumed twice at once",
        }
    }

    pub(crate) fn is_kill(self) -> bool {
        !matches!(self, Self::Stopped | Self::Doubled)
    }

    /// What the run in `root` was doing, by what its process left behind.
    pub(crate) fn of(root: &Path) -> Self {
        if temporary(root, "checkpoints").is_some() {
            Self::Checkpoint
        } else if !is_new(root, &root.join("log.jsonl")) || lines(&root.join("log.jsonl")) == 0 {
            Self::Starting
        } else if temporary(root, "samples").is_some() || temporary(root, "").is_some() {
            Self::Drawing
        } else if is_measuring(root) {
            Self::Measuring
        } else {
            Self::Between
        }
    }
}

/// Whether a file was written by the process that has or had the run last: later than the lock.
fn is_new(root: &Path, path: &Path) -> bool {
    let begun = modified(&root.join("run.lock")).unwrap_or(SystemTime::UNIX_EPOCH);
    modified(path).is_some_and(|modified| modified > begun)
}

/// A file that is being written in a folder of the run.
pub(crate) fn temporary(root: &Path, folder: &str) -> Option<PathBuf> {
    let mut entries = fs::read_dir(root.join(folder)).ok()?.flatten().map(|entry| entry.path());
    entries.find(|path| path.extension().is_some_and(|suffix| suffix == "tmp") && is_new(root, path))
}

/// The newest picture of a step after the first.
pub(crate) fn newest_picture(root: &Path) -> Option<(u64, PathBuf)> {
    let entries = fs::read_dir(root.join("samples")).ok()?.flatten();
    let step = |path: PathBuf| {
        let name = path.file_stem()?.to_str()?;
        Some((name.strip_prefix("step-")?.parse().ok()?, path))
    };
    entries.filter_map(|entry| step(entry.path())).filter(|(step, _)| *step > 0).max()
}

/// Whether the newest picture and the curves after it are drawn, and the line that follows is not written: nothing
/// but the measurement comes in between.
pub(crate) fn is_measuring(root: &Path) -> bool {
    let Some((step, picture)) = newest_picture(root) else { return false };
    let curves = modified(&root.join("curves.png"));
    let drawn = modified(&picture).is_some_and(|picture| curves.is_some_and(|curves| curves >= picture));
    let measured = fs::read_to_string(root.join("metrics.jsonl")).unwrap_or_default();
    drawn
        && is_new(root, &picture)
        && temporary(root, "").is_none()
        && !measured.contains(&format!("{{\"step\":{step},"))
}

pub(crate) fn lines(path: &Path) -> usize {
    fs::read(path).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_by_the_files() {
        let root = std::env::temp_dir().join(format!("torture-moments-{}", std::process::id()));
        fs::create_dir_all(root.join("samples")).unwrap();
        fs::create_dir_all(root.join("checkpoints")).unwrap();
        let check = |moment| assert_eq!(Moment::of(&root), moment);
        let write = |name: &str, text: &str| fs::write(root.join(name), text).unwrap();
        check(Moment::Starting);
        // What lay there before this process took the run is none of its doing.
        let old = fs::File::create(root.join("checkpoints/.best.safetensors.x.tmp")).unwrap();
        old.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        check(Moment::Starting);
        write("log.jsonl", "{\"step\":1}\n");
        write("samples/step-000000.png", "");
        check(Moment::Between);
        write("samples/step-000012.png", "");
        check(Moment::Between);
        write("curves.png", "");
        check(Moment::Measuring);
        write(".curves.png.x.tmp", "");
        check(Moment::Drawing);
        fs::remove_file(root.join(".curves.png.x.tmp")).unwrap();
        write("metrics.jsonl", "{\"step\":12,\"metric\":1}\n");
        check(Moment::Between);
        write("checkpoints/.last.safetensors.x.tmp", "");
        check(Moment::Checkpoint);
        fs::remove_dir_all(&root).unwrap();
    }
}
