//! Archives made on the spot.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// A zip of such files, each as it is or deflated.
pub fn zip(files: &[(&str, &[u8])], deflated: bool) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let packed = if deflated { deflate(content) } else { content.to_vec() };
        // Version, flags, method, time and date.
        let mut facts = vec![20, 0, 0, 0, if deflated { 8 } else { 0 }, 0, 0, 0, 0x21, 0];
        for number in [crate::crc32(content), packed.len() as u32, content.len() as u32, name.len() as u32] {
            facts.extend(number.to_le_bytes());
        }
        let offset = (out.len() as u32).to_le_bytes();
        out.extend([b"PK\x03\x04", &facts[..], name.as_bytes(), &packed].concat());
        directory.extend([b"PK\x01\x02\x14\x00", &facts[..], &[0; 10], &offset, name.as_bytes()].concat());
    }
    let (count, start) = ((files.len() as u16).to_le_bytes(), (out.len() as u32).to_le_bytes());
    let length = (directory.len() as u32).to_le_bytes();
    out.extend(directory);
    out.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &length, &start, &[0, 0]].concat());
    out
}

/// `bytes` without a frame around them.
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A tar of such files, with its end mark of two blocks.
pub fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in files {
        out.extend(tar_entry(name.as_bytes(), content, b'0'));
    }
    out.extend([0; 1024]);
    out
}

/// One entry of a tar, of a kind such as `0` for a file.
pub fn tar_entry(name: &[u8], content: &[u8], kind: u8) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.as_mut_bytes()[156] = kind;
    header.set_cksum();
    let rest = content.len().next_multiple_of(512) - content.len();
    [header.as_bytes(), content, &vec![0; rest]].concat()
}
