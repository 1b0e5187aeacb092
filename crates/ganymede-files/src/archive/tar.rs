//! The headers of a tar, one behind the other (POSIX.1-1988 ustar, POSIX.1-2001 pax, GNU).

use ::tar::{EntryType, Header, PaxExtensions};

use super::{ArchiveEntry, Fault, Lies, entry};
use crate::shared_file::SharedFile;

const BLOCK: u64 = 512;
/// Names and other facts in entries of their own are not longer.
const MOST_FACTS: u64 = 1 << 20;

/// What entries before a file say of it.
#[derive(Default)]
struct Facts {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    is_sparse: bool,
}

/// The files up to the end mark, in their order.
pub(super) fn entries(file: &SharedFile) -> Result<Vec<ArchiveEntry>, Fault> {
    let end = file.size()?;
    let (mut entries, mut facts, mut at) = (Vec::new(), Facts::default(), 0);
    while let Some(header) = header(file, at, end)? {
        let start = at + BLOCK;
        let kind = header.entry_type();
        let is_fact = kind.is_gnu_longname() || kind.is_pax_local_extensions();
        let claimed = header.entry_size().map_err(Fault::damaged)?;
        let size = facts.size.filter(|_| !is_fact).unwrap_or(claimed);
        let name = || facts.name.clone().unwrap_or_else(|| header.path_bytes().into_owned());
        if size > end - start {
            return Err(Fault::cut_short(String::from_utf8_lossy(&name())));
        }
        if is_fact {
            let content = content(file, start, size)?;
            match kind.is_gnu_longname() {
                true => facts.name = content.split(|&byte| byte == 0).next().map(<[u8]>::to_vec),
                false => facts.of_pax(&content)?,
            }
        } else if !matches!(kind, EntryType::GNULongLink | EntryType::XGlobalHeader) {
            // More of its map lies between header and data, in blocks that its size does not count.
            if header.as_gnu().is_some_and(|gnu| kind.is_gnu_sparse() && gnu.is_extended()) {
                let reason = format!("it holds a file with holes, {}", String::from_utf8_lossy(&name()));
                return Err(Fault::Bad { reason, fix: "pack it again without --sparse" });
            }
            if !matches!(kind, EntryType::Directory) && !name().ends_with(b"/") {
                entries.push(entry(&name(), size, problem(kind, &facts), Lies::Plain(start)));
            }
            facts = Facts::default();
        }
        // The last one may lack the rest of its block; the end mark is then missing, too.
        at = start.saturating_add(size.next_multiple_of(BLOCK));
    }
    Ok(entries)
}

fn problem(kind: EntryType, facts: &Facts) -> Option<String> {
    let words = match kind {
        _ if facts.is_sparse => "a file with holes: pack it again without --sparse",
        EntryType::Regular | EntryType::Continuous => return None,
        EntryType::GNUSparse => "a file with holes: pack it again without --sparse",
        EntryType::Link | EntryType::Symlink => {
            "a link: pack the file itself (tar --dereference --hard-dereference)"
        }
        _ => "not a regular file",
    };
    Some(words.to_owned())
}

/// The header at a place; nothing at the end mark, a block of zeros.
fn header(file: &SharedFile, at: u64, end: u64) -> Result<Option<Header>, Fault> {
    if at >= end {
        return Err(match at {
            0 => Fault::Bad { reason: "it is empty".into(), fix: "give a tar of images" },
            _ => Fault::cut_short("no end mark, after a whole file or in the last one"),
        });
    }
    if end - at < BLOCK {
        return Err(match at {
            0 => no_tar(),
            _ => Fault::cut_short("the header of an entry"),
        });
    }
    let mut header = Header::new_old();
    file.read_at(at, header.as_mut_bytes())?;
    let bytes = header.as_bytes();
    if bytes.iter().all(|&byte| byte == 0) {
        return Ok(None);
    }
    // The sum counts its own field as blanks.
    let sum = bytes.iter().enumerate();
    let sum: u32 = sum.map(|(i, &byte)| u32::from(if (148..156).contains(&i) { b' ' } else { byte })).sum();
    match header.cksum() {
        Ok(claimed) if claimed == sum => Ok(Some(header)),
        _ if at == 0 => Err(no_tar()),
        _ => Err(Fault::damaged(format!("there is no header of an entry at byte {at}"))),
    }
}

fn no_tar() -> Fault {
    let reason = "it is no tar, or one that is packed as a whole".to_owned();
    Fault::Bad { reason, fix: "unpack it once (gunzip, unxz, zstd -d), or give a folder of images" }
}

fn content(file: &SharedFile, start: u64, size: u64) -> Result<Vec<u8>, Fault> {
    if size > MOST_FACTS {
        return Err(Fault::damaged(format!("a name of {size} bytes")));
    }
    let mut content = vec![0; size as usize];
    file.read_at(start, &mut content)?;
    Ok(content)
}

impl Facts {
    fn of_pax(&mut self, content: &[u8]) -> Result<(), Fault> {
        for fact in PaxExtensions::new(content) {
            let fact = fact.map_err(Fault::damaged)?;
            match (fact.key_bytes(), fact.value_bytes()) {
                (b"path", name) => self.name = Some(name.to_vec()),
                (b"size", size) => {
                    let size = std::str::from_utf8(size).ok().and_then(|text| text.parse().ok());
                    self.size = Some(size.ok_or_else(|| Fault::damaged("a size that is no number"))?);
                }
                (key, _) => self.is_sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
        Ok(())
    }
}
