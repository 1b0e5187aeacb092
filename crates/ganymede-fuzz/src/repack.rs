//! Frames of formats, made to fit what is in them.

use std::io::{Cursor, Read as _, Write as _};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use flate2::{Compression, Crc};
use ganymede_files::events::framed;
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Changes the content.
pub(crate) type Change<'a> = dyn FnMut(&[u8], &mut ChaCha8Rng) -> Vec<u8> + 'a;

/// One entry is changed, and all are written with their right lengths and sums.
pub(crate) fn zip(bytes: &[u8], rng: &mut ChaCha8Rng, change: &mut Change<'_>) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    // The description of the tensors is what matters most.
    let pickle = (0..archive.len()).find(|&i| {
        archive.by_index(i).is_ok_and(|entry| entry.name().is_ok_and(|name| name.ends_with("data.pkl")))
    });
    let changed = match pickle {
        Some(index) if rng.random_range(0..8) > 0 => index,
        _ => rng.random_range(0..archive.len().max(1)),
    };
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).ok()?;
        let name = entry.name().ok()?.into_owned();
        let mut content = Vec::new();
        (&mut entry).take(1 << 20).read_to_end(&mut content).ok()?;
        if index == changed {
            content = change(&content, rng);
        }
        let packed = rng.random_range(0..4) == 0;
        let method = if packed { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        out.start_file(name, SimpleFileOptions::default().compression_method(method)).ok()?;
        out.write_all(&content).ok()?;
    }
    out.finish().ok().map(Cursor::into_inner)
}

/// The content of one chunk is changed; an image's pixels are unpacked for it.
pub(crate) fn png(bytes: &[u8], rng: &mut ChaCha8Rng, change: &mut Change<'_>) -> Option<Vec<u8>> {
    let (magic, mut rest) = bytes.split_at_checked(8)?;
    let mut chunks = Vec::new();
    while let Some((head, after)) = rest.split_at_checked(8) {
        let length = u32::from_be_bytes(head[..4].try_into().ok()?) as usize;
        let (data, after) = after.split_at_checked(length)?;
        chunks.push((head[4..].to_vec(), data.to_vec()));
        rest = after.get(4..)?;
    }
    let changed = rng.random_range(0..chunks.len().max(1));
    let mut out = magic.to_vec();
    for (index, (kind, data)) in chunks.iter().enumerate() {
        let data = match index == changed {
            true if kind == b"IDAT" && rng.random() => {
                rows(data, rng, change).unwrap_or_else(|| change(data, rng))
            }
            true => change(data, rng),
            false => data.clone(),
        };
        out.extend((data.len() as u32).to_be_bytes());
        let mut sum = Crc::new();
        for part in [kind, &data] {
            sum.update(part);
            out.extend(part);
        }
        out.extend(sum.sum().to_be_bytes());
    }
    Some(out)
}

fn rows(data: &[u8], rng: &mut ChaCha8Rng, change: &mut Change<'_>) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    flate2::read::ZlibDecoder::new(data).take(1 << 20).read_to_end(&mut plain).ok()?;
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(&change(&plain, rng)).ok()?;
    packer.finish().ok()
}

/// The header is changed, and its length is right.
pub(crate) fn safetensors(bytes: &[u8], rng: &mut ChaCha8Rng, change: &mut Change<'_>) -> Option<Vec<u8>> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (header, data) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let header = change(header, rng);
    Some([&(header.len() as u64).to_le_bytes(), header.as_slice(), data].concat())
}

/// What gzip packed is unpacked, changed, and packed again; other files are changed as they are.
pub(crate) fn gzip(bytes: &[u8], rng: &mut ChaCha8Rng, change: &mut Change<'_>) -> Option<Vec<u8>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Some(change(bytes, rng));
    }
    let mut plain = Vec::new();
    GzDecoder::new(bytes).take(1 << 20).read_to_end(&mut plain).ok()?;
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(&change(&plain, rng)).ok()?;
    packer.finish().ok()
}

/// One record is changed, and all have their right lengths and sums.
pub(crate) fn records(bytes: &[u8], rng: &mut ChaCha8Rng, change: &mut Change<'_>) -> Option<Vec<u8>> {
    let (mut rest, mut records) = (bytes, Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<8>() {
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (record, after) = after.get(4..)?.split_at_checked(length)?;
        records.push(record.to_vec());
        rest = after.get(4..)?;
    }
    let changed = rng.random_range(0..records.len().max(1));
    records[changed] = change(records.get(changed)?, rng);
    Some(records.iter().flat_map(|record| framed(record)).collect())
}

/// Headers of a tar get the sums that they need.
pub(crate) fn tar(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for block in out.as_chunks_mut::<512>().0 {
        if block[257..262] == *b"ustar" {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    out
}
