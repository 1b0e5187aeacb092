use std::path::{Path, PathBuf};

use image::ImageFormat;

use super::labels::MOST_CLASSES;
use crate::error::DatasetError;
use crate::open::{CacheUse, Opened, open};
use crate::options::OpenOptions;
use crate::testing::{assert_says, encoded_picture, gzip, put, tar, tar_entry, zip};

/// Files of a folder, a zip or a tar.
type Files<'a> = Vec<(&'a str, Vec<u8>)>;
/// Files beside others.
type Beside<'a> = &'a [(&'a str, &'a [u8])];

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn options(&self) -> OpenOptions {
        OpenOptions {
            resolution: Some(8),
            cache_dir: Some(self.0.path().join("cache")),
            ..OpenOptions::default()
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn open(&self, name: &str) -> Result<Opened, DatasetError> {
        open(self.path(name).to_str().unwrap(), &self.options())
    }

    fn open_bytes(&self, name: &str, bytes: &[u8]) -> Result<Opened, DatasetError> {
        put(self.0.path(), name, bytes);
        self.open(name)
    }

    fn put_all(&self, folder: &str, files: &Files<'_>) {
        files.iter().for_each(|(name, content)| put(&self.path(folder), name, content));
    }
}

fn of(files: &Files<'_>) -> Vec<(&'static str, Vec<u8>)> {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, content)| (*name, &content[..])).collect();
    vec![("set.zip", zip(&files, true)), ("set.tar", tar(&files))]
}

fn png(side: u32) -> Vec<u8> {
    encoded_picture(side, side, ImageFormat::Png)
}

fn levels(opened: &Opened, index: usize) -> Vec<u8> {
    let mut out = vec![0; opened.dataset.shape().iter().product()];
    opened.dataset.read_bytes(index, &mut out).unwrap();
    out
}

fn classes(opened: &Opened) -> Vec<u32> {
    (0..opened.dataset.len()).filter_map(|index| opened.dataset.label(index)).collect()
}

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/archives").join(name);
    std::fs::read(path).unwrap()
}

/// The picture that `gen.py` draws.
fn drawn(image: usize) -> Vec<u8> {
    let level = |i: usize| 37 * image + 11 * (i / 64) + 5 * (i / 8 % 8) + 3 * (i % 8);
    (0..3 * 64).map(|i| (level(i) % 256) as u8).collect()
}

#[test]
fn archives_of_other_programs_are_read_as_they_are() {
    let place = Place::new();
    // A zip whose end says that all is in its long form, as it is from 65,535 files or 4 GiB on.
    let mut long = fixture("zip64.zip");
    let end = long.len() - 22;
    long[end + 8..end + 20].fill(0xff);
    let all = [
        ("stylegan.zip", fixture("stylegan.zip"), &[2, 0, 1, 2, 0][..]),
        ("vectors.zip", fixture("vectors.zip"), &[]),
        ("zip64.zip", fixture("zip64.zip"), &[]),
        ("long.zip", long, &[]),
        ("samples.tar", fixture("samples.tar"), &[2, 0, 1, 2, 0]),
        ("long.tar", fixture("long.tar"), &[]),
        ("pax.tar", fixture("pax.tar"), &[]),
    ];
    for (name, bytes, wanted) in all {
        let opened = place.open_bytes(name, &bytes).unwrap();
        assert_eq!((opened.dataset.name(), opened.dataset.shape()), (name, &[3, 8, 8][..]));
        assert_eq!((opened.dataset.len(), &opened.skipped[..]), (5, &[][..]), "{name}");
        (0..5).for_each(|index| assert_eq!(levels(&opened, index), drawn(index), "{name} {index}"));
        assert_eq!(classes(&opened), wanted, "{name}");
        let names: Vec<&str> = if wanted.is_empty() { vec![] } else { vec!["0", "1", "2"] };
        assert_eq!(opened.dataset.class_names(), names);
        if name == "vectors.zip" {
            let mut vector = [0.0; 3];
            opened.dataset.read_condition(3, &mut vector).unwrap();
            assert_eq!((opened.dataset.condition_shape(), vector), (Some(&[3][..]), [1.5, -3.0, 1.0]));
        }
        let again = place.open(name).unwrap();
        assert!(matches!(again.cache, CacheUse::Hit(_)), "{:?}", again.cache);
        assert_eq!(again.dataset.content_hash(), opened.dataset.content_hash());
        assert_eq!(classes(&again), wanted);
    }
}

#[test]
fn an_archive_is_the_folder_that_it_would_unpack_to() {
    let place = Place::new();
    let files: Files<'_> = vec![
        ("b/x.png", png(8)),
        ("a-c/d.jpg", encoded_picture(9, 9, ImageFormat::Jpeg)),
        ("a/empty.png", vec![]),
        ("a/y.webp", encoded_picture(12, 8, ImageFormat::WebP)),
        ("a/words.txt", b"words".to_vec()),
        ("b/old.gif", b"GIF89a".to_vec()),
    ];
    place.put_all("folder", &files);
    let folder = place.open("folder").unwrap();
    assert_eq!(
        (folder.dataset.class_names(), classes(&folder)),
        (&["a", "a-c", "b"].map(String::from)[..], vec![0, 1, 2])
    );
    for (name, bytes) in of(&files) {
        let archive = place.open_bytes(name, &bytes).unwrap();
        assert_eq!(archive.dataset.content_hash(), folder.dataset.content_hash(), "{name}");
        let relative = |opened: &Opened, root: &str| -> Vec<(PathBuf, String)> {
            let relative = |path: &Path| path.strip_prefix(place.path(root)).unwrap().to_path_buf();
            opened.skipped.iter().map(|file| (relative(&file.path), file.reason.clone())).collect()
        };
        assert_eq!(relative(&archive, name).len(), 2);
        // A tar may hold more formats.
        let [ours, theirs] = [relative(&archive, name), relative(&folder, "folder")];
        assert!(ours.iter().zip(&theirs).all(|(ours, theirs)| ours.0 == theirs.0), "{ours:?}");
        let strict = OpenOptions { strict: true, ..place.options() };
        let path = place.path(name);
        assert_says(
            open(path.to_str().unwrap(), &strict),
            &["2 file(s)", "a/empty.png", "the file is empty"],
        );
    }
}

#[test]
fn labels_of_dataset_json_take_the_place_of_folders() {
    let place = Place::new();
    let json =
        br#"{"more": [1], "labels": [["a/2.png", 0], ["b/broken.png", 1], ["a/1.png", 3], ["a/no.gif", 1]]}"#;
    let files: Files<'_> = vec![
        ("a/1.png", png(8)),
        ("a/2.png", png(9)),
        ("a/no.gif", b"GIF".to_vec()),
        ("b/broken.png", b"words".to_vec()),
        ("dataset.json", json.to_vec()),
    ];
    place.put_all("folder", &files);
    let folder = place.open("folder").unwrap();
    assert_eq!((classes(&folder), folder.dataset.class_names().len()), (vec![3, 0], 4));
    let mut archives = of(&files);
    // Of a tar, a GIF is no image either.
    for (name, bytes) in archives.drain(..) {
        let archive = place.open_bytes(name, &bytes).unwrap();
        assert_eq!(archive.dataset.content_hash(), folder.dataset.content_hash(), "{name}");
    }
    // Other labels are other data, whatever is kept.
    put(&place.path("folder"), "dataset.json", br#"{"labels": null}"#);
    let unlabelled = place.open("folder").unwrap();
    assert_eq!((unlabelled.dataset.class_names().len(), unlabelled.dataset.label(0)), (0, None));
    assert_ne!(unlabelled.dataset.content_hash(), folder.dataset.content_hash());
    // Vectors that are given besides come before those of the file.
    put(
        &place.path("folder"),
        "dataset.json",
        br#"{"labels": [["a/1.png", [1]], ["a/2.png", [2]], ["b/broken.png", [3]]]}"#,
    );
    let vectors = place.open("folder").unwrap().dataset;
    let mut out = [0.0];
    vectors.read_condition(1, &mut out).unwrap();
    assert_eq!((out, vectors.len()), ([2.0], 2));
    let path = place.path("given.npy");
    std::fs::write(&path, crate::testing::npy("<f4", &[2, 2], &[5.0, 6.0, 7.0, 8.0])).unwrap();
    let given = OpenOptions { vectors: Some(path), ..place.options() };
    let given = open(place.path("folder").to_str().unwrap(), &given).unwrap().dataset;
    assert_eq!(given.condition_shape(), Some(&[2][..]));
}

#[test]
fn labels_that_do_not_fit_are_refused() {
    let place = Place::new();
    let long = format!(r#"{{"labels": [["a.png", {:?}], ["b.png", [0]]]}}"#, vec![0; 65_537]);
    let beyond = format!(r#"{{"labels": [["a.png", {MOST_CLASSES}], ["b.png", 0]]}}"#);
    let cases: &[(&str, &[&str])] = &[
        ("", &["not what it should be", "dataset_tool.py", "null", "or remove it"]),
        ("words", &["not what it should be", "line 1"]),
        ("[]", &["not what it should be"]),
        ("{}", &["missing field `labels`"]),
        (r#"{"labels": 3}"#, &["expected a sequence"]),
        (r#"{"labels": {"a.png": 1}}"#, &["expected a sequence"]),
        (r#"{"labels": []}"#, &["no label of `a.png`", "2 of 2"]),
        (r#"{"labels": [["b.png", 1]]}"#, &["no label of `a.png`", "1 of 2"]),
        (r#"{"labels": [["a.png", 1], ["b.png", 1], ["c.png", 1]]}"#, &["labels `c.png`", "no such image"]),
        (r#"{"labels": [["a.png", 1], ["b.png", 1], ["../x", 1]]}"#, &["labels `../x`", "no such image"]),
        (r#"{"labels": [["a.png", 1], ["b.png", 1], ["a.png", 1]]}"#, &["labels `a.png` twice"]),
        (r#"{"labels": [["a.png", 1, 2], ["b.png", 1]]}"#, &["not what it should be"]),
        (r#"{"labels": [["a.png"], ["b.png", 1]]}"#, &["not what it should be"]),
        (r#"{"labels": [["a.png", -1], ["b.png", 1]]}"#, &["`-1`", "from 0 to 65535"]),
        (r#"{"labels": [["a.png", 1.5], ["b.png", 1]]}"#, &["`1.5`", "whole number"]),
        (r#"{"labels": [["a.png", null], ["b.png", 1]]}"#, &["null", "whole number"]),
        (r#"{"labels": [["a.png", "cat"], ["b.png", 1]]}"#, &["cat", "whole number"]),
        (r#"{"labels": [["a.png", true], ["b.png", 1]]}"#, &["true", "whole number"]),
        (&beyond, &["beyond that", "from 0 to 65535"]),
        (r#"{"labels": [["a.png", 1], ["b.png", [1]]]}"#, &["`b.png` has a vector", "a class"]),
        (r#"{"labels": [["a.png", [1]], ["b.png", 1]]}"#, &["`b.png` has a class", "a vector"]),
        (r#"{"labels": [["a.png", [1]], ["b.png", [1, 2]]]}"#, &["`b.png`", "of 2 numbers", "one of 1"]),
        (r#"{"labels": [["a.png", []], ["b.png", []]]}"#, &["`a.png`", "of 0 numbers"]),
        (r#"{"labels": [["a.png", [1]], ["b.png", [1e99]]]}"#, &["`b.png`", "infinite"]),
        (r#"{"labels": [["a.png", [1]], ["b.png", [NaN]]]}"#, &["not what it should be"]),
        (&long, &["of 65537 numbers", "1 to 65536"]),
    ];
    for (json, words) in cases {
        let files: Files<'_> =
            vec![("a.png", png(8)), ("b.png", png(8)), ("dataset.json", json.as_bytes().to_vec())];
        place.put_all("folder", &files);
        let words = [&["dataset.json"], *words].concat();
        assert_says(place.open("folder"), &words);
        for (name, bytes) in of(&files) {
            assert_says(place.open_bytes(name, &bytes), &[&words[..], &[name]].concat());
        }
    }
    let files: Files<'_> =
        vec![("a.png", png(8)), ("dataset.json", br#"{"labels": [["a.png", [1, 2]]]}"#.to_vec())];
    let tight = OpenOptions { max_memory_bytes: 7, ..place.options() };
    put(place.0.path(), "set.zip", &of(&files)[0].1);
    assert_says(open(place.path("set.zip").to_str().unwrap(), &tight), &["8 bytes of memory", "limit is 7"]);
}

#[test]
fn samples_of_a_tar_have_their_class_beside_them() {
    let place = Place::new();
    let with = |beside: &[(&'static str, &[u8])]| {
        let mut files: Files<'_> =
            vec![("x/a.png", png(8)), ("x/b.v2.png", png(9)), ("a.txt", b"words".to_vec())];
        files.extend(beside.iter().map(|(name, content)| (*name, content.to_vec())));
        of(&files).remove(1).1
    };
    let wanted: &[(Beside, &[u32])] = &[
        (&[("x/a.cls", b"3"), ("x/b.cls", b" 0\n")], &[3, 0]),
        (&[("x/a.CLS", b"3"), ("x/b.cls", b"1"), ("x/a.json", b"{\"cls\": 7}")], &[3, 1]),
        (
            &[("x/a.json", b"{\"label\": 2, \"more\": []}"), ("x/b.json", b"{\"cls\": 1, \"label\": 9}")],
            &[2, 1],
        ),
        // Neither a class nor beside an image.
        (&[("x/a.json", b"{\"caption\": \"cat\"}"), ("x/b.json", b"[]")], &[]),
        (&[("other.json", b"words"), ("other.cls", b"words")], &[]),
        (&[("x/b.json", b"{}"), ("x/b.jpeg", b"")], &[]),
        (&[("x/a.json", b"{\"cls\": 0}"), ("x/b.json", b"{\"cls\": 1}"), ("all.json", b"words")], &[0, 1]),
    ];
    for (beside, classes_wanted) in wanted {
        let opened = place.open_bytes("set.tar", &with(beside)).unwrap();
        assert_eq!((opened.dataset.len(), &classes(&opened)[..]), (2, *classes_wanted), "{beside:?}");
    }
    let cases: &[(Beside, &[&str])] = &[
        (&[("x/a.cls", b"3")], &["set.tar", "`x/b.v2.png` has no class", "all have a class"]),
        (&[("x/a.json", b"{\"cls\": 3}")], &["`x/b.v2.png` has no class"]),
        (&[("x/a.json", b"{}"), ("x/b.json", b"{\"cls\": 3}")], &["`x/a.png` has no class"]),
        (&[("x/a.cls", b"3"), ("x/b.cls", b"3"), ("x/c.cls", b"3")], &["`x/c.cls` belongs to no image"]),
        (&[("x/a.cls", b"3"), ("x/b.cls", b"3"), ("x/b.jpg", b"")], &["`x/b.v2.png` is a second image"]),
        (&[("x/a.cls", b"3"), ("x/b.cls", b"-1")], &["set.tar/x/b.cls", "no class", "from 0 to 65535"]),
        (&[("x/a.cls", b"3"), ("x/b.cls", b"")], &["x/b.cls", "no class"]),
        (&[("x/a.cls", b"3"), ("x/b.cls", b"\xff")], &["x/b.cls", "no class"]),
        (&[("x/a.cls", b"3"), ("x/b.cls", b"65536")], &["x/b.cls", "from 0 to 65535"]),
        (&[("x/a.cls", b"3"), ("x/b.cls", &[b' '; (1 << 20) + 1])], &["x/b.cls", "more than 1048576 bytes"]),
        (&[("x/a.json", b"{\"cls\": \"cat\"}"), ("x/b.json", b"{}")], &["x/a.json", "its class is \"cat\""]),
        (&[("x/a.json", b"{"), ("x/b.json", b"{}")], &["x/a.json", "no JSON"]),
    ];
    for (beside, words) in cases {
        assert_says(place.open_bytes("set.tar", &with(beside)), words);
    }
    // In a zip, as in a folder, these are files of no use.
    let files: Files<'_> = vec![("a.png", png(8)), ("a.cls", b"3".to_vec())];
    assert!(classes(&place.open_bytes("set.zip", &of(&files)[0].1).unwrap()).is_empty());
}

#[test]
fn a_folder_of_tars_is_one_set() {
    let place = Place::new();
    let shard = |classes: [&[u8]; 2], first: u32| {
        tar(&[
            ("k.png", &png(first)),
            ("k.cls", classes[0]),
            ("j.png", &png(first + 1)),
            ("j.cls", classes[1]),
        ])
    };
    put(&place.path("set"), "s-1.tar", &shard([b"0", b"1"], 11));
    put(&place.path("set"), "s-0.TAR", &shard([b"2", b"3"], 9));
    put(&place.path("set"), "readme.txt", b"words");
    let set = place.open("set").unwrap();
    assert_eq!((set.dataset.name(), classes(&set)), ("set", vec![3, 2, 1, 0]));
    let one = place.open("set/s-1.tar").unwrap();
    assert_eq!([levels(&set, 2), levels(&set, 3)], [levels(&one, 0), levels(&one, 1)]);
    assert!(matches!(place.open("set").unwrap().cache, CacheUse::Hit(_)));
    // A shard that is changed is another set; one that is cut short is named.
    put(&place.path("set"), "s-2.tar", &shard([b"0", b"1"], 13));
    assert_eq!(place.open("set").unwrap().dataset.len(), 6);
    put(&place.path("set"), "s-2.tar", &shard([b"0", b"1"], 13)[..3000]);
    assert_says(place.open("set"), &["s-2.tar", "cut short"]);
    // Beside images they are files of another kind.
    put(&place.path("set"), "a.png", &png(8));
    assert_eq!(place.open("set").unwrap().dataset.len(), 1);
    put(&place.path("none"), "empty.tar", &tar(&[]));
    assert_says(place.open("none"), &["none", "it is empty"]);
}

#[test]
fn archives_without_use_say_what_they_hold() {
    let place = Place::new();
    let nothing = |bytes: &[u8], name: &str| place.open_bytes(name, bytes);
    for (format, pack) in [
        ("zip", &(|files: &[(&str, &[u8])]| zip(files, false)) as &dyn Fn(&[(&str, &[u8])]) -> Vec<u8>),
        ("tar", &tar),
    ] {
        let name = format!("set.{format}");
        assert_says(nothing(&pack(&[]), &name), &[&name, "it is empty"]);
        assert_says(
            nothing(&pack(&[("a.txt", b""), ("b", b"")]), &name),
            &[&name, "2 file(s), none of them an image"],
        );
        assert_says(
            nothing(&pack(&[("a.png", b""), ("../b.png", b"")]), &name),
            &["none of its 2 image(s)", "leads out"],
        );
        assert_says(nothing(b"words", &name), &[&name, &format!("no {format}")]);
        let whole = pack(&[("a.png", &png(8)), ("b.png", &png(8))]);
        assert_says(
            nothing(&whole[..whole.len() / 2], &name),
            &[&name, "cut short", "copy or pack it again"],
        );
        assert_says(nothing(&pack(&[("a.png", b""), ("./a.png", b"")]), &name), &["two files called a.png"]);
        let deep = png(8);
        let good = nothing(&pack(&[("a.png", &deep), ("../../etc/b.png", &deep)]), &name).unwrap();
        assert_eq!((good.dataset.len(), good.skipped.len()), (1, 1));
    }
    let packed = gzip(&tar(&[("a.png", &png(8))]));
    assert_says(place.open_bytes("set.tar", &packed), &["packed as a whole", "gunzip"]);
    assert_says(place.open_bytes("set.tar.gz", &packed), &["set.tar.gz"]);
    let pairs =
        OpenOptions { pairs: Some(crate::Pairs::SideBySide(crate::Direction::AtoB)), ..place.options() };
    assert_says(open(place.path("set.tar").to_str().unwrap(), &pairs), &["only a folder of images"]);
    // Neither is anything written where a name leads.
    assert!(!place.path("../etc/b.png").exists());
    let link = [tar_entry(b"l.png", b"", b'2'), tar(&[("a.png", &png(8))])].concat();
    let opened = place.open_bytes("set.tar", &link).unwrap();
    assert_eq!((opened.dataset.len(), opened.skipped[0].reason.contains("a link")), (1, true));
}
