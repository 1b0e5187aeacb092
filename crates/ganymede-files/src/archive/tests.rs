use std::path::{Path, PathBuf};

use super::*;
use crate::testing::{assert_says, encoded_picture, gzip, tar, tar_entry, zip};

fn open(bytes: &[u8], format: ArchiveFormat) -> Result<Archive, FilesError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    Archive::open(file.path(), format)
}

fn opened(bytes: &[u8], format: ArchiveFormat) -> Archive {
    open(bytes, format).unwrap()
}

const FILES: &[(&str, &[u8])] = &[
    ("./b//x.png", b"second"),
    ("b-c.png", b"first, though - comes before /"),
    ("b/", b""),
    ("notes.txt", b"words"),
    (".hidden/a.png", b"no"),
    ("__MACOSX/a.png", b"no"),
    ("a.bmp", b"a bitmap"),
    ("empty.png", b""),
];

#[test]
fn files_are_listed_and_read_where_they_lie() {
    for (bytes, format) in [
        (zip(FILES, false), ArchiveFormat::Zip),
        (zip(FILES, true), ArchiveFormat::Zip),
        (tar(FILES), ArchiveFormat::Tar),
    ] {
        let archive = opened(&bytes, format);
        let (scan, numbers) = archive.scan(Formats::Common);
        let names: Vec<&Path> = scan.files.iter().map(|file| file.relative.as_path()).collect();
        // As paths are sorted, not as bytes.
        assert_eq!(names, ["b/x.png", "b-c.png", "empty.png"].map(Path::new), "{format:?}");
        assert_eq!((scan.skipped.len(), scan.others), (1, 1));
        assert!(scan.skipped[0].path.ends_with("a.bmp") && scan.skipped[0].reason.contains("convert it"));
        assert_eq!(archive.read(numbers[0], 6).unwrap(), b"second");
        assert_eq!(archive.read(numbers[2], 6).unwrap(), b"");
        assert_says(archive.read(numbers[1], 6), &["more than 6 bytes"]);
        assert_says(archive.read(99, 6), &["no such entry"]);
        assert_eq!(archive.find(Path::new("notes.txt")).map(|at| archive.entries()[at].bytes), Some(5));
        assert_eq!(archive.find(Path::new("notes")), None);
        assert_eq!(archive.scan(Formats::All).0.files.len(), 4);
    }
}

#[test]
fn images_are_decoded_from_within() {
    let (png, options) = (encoded_picture(5, 4, image::ImageFormat::Png), DecodeOptions::pil());
    let files: &[(&str, &[u8])] = &[("a.png", &png), ("b.png", b""), ("c.png", b"words")];
    for archive in [opened(&zip(files, true), ArchiveFormat::Zip), opened(&tar(files), ArchiveFormat::Tar)] {
        assert_eq!(archive.decode(0, &options).unwrap().frame.size(), (5, 4));
        assert_says(archive.decode(1, &options), &["empty"]);
        assert_says(archive.decode(2, &options), &["not a PNG"]);
    }
}

/// The place of the n-th record of a kind.
fn record(zip: &[u8], kind: &[u8; 4], n: usize) -> usize {
    (0..zip.len() - 3).filter(|&at| zip[at..].starts_with(kind)).nth(n).unwrap()
}

/// A zip of two files with other bytes at a place of a record.
fn changed(deflated: bool, kind: &[u8; 4], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip(&[("a.png", &[7; 100]), ("b.png", b"content of b")], deflated);
    let at = record(&zip, kind, 0) + at;
    zip[at..at + bytes.len()].copy_from_slice(bytes);
    zip
}

const ENTRY: &[u8; 4] = b"PK\x01\x02";
const LOCAL: &[u8; 4] = b"PK\x03\x04";
const END: &[u8; 4] = b"PK\x05\x06";

#[test]
fn zips_that_cannot_be_listed_are_refused() {
    let whole = zip(&[("a.png", b"a"), ("b.png", b"b")], false);
    let twice = zip(&[("a.png", b"a"), ("./a.png", b"b")], false);
    let after_locator =
        [&whole[..whole.len() - 22], b"PK\x06\x07", &[0xee; 16], &[&whole[whole.len() - 22..]].concat()];
    let mut lost = after_locator.concat();
    let end = lost.len() - 22;
    lost[end + 10..end + 20].fill(0xff);
    let cases: &[(Vec<u8>, &[&str])] = &[
        (b"words".to_vec(), &["no zip", "folder of images"]),
        (Vec::new(), &["no zip"]),
        (whole[..whole.len() - 1].to_vec(), &["cut short", "copy or pack it again"]),
        (whole[..20].to_vec(), &["cut short"]),
        (changed(false, END, 10, &[3, 0]), &["2 entries", "says 3"]),
        (changed(false, END, 16, &[0xff, 0xff, 0, 0]), &["directory lies outside"]),
        (changed(false, END, 12, &[1, 0, 0, 0]), &["damaged"]),
        (changed(false, END, 4, &[1, 0]), &["several parts"]),
        (changed(false, ENTRY, 0, b"XX"), &["an entry that is none"]),
        (changed(false, ENTRY, 28, &[0xff, 0xff]), &["an entry that is none"]),
        (changed(false, ENTRY, 24, &[0xff; 4]), &["size is missing"]),
        (lost, &["end of its directory is not where"]),
        (twice, &["two files called a.png", "one of them"]),
    ];
    for (bytes, words) in cases {
        assert_says(open(bytes, ArchiveFormat::Zip), words);
    }
    // A comment behind the end is none of these, nor what looks like an end in it.
    let mut commented = [&whole[..whole.len() - 2], &[6, 0], b"PK\x05\x06!!"].concat();
    assert_eq!(opened(&commented, ArchiveFormat::Zip).entries().len(), 2);
    commented.extend(b"more");
    assert_eq!(opened(&commented, ArchiveFormat::Zip).entries().len(), 2);
}

#[test]
fn entries_of_a_zip_that_cannot_be_used_say_why() {
    let link = [0, 0, 0xed, 0xa1];
    let cases: &[(Vec<u8>, &[&str])] = &[
        (changed(false, ENTRY, 8, &[1, 0]), &["encrypted", "without a password"]),
        (changed(true, ENTRY, 10, &[12, 0]), &["method 12", "stored or deflated"]),
        (changed(false, ENTRY, 38, &link), &["a link"]),
        (changed(false, ENTRY, 24, &[99, 0]), &["100 bytes are stored, of 99"]),
        (changed(false, ENTRY, 16, &[0; 4]), &["checksum"]),
        (changed(false, ENTRY, 42, &[1, 0]), &["does not lie where"]),
        (changed(false, ENTRY, 42, &[0xff, 0xff, 0xff, 0x7f]), &["cannot be read"]),
        (changed(true, ENTRY, 24, &[99, 0]), &["more bytes than the 99"]),
        (changed(true, ENTRY, 24, &[101, 0]), &["fewer bytes than the 101"]),
        (changed(true, ENTRY, 20, &[2, 0]), &["damaged"]),
        (changed(true, LOCAL, 35, &[0xff; 4]), &["damaged"]),
    ];
    for (bytes, words) in cases {
        let archive = opened(bytes, ArchiveFormat::Zip);
        assert_says(archive.read(0, 1000), words);
        // The other one is as good as ever.
        assert_eq!(archive.read(1, 1000).unwrap(), b"content of b", "{words:?}");
        let skipped = archive.scan(Formats::Common).0.skipped;
        let is_known = archive.entries()[0].problem.is_some();
        assert_eq!(
            skipped.iter().map(|file| file.path.ends_with("a.png")).collect::<Vec<_>>(),
            vec![true; is_known.into()]
        );
    }
}

/// 8 MiB of zeros in 8 KiB: what comes is bounded by what the directory says, and that by the limit.
#[test]
fn a_zip_that_unpacks_to_much_more_is_refused_before() {
    let zeros = vec![0; 8 << 20];
    let bomb = zip(&[("a.png", &zeros)], true);
    let archive = opened(&bomb, ArchiveFormat::Zip);
    let options = DecodeOptions { max_pixels: 1000, ..DecodeOptions::pil() };
    assert_says(archive.decode(0, &options), &["more than 1056576 bytes"]);
    let mut lying = bomb.clone();
    let at = record(&lying, ENTRY, 0) + 24;
    lying[at..at + 4].copy_from_slice(&1000u32.to_le_bytes());
    assert_says(opened(&lying, ArchiveFormat::Zip).decode(0, &options), &["more bytes than the 1000"]);
}

#[test]
fn names_that_lead_elsewhere_are_passed_over() {
    let names = ["../x.png", "a/../../x.png", "/abs.png", "/", "nul\0.png", "..", "good.png"];
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &b"x"[..])).collect();
    for (bytes, format) in [(zip(&files, false), ArchiveFormat::Zip), (tar(&files), ArchiveFormat::Tar)] {
        let archive = opened(&bytes, format);
        let (scan, numbers) = archive.scan(Formats::Common);
        // A name in a tar ends at its byte 0: that file is no image there.
        assert_eq!(numbers.len(), 1, "{format:?}");
        let reasons: Vec<_> =
            scan.skipped.iter().map(|file| (file.path.clone(), file.reason.clone())).collect();
        let outside = |name: &str| {
            let path = PathBuf::from(format!("{}/{name}", archive.path().display()));
            reasons.iter().any(|(at, reason)| *at == path && reason.contains("leads out of the archive"))
        };
        assert!(["../x.png", "a/../../x.png", "/abs.png"].into_iter().all(outside), "{reasons:?}");
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_names() {
    use std::os::unix::ffi::OsStrExt;
    let mut bytes = tar_entry(b"caf\xe9.png", b"x", b'0');
    bytes.extend([0; 1024]);
    let archive = opened(&bytes, ArchiveFormat::Tar);
    assert_eq!(archive.entries()[0].name.as_os_str().as_bytes(), b"caf\xe9.png");
}

#[test]
fn tars_that_cannot_be_listed_are_refused() {
    let files: &[(&str, &[u8])] = &[("a.png", b"content of a"), ("b.png", b"content of b")];
    let whole = tar(files);
    let mut wrong_sum = whole.clone();
    wrong_sum[1024 + 5] ^= 1;
    let mut sparse = ::tar::Header::new_gnu();
    sparse.set_path("x.bin").unwrap();
    sparse.set_entry_type(::tar::EntryType::GNUSparse);
    sparse.set_size(0);
    sparse.as_gnu_mut().unwrap().set_is_extended(true);
    sparse.set_cksum();
    let sparse = [sparse.as_bytes(), &whole[..]].concat();
    let entry = |name: &[u8], content: &[u8], kind| [&tar_entry(name, content, kind), &whole[..]].concat();
    let cases: &[(Vec<u8>, &[&str])] = &[
        (Vec::new(), &["empty"]),
        (b"words".to_vec(), &["no tar"]),
        (vec![b'x'; 5000], &["no tar", "gunzip"]),
        (gzip(&whole), &["no tar", "gunzip"]),
        (whole[..700].to_vec(), &["cut short", "no end mark"]),
        (whole[..515].to_vec(), &["cut short", "ends in a.png"]),
        (whole[..1024].to_vec(), &["cut short", "no end mark"]),
        (whole[..1100].to_vec(), &["cut short", "header of an entry"]),
        (whole[..1540].to_vec(), &["cut short", "ends in b.png", "copy or pack it again"]),
        (whole[..2048].to_vec(), &["cut short", "no end mark"]),
        (wrong_sum, &["damaged", "no header of an entry at byte 1024"]),
        (tar(&[("a.png", b""), ("./a.png", b"")]), &["two files called a.png"]),
        (entry(b"x", &vec![b'x'; (1 << 20) + 1], b'L'), &["a name of 1048577 bytes"]),
        (entry(b"x", b"18 size=no number\n", b'x'), &["a size that is no number"]),
        (entry(b"x", b"26 size=99999999999999999\n", b'x'), &["cut short", "a.png"]),
        (entry(b"x", b"no pax at all", b'x'), &["damaged"]),
        (sparse, &["a file with holes, x.bin", "--sparse"]),
    ];
    for (bytes, words) in cases {
        assert_says(open(bytes, ArchiveFormat::Tar), words);
    }
}

#[test]
fn entries_of_a_tar_that_cannot_be_used_say_why() {
    let cases: &[(&[u8], u8, &str)] = &[
        (b"link.png", b'1', "a link"),
        (b"symlink.png", b'2', "--dereference"),
        (b"device.png", b'3', "not a regular file"),
        (b"sparse.png", b'S', "--sparse"),
        (b"name", b'K', ""),
        (b"facts", b'g', ""),
        (b"folder.png", b'5', ""),
    ];
    for &(name, kind, words) in cases {
        let bytes = [&tar_entry(name, b"", kind), &tar(&[("a.png", b"x")])[..]].concat();
        let archive = opened(&bytes, ArchiveFormat::Tar);
        let (scan, numbers) = archive.scan(Formats::Common);
        assert_eq!((numbers.len(), scan.skipped.len()), (1, usize::from(!words.is_empty())), "{words}");
        assert!(scan.skipped.iter().all(|file| file.reason.contains(words)), "{:?}", scan.skipped);
        assert_eq!(archive.read(numbers[0], 10).unwrap(), b"x");
    }
    // Facts are of the next file alone.
    let facts = [
        tar_entry(b"x", b"22 GNU.sparse.major=1\n14 path=b.png\n", b'x'),
        tar(&[("a.png", b""), ("c.png", b"")]),
    ];
    let archive = opened(&facts.concat(), ArchiveFormat::Tar);
    let names: Vec<_> = archive
        .entries()
        .iter()
        .map(|entry| (entry.name.to_str().unwrap(), entry.problem.is_some()))
        .collect();
    assert_eq!(names, [("b.png", true), ("c.png", false)]);
}

#[test]
fn a_packed_tar_is_unpacked_into_memory_within_a_bound() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("set.tar.gz");
    let whole = tar(FILES);
    let open = |bytes: &[u8], most: u64| {
        std::fs::write(&path, bytes).unwrap();
        Archive::open_tar_gz(&path, most)
    };
    let length = whole.len() as u64;
    let archive = open(&gzip(&whole), length).unwrap();
    assert_eq!(archive.scan(Formats::Common).0.files.len(), 3);
    assert_eq!(archive.read(archive.find(Path::new("b/x.png")).unwrap(), 6).unwrap(), b"second");
    // Several members one behind the other are one stream.
    let (first, second) = whole.split_at(700);
    let members = [gzip(first), gzip(second)].concat();
    assert_eq!(open(&members, length).unwrap().entries().len(), archive.entries().len());
    assert_says(open(&gzip(&whole), length - 1), &["set.tar.gz", "more than", "gunzip"]);
    assert_says(open(&gzip(&whole)[..40], length), &["cut short"]);
    assert_says(open(&b"words".repeat(9), length), &["not packed by gzip"]);
    assert_says(open(&whole, length), &["not packed by gzip"]);
    assert_says(open(&gzip(b"words"), length), &["it is no tar"]);
    assert_says(Archive::open_tar_gz(&dir.path().join("gone.tgz"), 9), &["gone.tgz"]);
}

#[test]
fn an_entry_that_unpacks_to_much_more_than_it_has_is_not_read() {
    // Its size as the directory has it.
    let claims = |bytes: u32| {
        let mut zip = zip(&[("a.png", &[7; 100_000])], true);
        let at = record(&zip, b"PK\x01\x02", 0) + 24;
        zip[at..at + 4].copy_from_slice(&bytes.to_le_bytes());
        let archive = opened(&zip, ArchiveFormat::Zip);
        archive.entries()[0].problem.clone()
    };
    assert_eq!(claims(100_000), None);
    assert_eq!(claims(64 << 20), None);
    assert!(claims((64 << 20) + 1).unwrap().contains("unpacks to 67108865 bytes, more than 100 times"));
}
