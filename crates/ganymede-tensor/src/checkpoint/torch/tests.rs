#![allow(clippy::unwrap_used)]
use std::fs;
use std::io::{Cursor, Write};
use std::path::PathBuf;

use candle_core::DType;
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::super::load_weights;
use super::super::tests::{assert_same, fixture};
use super::*;

const CPU: Device = Device::Cpu;

fn load(file: &str, key: Option<&str>) -> std::result::Result<BTreeMap<String, Tensor>, CheckpointError> {
    load_weights(&fixture(file), key, &CPU)
}

/// The tensors that the generator wrote plain, under a prefix.
fn expected(prefix: &str) -> BTreeMap<String, Tensor> {
    load("expected.safetensors", Some(prefix)).unwrap()
}

#[test]
fn every_format_gives_every_tensor() {
    let expected = expected("full");
    assert_eq!(expected.len(), 23);
    for file in ["full.pth", "full-legacy.tar", "full-protocol4.pt"] {
        assert_same(&load(file, None).unwrap(), &expected);
    }
    let found = load("full.pth", None).unwrap();
    assert!(found.values().all(|t| t.is_contiguous()));
    assert_eq!(found["f16"].dtype(), DType::F16);
    assert_eq!(found["bool"].dtype(), DType::U8);
}

#[test]
fn nested_state_dicts_are_found() {
    let one = expected("one");
    for file in ["nested.pth.tar", "nested-legacy.pth.tar"] {
        for key in [None, Some("checkpoint"), Some("checkpoint.ema"), Some("checkpoint.ema.state_dict")] {
            assert_same(&load(file, key).unwrap(), &one);
        }
        for key in ["checkpoint.ema.gone", "optimizer", "epoch", "gone"] {
            let error = load(file, Some(key)).unwrap_err();
            assert!(
                matches!(&error, CheckpointError::KeyNotFound { available, .. } if available == &["checkpoint.ema.state_dict"]),
                "{error}"
            );
        }
        let weight = load(file, Some("checkpoint.ema.state_dict.main.0.weight")).unwrap();
        assert_same(&weight, &BTreeMap::from([("weight".to_string(), one["main.0.weight"].clone())]));
    }
}

#[test]
fn several_state_dicts_need_a_key() {
    let error = load("pair.pt", None).unwrap_err();
    assert!(
        matches!(&error, CheckpointError::Ambiguous { keys, .. } if keys == &["netG", "netD"]),
        "{error}"
    );
    assert!(error.to_string().contains("`netG`, `netD`"), "{error}");
    assert_same(&load("pair.pt", Some("netG")).unwrap(), &expected("one"));
    assert_same(&load("pair.pt", Some("netD")).unwrap(), &expected("two"));
    let average = load("pair.pt", Some("latent_avg")).unwrap();
    assert_eq!(average["latent_avg"].to_vec1::<f32>().unwrap(), [1., 1., 1.]);
    let error = load("pair.pt", Some("netE")).unwrap_err();
    assert!(error.to_string().contains("`netE`") && error.to_string().contains("`netD`"), "{error}");
}

#[test]
fn prefixes_of_names_and_of_wrappers() {
    assert_same(&load("parallel.pth", None).unwrap(), &expected("one"));
    for key in ["state_dict.generator", "generator"] {
        assert_same(&load("prefixes.ckpt", Some(key)).unwrap(), &expected("one"));
    }
    assert_same(&load("prefixes.ckpt", Some("critic")).unwrap(), &expected("two"));
    assert_eq!(load("prefixes.ckpt", None).unwrap().len(), 4);
    assert!(load("prefixes.ckpt", Some("state_dict.gen")).is_err());
}

#[test]
fn rarer_forms_of_tensors() {
    let attribute = load("attribute.pt", None).unwrap();
    assert_eq!(attribute["t"].to_vec2::<f32>().unwrap(), [[0., 1., 2.], [3., 4., 5.]]);
    for file in ["unsigned.pt", "unsigned-legacy.pt"] {
        let unsigned = load(file, None).unwrap();
        assert_eq!(unsigned["w"].to_vec1::<u32>().unwrap(), [1, 65535]);
        assert_eq!(unsigned["v"].to_vec1::<u32>().unwrap(), [u32::MAX]);
    }
    assert_same(
        &load("old-views.pth", None).unwrap(),
        &BTreeMap::from([(
            "w".to_string(),
            load("expected.safetensors", None).unwrap()["old-views"].clone(),
        )]),
    );
    let error = load("complex.pt", None).unwrap_err();
    assert!(
        matches!(&error, CheckpointError::UnsupportedDtype { dtype, .. } if dtype == "complex64"),
        "{error}"
    );
    assert!(load("conjugate.pt", None).is_err());
    assert!(matches!(load("no-tensors.pt", None).unwrap_err(), CheckpointError::NoStateDict { .. }));
    let error = load("plain-pickle.pkl", None).unwrap_err();
    assert!(error.to_string().contains("not of torch.save"), "{error}");
}

#[test]
fn code_is_refused_by_name() {
    for (file, class) in [
        ("malicious.pt", "posix.system"),
        ("malicious-legacy.pt", "posix.system"),
        ("whole-model.pt", "torch.nn.modules.linear.Linear"),
    ] {
        let error = load(file, None).unwrap_err();
        assert!(matches!(&error, CheckpointError::RefusedClass { class: c, .. } if c == class), "{error}");
        let text = error.to_string();
        assert!(text.contains(file) && text.contains("nothing was executed"), "{text}");
    }
}

/// A zip as torch.save writes it, of a pickle and one storage.
fn archive(pickle: &[u8], storage: &[u8], compressed: bool) -> (TempDir, PathBuf) {
    let method = if compressed { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
    let options = SimpleFileOptions::default().compression_method(method);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("a/data.pkl", pickle), ("a/data/0", storage)] {
        zip.start_file(name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("made.pt");
    fs::write(&file, zip.finish().unwrap().into_inner()).unwrap();
    (dir, file)
}

fn load_pickle(
    pickle: &[u8],
    storage: &[u8],
) -> std::result::Result<BTreeMap<String, Tensor>, CheckpointError> {
    let (_dir, file) = archive(pickle, storage, false);
    load_weights(&file, None, &CPU)
}

/// A tensor in pickle opcodes: integers as text, so that any value can be said.
fn tensor_ops(len: &str, offset: &str, size: &[&str], stride: &[&str]) -> Vec<u8> {
    let ints = |items: &[&str]| items.iter().map(|i| format!("I{i}\n")).collect::<String>();
    let mut ops = b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpu".to_vec();
    ops.extend(format!("I{len}\ntQI{offset}\n({}t({}t\u{0}", ints(size), ints(stride)).bytes());
    ops.pop();
    ops.extend(b"\x89}tR");
    ops
}

/// `{"w": tensor}`
fn state_dict(tensor: &[u8]) -> Vec<u8> {
    [b"\x80\x02}X\x01\0\0\0w", tensor, b"s."].concat()
}

#[test]
fn the_hand_made_pickle_is_sound() {
    let storage: Vec<u8> = (0..6).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let pickle = state_dict(&tensor_ops("6", "1", &["2", "2"], &["3", "1"]));
    let found = load_pickle(&pickle, &storage).unwrap();
    assert_eq!(found["w"].to_vec2::<f32>().unwrap(), [[1., 2.], [4., 5.]]);
}

#[test]
fn impossible_tensors_are_refused() {
    let huge = "9223372036854775807";
    let cases: [(&str, &str, &[&str], &[&str]); 10] = [
        ("6", "0", &["7"], &["1"]),
        ("6", "6", &["1"], &["1"]),
        ("6", "-1", &["1"], &["1"]),
        ("6", huge, &["2"], &["1"]),
        ("6", "0", &["2"], &[huge]),
        ("6", "0", &["2", "2"], &["1"]),
        ("6", "0", &["-2"], &["1"]),
        ("6", "0", &[huge, huge], &["0", "0"]),
        ("3", "0", &["6"], &["1"]),
        ("60", "0", &["60"], &["1"]),
    ];
    for (len, offset, size, stride) in cases {
        let error = load_pickle(&state_dict(&tensor_ops(len, offset, size, stride)), &[0; 24]).unwrap_err();
        assert!(
            matches!(error, CheckpointError::BadTensor { .. } | CheckpointError::NotTorch { .. }),
            "{len} {offset} {size:?} {stride:?}: {error}"
        );
    }
    let many = vec!["1"; 17];
    assert!(load_pickle(&state_dict(&tensor_ops("6", "0", &many, &many)), &[0; 24]).is_err());
}

#[test]
fn small_files_cannot_ask_for_much_memory() {
    // One number, repeated a hundred million times.
    let repeated = state_dict(&tensor_ops("1", "0", &["100000000"], &["0"]));
    let error = load_pickle(&repeated, &[0; 4]).unwrap_err();
    assert!(error.to_string().contains("far more memory"), "{error}");
    // Many tensors over one storage: 300 of 1 MiB from a file of 1 MiB.
    let mut pickle = b"\x80\x02}".to_vec();
    for i in 0..300 {
        pickle.extend(format!("X\x03\0\0\0{i:03}").bytes());
        pickle.extend(tensor_ops("262144", "0", &["262144"], &["1"]));
        pickle.push(b's');
    }
    pickle.push(b'.');
    let error = load_pickle(&pickle, &vec![0; 1 << 20]).unwrap_err();
    assert!(error.to_string().contains("far more memory"), "{error}");
    // A storage that unpacks to a thousand times its size.
    let (_dir, file) =
        archive(&state_dict(&tensor_ops("20000000", "0", &["2"], &["1"])), &vec![0; 80_000_000], true);
    assert!(fs::metadata(&file).unwrap().len() < 1_000_000);
    let error = load_weights(&file, None, &CPU).unwrap_err();
    assert!(error.to_string().contains("larger than the file can hold"), "{error}");
}

#[test]
fn hostile_pickles_end_in_errors() {
    let deep_lists = [vec![b']'; 1_000_000], vec![b'a'; 999_999], b".".to_vec()].concat();
    let deep_tuples = [vec![b')'], vec![0x85; 1_000_000], b".".to_vec()].concat();
    let deep_dicts =
        [b"}X\x01\0\0\0k".repeat(300_000), b"N".to_vec(), vec![b's'; 300_000], b".".to_vec()].concat();
    let marks = vec![b'('; 1_000_000];
    let cases: [(&str, &[u8]); 21] = [
        ("", b""),
        ("", b"\x80\x02"),
        ("no state dict", &deep_lists),
        ("no state dict", &deep_tuples),
        ("no state dict", &deep_dicts),
        ("", &marks),
        // A list and a dictionary that hold themselves.
        ("no state dict", b"]q\0h\0a."),
        ("no state dict", b"}q\0X\x01\0\0\0kh\0s."),
        ("ends too early", b"X\xff\xff\xff\x00short"),
        ("longer than", b"X\xff\xff\xff\xffshort"),
        ("longer than", b"\x8d\xff\xff\xff\xff\xff\xff\xff\xffshort"),
        ("longer than", b"\x8b\xff\xff\xff\xff"),
        ("refers to nothing", b"h\x07."),
        ("stack", b"."),
        ("stack", b"(K\x01t0."),
        ("no value", b"}(K\x01u."),
        ("calls what is no class", b"K\x01)R."),
        ("opcode", b"\xff."),
        ("no list", b"}K\x01a."),
        ("does not end", &[b'c'; 10_000]),
        ("a storage", b"(X\x06\0\0\0moduleNNNNtQ."),
    ];
    for (reason, pickle) in cases {
        let error = load_pickle(pickle, b"").unwrap_err().to_string();
        assert!(error.contains(reason), "{:?}…: {error}", &pickle[..pickle.len().min(12)]);
    }
}

#[test]
fn every_way_to_name_a_class_is_checked() {
    for pickle in [
        &b"\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R."[..],
        b"\x80\x04\x8c\x02os\x8c\x06system\x93X\x04\0\0\0true\x85R.",
        b"\x80\x02cbuiltins\neval\nX\x01\0\0\x001\x85R.",
        b"\x80\x02cbuiltins\ngetattr\n.",
        b"\x80\x02c__builtin__\nexec\n.",
        b"\x80\x02cnumpy.core.multiarray\nload\n.",
        b"\x80\x02ctorch\nload\n.",
        b"\x80\x02ctorch._utils\n_import_dotted_name\n.",
        b"\x80\x02ccollections\nOrderedDict.__init__\n.",
    ] {
        let error = load_pickle(pickle, b"").unwrap_err();
        assert!(matches!(error, CheckpointError::RefusedClass { .. }), "{error}");
    }
    // Instances of old-style classes and extension codes have no business here at all.
    for pickle in [&b"\x80\x02(ios\nsystem\n."[..], b"\x80\x02(o.", b"\x80\x02\x82\x01.", b"\x80\x02P1\n."] {
        let error = load_pickle(pickle, b"").unwrap_err();
        assert!(error.to_string().contains("opcode"), "{error}");
    }
}

#[test]
fn shared_dictionaries_are_searched_once() {
    // Each level refers to the one below twice: 2^60 paths.
    let mut pickle = b"\x80\x02}q\0".to_vec();
    for level in 1..60u8 {
        pickle.extend([b'}', b'q', level]);
        for name in [b'a', b'b'] {
            pickle.extend([b'X', 1, 0, 0, 0, name, b'h', level - 1, b's']);
        }
    }
    pickle.push(b'.');
    assert!(matches!(load_pickle(&pickle, b"").unwrap_err(), CheckpointError::NoStateDict { .. }));
}

#[test]
fn storages_must_be_there_and_whole() {
    let pickle = state_dict(&tensor_ops("6", "0", &["6"], &["1"]));
    let error = load_pickle(&pickle, &[0; 20]).unwrap_err();
    assert!(error.to_string().contains("beyond its storage"), "{error}");
    let missing: Vec<u8> = pickle
        .windows(6)
        .position(|w| w == b"X\x01\0\0\x000")
        .map(|at| {
            let mut copy = pickle.clone();
            copy[at + 5] = b'9';
            copy
        })
        .unwrap();
    let error = load_pickle(&missing, &[0; 24]).unwrap_err();
    assert!(error.to_string().contains("`a/data/9` is missing"), "{error}");
    // One bit of a number, and an entry that claims to be longer than the file.
    let (_dir, file) = archive(&pickle, &[7; 24], false);
    let whole = fs::read(&file).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.windows(24).position(|w| w == [7; 24]).unwrap() + 5] ^= 1;
    fs::write(&file, damaged).unwrap();
    let error = load_weights(&file, None, &CPU).unwrap_err();
    assert!(error.to_string().contains("`a/data/0` is damaged"), "{error}");
    let mut longer = whole.clone();
    // Both sizes in the central directory, which ends with the name.
    let name = whole.windows(8).rposition(|w| w == b"a/data/0").unwrap();
    for size in [name - 26, name - 22] {
        longer[size..size + 4].copy_from_slice(&5000_u32.to_le_bytes());
    }
    fs::write(&file, longer).unwrap();
    let error = load_weights(&file, None, &CPU).unwrap_err();
    assert!(error.to_string().contains("cut short") || error.to_string().contains("too early"), "{error}");
}

#[test]
fn a_folder_and_an_empty_file_are_told_from_weights() {
    let dir = tempfile::tempdir().unwrap();
    let error = load_weights(dir.path(), None, &CPU).unwrap_err();
    assert!(error.to_string().contains("directory"), "{error}");
    let file = dir.path().join("empty.pth");
    fs::write(&file, b"").unwrap();
    let error = load_weights(&file, None, &CPU).unwrap_err();
    assert!(error.to_string().contains("it is empty"), "{error}");
}

#[test]
fn cut_short_or_damaged_files_never_panic() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("cut.pth");
    for name in ["full.pth", "full-legacy.tar", "nested.pth.tar", "old-views.pth"] {
        let bytes = fs::read(fixture(name)).unwrap();
        // Not every length of every file: it is the same code again and again.
        for len in (1..bytes.len()).step_by(bytes.len() / 500 + 1) {
            fs::write(&file, &bytes[..len]).unwrap();
            assert!(load_weights(&file, None, &CPU).is_err(), "{name}: {len} of {}", bytes.len());
        }
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            usize::try_from(state >> 33).unwrap()
        };
        for _ in 0..500 {
            let mut copy = bytes.clone();
            for _ in 0..1 + next() % 3 {
                let at = next() % copy.len();
                copy[at] = next() as u8;
            }
            fs::write(&file, copy).unwrap();
            // Numbers may change unnoticed: these formats of old have no checksum.
            let _ = load_weights(&file, None, &CPU);
        }
    }
}
