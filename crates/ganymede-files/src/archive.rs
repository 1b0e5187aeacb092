//! Zips and tars that are read where they lie, without unpacking.

mod name;
mod tar;
#[cfg(test)]
mod tests;
mod zip;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use flate2::read::MultiGzDecoder;

use crate::decode::{DecodeOptions, Decoded, byte_limit, decode_bytes};
use crate::error::FilesError;
use crate::formats::Formats;
use crate::scan::{Found, Scan, Skipped};
use crate::shared_file::SharedFile;

use name::Name;

/// What to do with an archive that lost something on its way.
const COPY_AGAIN: &str = "copy or pack it again";

/// A zip or a tar: where each of its files lies, known without reading them.
///
/// Only what its list says is held in memory. Nothing is ever written anywhere: a name is a name, wherever it leads.
/// Several threads may read at once.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    file: SharedFile,
    modified_nanos: u128,
    entries: Vec<ArchiveEntry>,
}

/// A file in an archive. Folders are none.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ArchiveEntry {
    /// Its path in the archive, without `.` and doubled slashes; as it stands there where it cannot be used.
    pub name: PathBuf,
    /// Its size when unpacked, by the archive's word.
    pub bytes: u64,
    /// Why it cannot be used: it is encrypted, a link, packed in a way that is not read, or its name leads out of the
    /// archive.
    pub problem: Option<String>,
    lies: Lies,
}

/// Where an entry lies.
#[derive(Clone, Copy, Debug)]
enum Lies {
    /// As it is, from this byte on.
    Plain(u64),
    /// Behind a header of its own.
    Zipped(zip::Zipped),
}

/// What is wrong with an archive, before its name is known.
#[derive(Debug)]
enum Fault {
    Io(std::io::Error),
    Bad { reason: String, fix: &'static str },
}

impl Fault {
    fn cut_short(place: impl std::fmt::Display) -> Self {
        Self::Bad { reason: format!("it is cut short: it ends in {place}"), fix: COPY_AGAIN }
    }

    fn damaged(reason: impl std::fmt::Display) -> Self {
        Self::Bad { reason: format!("it is damaged ({reason})"), fix: COPY_AGAIN }
    }

    fn at(self, path: &Path) -> FilesError {
        match self {
            Self::Io(source) => FilesError::io("read", path)(source),
            Self::Bad { reason, fix } => FilesError::Archive { path: path.to_path_buf(), reason, fix },
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// How an archive is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveFormat {
    /// Entries stored or deflated, with a directory at the end; also of more than 4 GiB (zip64).
    Zip,
    /// Entries one behind the other, as POSIX (ustar, pax) and GNU write them; not packed as a whole.
    Tar,
}

impl ArchiveFormat {
    /// By the suffix of a name, `.zip` or `.tar` in any case.
    pub fn of_name(path: &Path) -> Option<Self> {
        let suffix = path.extension()?.to_str()?.to_ascii_lowercase();
        match suffix.as_str() {
            "zip" => Some(Self::Zip),
            "tar" => Some(Self::Tar),
            _ => None,
        }
    }
}

impl Archive {
    /// Reads what an archive says of its files.
    ///
    /// # Errors
    /// [`FilesError::Io`], and [`FilesError::Archive`] for what is no such archive, cut short, damaged, or holds two
    /// files of one name.
    pub fn open(path: &Path, format: ArchiveFormat) -> Result<Self, FilesError> {
        let file = SharedFile::open(path).map_err(FilesError::io("read", path))?;
        match format {
            ArchiveFormat::Zip => Self::listed(path, file, zip::entries),
            ArchiveFormat::Tar => Self::listed(path, file, tar::entries),
        }
    }

    /// A tar that gzip packed as a whole (`.tar.gz`), unpacked into memory: at most `most` bytes, whatever it holds.
    ///
    /// # Errors
    /// As [`Archive::open`]; more bytes than that.
    pub fn open_tar_gz(path: &Path, most: u64) -> Result<Self, FilesError> {
        let file = File::open(path).map_err(FilesError::io("read", path))?;
        let content = unpacked(file, most).map_err(|fault| fault.at(path))?;
        Self::listed(path, SharedFile::of_bytes(content), tar::entries)
    }

    fn listed(
        path: &Path,
        file: SharedFile,
        list: fn(&SharedFile) -> Result<Vec<ArchiveEntry>, Fault>,
    ) -> Result<Self, FilesError> {
        let entries = list(&file).and_then(refuse_doubles).map_err(|fault| fault.at(path))?;
        let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified_nanos = since.map_or(0, |since| since.as_nanos());
        Ok(Self { path: path.to_path_buf(), file, modified_nanos, entries })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its files, in the order in which it holds them.
    pub fn entries(&self) -> &[ArchiveEntry] {
        &self.entries
    }

    /// For messages: the path of the archive, and behind it that of an entry.
    pub fn path_of(&self, entry: &ArchiveEntry) -> PathBuf {
        // Not joined: an absolute name would take the place of all before it.
        let mut path = self.path.clone().into_os_string();
        path.push("/");
        path.push(&entry.name);
        path.into()
    }

    /// Which entries are images, as [`scan`](crate::scan) says it of a folder, with the number of each file of the scan.
    /// Their time of change is that of the archive.
    pub fn scan(&self, formats: Formats) -> (Scan, Vec<usize>) {
        let (mut scan, mut images) = (Scan::default(), Vec::new());
        for (number, entry) in
            self.entries.iter().enumerate().filter(|(_, entry)| name::is_visible(&entry.name))
        {
            let path = self.path_of(entry);
            let reason = match formats.is_image(&entry.name) {
                Ok(false) => {
                    scan.others += 1;
                    continue;
                }
                Ok(true) => entry.problem.clone(),
                Err(reason) => Some(reason),
            };
            match reason {
                Some(reason) => scan.skipped.push(Skipped { path, reason }),
                None => images.push((self.found(path, entry), number)),
            }
        }
        images.sort_by(|(a, _), (b, _)| a.relative.cmp(&b.relative));
        let (files, numbers) = images.into_iter().unzip();
        scan.files = files;
        scan.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        (scan, numbers)
    }

    fn found(&self, path: PathBuf, entry: &ArchiveEntry) -> Found {
        let relative = entry.name.clone();
        Found { path, relative, bytes: entry.bytes, modified_nanos: self.modified_nanos }
    }

    /// The number of the entry of this name.
    pub fn find(&self, name: &Path) -> Option<usize> {
        self.entries.iter().position(|entry| entry.problem.is_none() && entry.name == name)
    }

    /// The content of an entry, whose checksum holds.
    ///
    /// # Errors
    /// [`FilesError::Image`] with the reason: there is no such entry, it cannot be used, has more than `limit` bytes, is
    /// cut short or damaged, or unpacks to another size than the archive says.
    pub fn read(&self, number: usize, limit: u64) -> Result<Vec<u8>, FilesError> {
        let entry = self.entries.get(number).ok_or_else(|| FilesError::image("there is no such entry"))?;
        match &entry.problem {
            Some(problem) => Err(FilesError::image(problem.as_str())),
            None if entry.bytes > limit => {
                Err(FilesError::image(format!("the file has more than {limit} bytes")))
            }
            None => self.content(entry).map_err(FilesError::image),
        }
    }

    fn content(&self, entry: &ArchiveEntry) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        match entry.lies {
            Lies::Zipped(zipped) => return zipped.content(&self.file, entry.bytes),
            Lies::Plain(offset) => self.file.range(offset, entry.bytes).read_to_end(&mut bytes),
        }
        .map_err(|error| format!("cannot be read ({error})"))?;
        match bytes.len() as u64 == entry.bytes {
            true => Ok(bytes),
            false => Err("cut short: the archive ends in it".into()),
        }
    }

    /// Decodes the image in an entry.
    ///
    /// # Errors
    /// As [`read`](Self::read) and [`decode_bytes`].
    pub fn decode(&self, number: usize, options: &DecodeOptions) -> Result<Decoded, FilesError> {
        match self.read(number, byte_limit(options))? {
            bytes if bytes.is_empty() => Err(FilesError::image("the file is empty")),
            bytes => decode_bytes(&bytes, options),
        }
    }
}

/// What gzip packed.
fn unpacked(file: File, most: u64) -> Result<Vec<u8>, Fault> {
    let mut content = Vec::new();
    let read =
        MultiGzDecoder::new(BufReader::new(file)).take(most.saturating_add(1)).read_to_end(&mut content);
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(Fault::cut_short("what gzip packed"))
        }
        Err(error) if error.raw_os_error().is_some() => Err(error.into()),
        Err(error) => Err(Fault::damaged(format!("not packed by gzip: {error}"))),
        Ok(_) if content.len() as u64 > most => Err(Fault::Bad {
            reason: format!("it unpacks to more than {most} bytes, which is all that is held in memory"),
            fix: "unpack it once with gunzip, and give the tar",
        }),
        Ok(_) => Ok(content),
    }
}

/// One of two would be passed over without a word.
fn refuse_doubles(entries: Vec<ArchiveEntry>) -> Result<Vec<ArchiveEntry>, Fault> {
    let mut names = BTreeSet::new();
    for entry in entries.iter().filter(|entry| entry.problem.is_none()) {
        if !names.insert(entry.name.as_path()) {
            let reason = format!("it holds two files called {}", entry.name.display());
            return Err(Fault::Bad { reason, fix: "pack it again with one of them" });
        }
    }
    Ok(entries)
}

/// An entry by its name as the archive has it; `problem` is one that is known besides.
fn entry(raw: &[u8], bytes: u64, problem: Option<String>, lies: Lies) -> ArchiveEntry {
    let Name { path, problem: of_name } = Name::of(raw);
    ArchiveEntry { name: path, bytes, problem: of_name.or(problem), lies }
}
