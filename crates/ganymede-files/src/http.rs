//! Downloads that go on where they were cut off.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use ureq::Agent;
use ureq::http::Response;
use ureq::tls::{RootCerts, TlsConfig};

use crate::error::FilesError;
use crate::hash::{Digest, feed, to_hex};

/// How often a broken transfer is taken up again.
const ATTEMPTS: usize = 4;

/// A web client with the patience that large files need.
///
/// The certificates are the operating system's, and `HTTPS_PROXY` and `NO_PROXY` are heeded.
pub struct Http(Agent);

/// Why an attempt failed.
#[derive(Debug)]
enum Failure {
    /// Trying again is of no use: the server says no, or is not there.
    Final(String),
    /// The transfer broke; what has come is kept.
    Broken(String),
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl Http {
    /// A client. Reading the machine's certificates takes a moment: make it when it is needed.
    pub fn new() -> Self {
        // The machine's own certificates: behind an inspecting proxy no others will do.
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .user_agent(concat!("ganymede/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(Duration::from_secs(15)))
            .timeout_connect(Some(Duration::from_secs(15)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .timeout_per_read(Some(Duration::from_secs(60)))
            .http_status_as_error(false)
            .build();
        Self(config.into())
    }

    /// Downloads what `download` says, going on from where an earlier attempt or call was cut off, and has the
    /// result checked; once more from the start if an old beginning spoiled it.
    ///
    /// What `check` refuses is removed.
    ///
    /// # Errors
    /// [`FilesError::Refused`], [`FilesError::Broken`] (what came is kept for the next call), those of `check`.
    pub fn fetch<T>(
        &self,
        mut download: Download<'_>,
        check: &dyn Fn(&Received) -> Result<T, FilesError>,
    ) -> Result<T, FilesError> {
        loop {
            let resumed = download.kept() > 0;
            let received = self.receive(&mut download)?;
            match check(&received) {
                Ok(checked) => return Ok(checked),
                Err(wrong) => {
                    std::fs::remove_file(download.part).map_err(FilesError::io("remove", download.part))?;
                    if !resumed {
                        return Err(wrong);
                    }
                }
            }
        }
    }

    fn receive(&self, download: &mut Download<'_>) -> Result<Received, FilesError> {
        let mut reason = String::new();
        for _ in 0..ATTEMPTS {
            match download.attempt(&self.0) {
                Ok(received) => return Ok(received),
                Err(Failure::Broken(why)) => reason = why,
                Err(Failure::Final(reason)) => return Err(FilesError::Refused { reason }),
            }
        }
        Err(FilesError::Broken { reason })
    }
}

/// One file on its way.
pub struct Download<'a> {
    /// Its address.
    pub url: &'a str,
    /// Where the bytes go; see [`part_path`].
    pub part: &'a Path,
    /// More than this is not our file.
    pub max_bytes: u64,
    /// Told how many bytes there are, and of how many if the server says so.
    pub progress: &'a mut dyn FnMut(u64, Option<u64>),
}

/// A file that came whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal digits, taken while it came.
    pub sha256: String,
}

impl Received {
    /// Whether it is the file of this size and SHA-256.
    ///
    /// # Errors
    /// [`FilesError::Content`] when it is not.
    pub fn expect(&self, bytes: u64, sha256: &str) -> Result<(), FilesError> {
        if self.bytes == bytes && self.sha256 == sha256 {
            return Ok(());
        }
        let reason =
            format!("{} bytes with SHA-256 {}, expected {bytes} with {sha256}", self.bytes, self.sha256);
        Err(FilesError::Content { path: self.path.clone(), reason })
    }
}

impl Download<'_> {
    fn kept(&self) -> u64 {
        std::fs::metadata(self.part).map_or(0, |metadata| metadata.len())
    }

    fn attempt(&mut self, agent: &Agent) -> Result<Received, Failure> {
        let kept = self.kept();
        let mut request = agent.get(self.url);
        if kept > 0 {
            request = request.header("Range", format!("bytes={kept}-"));
        }
        let response = request.call().map_err(|error| Failure::Final(error.to_string()))?;
        let start = match response.status().as_u16() {
            206 if range_start(&response) == Some(kept) => kept,
            200 => 0,
            // What is kept is no beginning of this file, or all of it: begin anew.
            206 | 416 if kept > 0 => {
                std::fs::remove_file(self.part).map_err(|error| self.local(&error))?;
                return Err(Failure::Broken(format!("the server cannot go on from byte {kept}")));
            }
            status => return Err(Failure::Final(format!("the server answers {status}"))),
        };
        let length = response.headers().get("content-length");
        let length = length.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let total = length.map(|length| start.saturating_add(length));
        if let Some(total) = total.filter(|&total| total > self.max_bytes) {
            let limit = self.max_bytes;
            return Err(Failure::Final(format!(
                "the file has {total} bytes, and at most {limit} were expected"
            )));
        }
        let mut hash = Sha256::new();
        let file = if start > 0 { self.resume(&mut hash) } else { File::create(self.part) };
        let mut file = file.map_err(|error| self.local(&error))?;
        let bytes =
            self.receive(&mut response.into_body().into_reader(), &mut file, &mut hash, (start, total))?;
        Ok(Received { path: self.part.to_path_buf(), bytes, sha256: to_hex(&hash.finalize()) })
    }

    /// The file, to be appended to, and the hash of what it has.
    fn resume(&self, hash: &mut Sha256) -> io::Result<File> {
        feed(hash, File::open(self.part)?)?;
        OpenOptions::new().append(true).open(self.part)
    }

    fn receive(
        &mut self,
        body: &mut dyn Read,
        file: &mut File,
        hash: &mut Sha256,
        (start, total): (u64, Option<u64>),
    ) -> Result<u64, Failure> {
        let mut done = start;
        let mut buffer = vec![0; 1 << 16];
        loop {
            (self.progress)(done, total);
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) => {
                    return Err(Failure::Broken(format!("the transfer broke at byte {done} ({error})")));
                }
            };
            done += count as u64;
            if done > self.max_bytes {
                let limit = self.max_bytes;
                return Err(Failure::Final(format!("the server sends more than the {limit} bytes expected")));
            }
            hash.update(&buffer[..count]);
            file.write_all(&buffer[..count]).map_err(|error| self.local(&error))?;
        }
        file.sync_all().map_err(|error| self.local(&error))?;
        match total {
            Some(total) if total != done => {
                Err(Failure::Broken(format!("the transfer ended at byte {done} of {total}")))
            }
            _ => Ok(done),
        }
    }

    /// A failure of this machine: no other server helps, but another attempt may (a disk made free).
    fn local(&self, error: &io::Error) -> Failure {
        Failure::Final(format!("{} cannot be written: {error}", self.part.display()))
    }
}

/// The first byte of a partial answer (RFC 9110, section 14.4: `bytes 100-199/200`).
fn range_start<T>(response: &Response<T>) -> Option<u64> {
    let range = response.headers().get("content-range")?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

/// Where the bytes of `url`, a file to be called `name` in `dir`, are kept until they are verified.
///
/// Each address has its own file: the beginning of one source's packing is no use to another.
pub fn part_path(dir: &Path, name: &str, url: &str) -> PathBuf {
    let mut digest = Digest::new("part");
    digest.bytes(url.as_bytes());
    dir.join(format!("{name}.{}.part", &digest.hex()[..8]))
}
