//! The directory of a zip, and what it points to (APPNOTE 6.3.10).
//!
//! Not by a library of zips: those keep one of several entries of a name, and a copy of the directory a thread.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::{ArchiveEntry, Fault, Lies, entry};
use crate::hash::crc32;
use crate::shared_file::SharedFile;

const ENTRY: &[u8; 4] = b"PK\x01\x02";
const LOCAL: &[u8; 4] = b"PK\x03\x04";
const END: &[u8; 4] = b"PK\x05\x06";
const END64: &[u8; 4] = b"PK\x06\x06";
const LOCATOR64: &[u8; 4] = b"PK\x06\x07";

/// Fixed parts of the records above, in bytes.
const ENTRY_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;
const END_BYTES: usize = 22;
const END64_BYTES: usize = 56;
const LOCATOR64_BYTES: u64 = 20;
/// A comment may stand behind the end.
const MOST_COMMENT: u64 = 65_535;
/// Some ten million entries.
const MOST_DIRECTORY: u64 = 1 << 30;
/// An entry of more bytes than that, of which each stands for more than [`MOST_RATIO`], is no image.
const LARGE: u64 = 64 << 20;
const MOST_RATIO: u64 = 100;
/// What stands where a number is in the zip64 field.
const IN_ZIP64: u64 = 0xffff_ffff;

/// Where an entry lies, and how it is packed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zipped {
    header: u64,
    packed: u64,
    crc: u32,
    deflated: bool,
}

/// Numbers of a record, little endian. Every place is below the length that its caller checked.
struct Record<'a>(&'a [u8]);

impl Record<'_> {
    fn number<const N: usize>(&self, at: usize) -> u64 {
        self.0[at..at + N].iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
    }

    fn u16(&self, at: usize) -> u64 {
        self.number::<2>(at)
    }

    fn u32(&self, at: usize) -> u64 {
        self.number::<4>(at)
    }

    fn u64(&self, at: usize) -> u64 {
        self.number::<8>(at)
    }
}

/// The files that the directory names, in its order.
pub(super) fn entries(file: &SharedFile) -> Result<Vec<ArchiveEntry>, Fault> {
    let (count, directory) = directory(file)?;
    let mut entries = Vec::new();
    let (mut rest, mut found) = (directory.as_slice(), 0);
    while !rest.is_empty() {
        let (fixed, after) = rest
            .split_at_checked(ENTRY_BYTES)
            .ok_or_else(|| Fault::damaged("its directory ends in an entry"))?;
        let record = Record(fixed);
        let lengths = [28, 30, 32].map(|at| record.u16(at) as usize);
        if !fixed.starts_with(ENTRY) || lengths.iter().sum::<usize>() > after.len() {
            return Err(Fault::damaged("its directory has an entry that is none"));
        }
        let (name, after) = after.split_at(lengths[0]);
        let (extra, after) = after.split_at(lengths[1]);
        rest = &after[lengths[2]..];
        found += 1;
        if !name.ends_with(b"/") {
            entries.push(one(&record, name, extra)?);
        }
    }
    match found == count {
        true => Ok(entries),
        false => Err(Fault::damaged(format!("its directory has {found} entries, and its end says {count}"))),
    }
}

fn one(record: &Record<'_>, name: &[u8], extra: &[u8]) -> Result<ArchiveEntry, Fault> {
    let [mut bytes, mut packed, mut header] = [24, 20, 42].map(|at| record.u32(at));
    let mut large = zip64_field(extra);
    for number in [&mut bytes, &mut packed, &mut header] {
        if *number == IN_ZIP64 {
            let (first, after) = large
                .split_at_checked(8)
                .ok_or_else(|| Fault::damaged("a size is missing in its directory"))?;
            (*number, large) = (Record(first).u64(0), after);
        }
    }
    let (flags, method) = (record.u16(8), record.u16(10));
    let is_link = record.u32(38) >> 16 & 0o170_000 == 0o120_000;
    let problem = match method {
        _ if flags & 1 != 0 => Some("it is encrypted: pack it again without a password".to_owned()),
        _ if is_link => Some("a link: pack the file itself".to_owned()),
        0 if packed != bytes => Some(format!("damaged: {packed} bytes are stored, of {bytes}")),
        8 if bytes > LARGE && bytes / MOST_RATIO > packed => Some(format!(
            "it unpacks to {bytes} bytes, more than {MOST_RATIO} times what it has: pack it again, stored"
        )),
        0 | 8 => None,
        other => Some(format!("it is packed by method {other}: pack it again, stored or deflated")),
    };
    let zipped = Zipped { header, packed, crc: record.u32(16) as u32, deflated: method == 8 };
    Ok(entry(name, bytes, problem, Lies::Zipped(zipped)))
}

/// The content of the field with numbers of 8 bytes; nothing where there is none.
fn zip64_field(mut extra: &[u8]) -> &[u8] {
    while let Some((head, after)) = extra.split_at_checked(4) {
        let (kind, length) = (Record(head).u16(0), Record(head).u16(2) as usize);
        let Some((content, after)) = after.split_at_checked(length) else { break };
        if kind == 1 {
            return content;
        }
        extra = after;
    }
    &[]
}

/// How many entries there are, and the bytes that describe them.
fn directory(file: &SharedFile) -> Result<(u64, Vec<u8>), Fault> {
    let size = file.size()?;
    let (at, end) = end(file, size)?;
    let record = Record(&end);
    let mut place = [record.u16(10), record.u32(12), record.u32(16)];
    let parts = [record.u16(4), record.u16(6)];
    if place[0] == 0xffff || place[1] == IN_ZIP64 || place[2] == IN_ZIP64 {
        place = end64(file, at)?.unwrap_or(place);
    } else if parts != [0, 0] {
        let reason = "it is one of several parts".to_owned();
        return Err(Fault::Bad { reason, fix: "put them together into one zip" });
    }
    let [count, bytes, offset] = place;
    if bytes > MOST_DIRECTORY || offset.checked_add(bytes).is_none_or(|end| end > at) {
        return Err(Fault::damaged("its directory lies outside of it"));
    }
    let mut directory = vec![0; bytes as usize];
    file.read_at(offset, &mut directory)?;
    Ok((count, directory))
}

/// The last record, and where it lies.
fn end(file: &SharedFile, size: u64) -> Result<(u64, Vec<u8>), Fault> {
    let length = size.min(MOST_COMMENT + END_BYTES as u64);
    let mut tail = vec![0; length as usize];
    file.read_at(size - length, &mut tail)?;
    let ends = |at: &usize| {
        let rest = &tail[*at..];
        rest.len() >= END_BYTES
            && rest.starts_with(END)
            && Record(rest).u16(20) as usize <= rest.len() - END_BYTES
    };
    let found = (0..tail.len().saturating_sub(END_BYTES - 1)).rev().find(ends);
    let Some(at) = found else {
        let mut first = Vec::new();
        file.range(0, 4).read_to_end(&mut first)?;
        return Err(match first == LOCAL {
            true => Fault::cut_short("the middle, before its directory"),
            false => Fault::Bad { reason: "it is no zip".into(), fix: "give one, or a folder of images" },
        });
    };
    let record = tail[at..at + END_BYTES].to_vec();
    Ok((size - length + at as u64, record))
}

/// Entries, size and place of the directory in their long form; nothing where an end of the short form has just these
/// numbers.
fn end64(file: &SharedFile, end: u64) -> Result<Option<[u64; 3]>, Fault> {
    let mut locator = [0; LOCATOR64_BYTES as usize];
    let Some(at) = end.checked_sub(LOCATOR64_BYTES) else { return Ok(None) };
    file.read_at(at, &mut locator)?;
    if !locator.starts_with(LOCATOR64) {
        return Ok(None);
    }
    let mut record = [0; END64_BYTES];
    let read = file.read_at(Record(&locator).u64(8), &mut record);
    if read.is_err() || !record.starts_with(END64) {
        return Err(Fault::damaged("the end of its directory is not where it says"));
    }
    Ok(Some([32, 40, 48].map(|at| Record(&record).u64(at))))
}

impl Zipped {
    /// Its bytes, `wanted` of them, whose checksum holds.
    pub(super) fn content(&self, file: &SharedFile, wanted: u64) -> Result<Vec<u8>, String> {
        let damaged = |why: &str| format!("damaged ({why})");
        let mut local = [0; LOCAL_BYTES];
        let read = file.read_at(self.header, &mut local);
        read.map_err(|error| format!("cannot be read ({error})"))?;
        if !local.starts_with(LOCAL) {
            return Err(damaged("it does not lie where the directory says"));
        }
        let names = Record(&local).u16(26) + Record(&local).u16(28);
        let packed = file.range(self.header + LOCAL_BYTES as u64 + names, self.packed);
        let mut bytes = Vec::new();
        // One byte more tells a size that is not true.
        let read = match self.deflated {
            true => DeflateDecoder::new(packed).take(wanted.saturating_add(1)).read_to_end(&mut bytes),
            false => packed.take(wanted).read_to_end(&mut bytes),
        };
        read.map_err(|error| damaged(&error.to_string()))?;
        if bytes.len() as u64 != wanted {
            let what = if bytes.len() as u64 > wanted { "more" } else { "fewer" };
            return Err(damaged(&format!("{what} bytes than the {wanted} that the archive says")));
        }
        if crc32(&bytes) != self.crc {
            return Err(damaged("its checksum does not hold"));
        }
        Ok(bytes)
    }
}
