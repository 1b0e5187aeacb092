#![allow(clippy::unwrap_used)]
use std::fs;
use std::io;

use candle_core::{DType, Shape};
use half::{bf16, f16};
use tempfile::TempDir;

use super::*;

const CPU: Device = Device::Cpu;

/// Dtype, shape and exact bytes: what "the same tensor" means for files.
pub(super) fn exact(t: &Tensor) -> (DType, Vec<usize>, Vec<u8>) {
    let mut bytes = Vec::new();
    let t = t.contiguous().unwrap();
    stored::encode(&t, |b| -> Result<(), ()> {
        bytes.extend_from_slice(b);
        Ok(())
    })
    .unwrap()
    .unwrap();
    (t.dtype(), t.dims().to_vec(), bytes)
}

#[track_caller]
pub(super) fn assert_same(found: &BTreeMap<String, Tensor>, expected: &BTreeMap<String, Tensor>) {
    let names = |m: &BTreeMap<String, Tensor>| m.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected));
    for (name, tensor) in expected {
        assert_eq!(exact(&found[name]), exact(tensor), "{name}");
    }
}

pub(super) fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pth").join(name)
}

fn sample() -> Checkpoint {
    let all = Tensor::new(&[[1.5f32, -0.0, f32::NAN], [f32::INFINITY, 1e-40, 3.0]], &CPU).unwrap();
    let tensors = [
        ("f32", all.clone()),
        ("transposed", all.t().unwrap()),
        ("row", all.narrow(0, 1, 1).unwrap()),
        ("f64", Tensor::new(&[1e-300f64, 2.0], &CPU).unwrap()),
        ("f16", Tensor::new(&[f16::from_f32(0.5), f16::MAX], &CPU).unwrap()),
        ("bf16", Tensor::new(&[bf16::from_f32(0.5), bf16::MAX], &CPU).unwrap()),
        ("u8", Tensor::new(&[0u8, 255], &CPU).unwrap()),
        ("u32", Tensor::new(&[u32::MAX], &CPU).unwrap()),
        ("i16", Tensor::new(&[i16::MIN], &CPU).unwrap()),
        ("i32", Tensor::new(&[i32::MIN], &CPU).unwrap()),
        ("i64", Tensor::new(&[i64::MIN, 1], &CPU).unwrap()),
        ("scalar", Tensor::new(2.5f64, &CPU).unwrap()),
        ("empty", Tensor::zeros((0, 3), DType::F32, &CPU).unwrap()),
        ("quote \" é \\ /", Tensor::new(&[1f32], &CPU).unwrap()),
        ("large", Tensor::arange(0f32, 100_000., &CPU).unwrap()),
    ];
    let tensors = tensors.map(|(k, v)| (k.to_string(), v)).into();
    let metadata = (0..20).map(|i| (format!("key {i}"), format!("{{\"n\": {i}}}\n"))).collect();
    Checkpoint { tensors, metadata }
}

fn small() -> Checkpoint {
    let w = Tensor::new(&[[1f32, 2.], [3., 4.]], &CPU).unwrap();
    Checkpoint {
        tensors: BTreeMap::from([
            ("w".to_string(), w),
            ("n".to_string(), Tensor::new(&[7i64], &CPU).unwrap()),
        ]),
        metadata: BTreeMap::from([("step".to_string(), "12".to_string())]),
    }
}

fn saved(checkpoint: &Checkpoint) -> (TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("last.safetensors");
    checkpoint.save(&file).unwrap();
    (dir, file)
}

fn names_in(dir: &TempDir) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn round_trip_is_exact() {
    let checkpoint = sample();
    let (_dir, file) = saved(&checkpoint);
    let back = Checkpoint::load(&file, &CPU).unwrap();
    assert_same(&back.tensors, &checkpoint.tensors);
    assert_eq!(back.metadata, checkpoint.metadata);
    assert_same(&load_weights(&file, None, &CPU).unwrap(), &checkpoint.tensors);
    let nothing = Checkpoint::default();
    let (_dir, file) = saved(&nothing);
    assert!(Checkpoint::load(&file, &CPU).unwrap().tensors.is_empty());
}

#[test]
fn equal_content_gives_equal_bytes() {
    let (_dir, first) = saved(&sample());
    let bytes = fs::read(&first).unwrap();
    let again = Checkpoint::load(&first, &CPU).unwrap();
    for checkpoint in [sample(), again] {
        let (_dir, file) = saved(&checkpoint);
        assert!(fs::read(file).unwrap() == bytes);
    }
}

#[test]
fn the_reference_library_reads_it() {
    let checkpoint = sample();
    let (_dir, file) = saved(&checkpoint);
    let bytes = fs::read(file).unwrap();
    let parsed = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let (header, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = metadata.metadata().clone().unwrap();
    assert_eq!(metadata["key 3"], checkpoint.metadata["key 3"]);
    assert_eq!(metadata["ganymede.sha256"].len(), 64);
    assert_eq!(header % 8, 0);
    for (name, tensor) in &checkpoint.tensors {
        let view = parsed.tensor(name).unwrap();
        let (dtype, shape, data) = exact(tensor);
        assert_eq!((view.shape(), view.data()), (&shape[..], &data[..]), "{name}");
        // Aligned in the file: readers that map it need no copy.
        let offset = view.data().as_ptr() as usize - bytes.as_ptr() as usize;
        assert!(offset.is_multiple_of(dtype.size_in_bytes()), "{name} at {offset}");
    }
}

#[test]
fn flipped_bits_are_found_wherever_they_are() {
    let (dir, file) = saved(&small());
    let bytes = fs::read(&file).unwrap();
    let damaged = dir.path().join("damaged.safetensors");
    for at in 0..bytes.len() {
        // The lowest, the one between upper and lower case, and a high one.
        for bit in [0, 5, 6] {
            let mut copy = bytes.clone();
            copy[at] ^= 1 << bit;
            fs::write(&damaged, copy).unwrap();
            assert!(Checkpoint::load(&damaged, &CPU).is_err(), "bit {bit} of byte {at}");
        }
    }
    let last = bytes.len() - 1;
    let mut copy = bytes;
    copy[last] ^= 1;
    fs::write(&damaged, copy).unwrap();
    for error in
        [Checkpoint::load(&damaged, &CPU).unwrap_err(), load_weights(&damaged, None, &CPU).unwrap_err()]
    {
        assert!(matches!(error, CheckpointError::HashMismatch { .. }), "{error}");
        assert!(error.to_string().contains("damaged.safetensors"), "{error}");
    }
}

#[test]
fn every_truncation_is_found() {
    let (dir, file) = saved(&small());
    let bytes = fs::read(&file).unwrap();
    let cut = dir.path().join("cut.safetensors");
    for len in 0..bytes.len() {
        fs::write(&cut, &bytes[..len]).unwrap();
        let error = Checkpoint::load(&cut, &CPU).unwrap_err();
        assert!(
            matches!(error, CheckpointError::Truncated { found, .. } if found == len as u64),
            "{len}: {error}"
        );
        assert!(error.to_string().contains("cut short"), "{error}");
    }
    let mut longer = bytes;
    longer.push(0);
    fs::write(&cut, longer).unwrap();
    let error = Checkpoint::load(&cut, &CPU).unwrap_err();
    assert!(matches!(error, CheckpointError::NotSafetensors { .. }), "{error}");
}

#[test]
fn other_files_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let load = |path: &Path| Checkpoint::load(path, &CPU).unwrap_err();
    let missing = dir.path().join("missing.safetensors");
    assert!(matches!(load(&missing), CheckpointError::NotFound { .. }));
    assert!(load(&missing).to_string().ends_with("missing.safetensors: no such file"));
    assert!(matches!(load(dir.path()), CheckpointError::Io { .. }));
    let text = dir.path().join("text.safetensors");
    fs::write(&text, "this is a text file, and a rather short one").unwrap();
    assert!(matches!(load(&text), CheckpointError::NotSafetensors { .. }));
    let error = load(&fixture("foreign.safetensors"));
    assert!(matches!(error, CheckpointError::HashMissing { .. }), "{error}");
    let error = load_weights(&fixture("complex.safetensors"), None, &CPU).unwrap_err();
    assert!(matches!(&error, CheckpointError::UnsupportedDtype { tensor, .. } if tensor == "w"), "{error}");
}

#[test]
fn a_newer_schema_is_refused() {
    let (_dir, file) = saved(&small());
    let bytes = fs::read(&file).unwrap();
    let (old, new) = (br#""ganymede.schema":"1""#, br#""ganymede.schema":"9""#);
    let at = bytes.windows(old.len()).position(|w| w == old).unwrap();
    let mut copy = bytes;
    copy[at..at + new.len()].copy_from_slice(new);
    fs::write(&file, copy).unwrap();
    let error = Checkpoint::load(&file, &CPU).unwrap_err();
    assert!(matches!(&error, CheckpointError::Schema { found, .. } if found == "9"), "{error}");
}

#[test]
fn what_cannot_be_written_is_refused_before_writing() {
    let (dir, file) = saved(&small());
    let before = fs::read(&file).unwrap();
    let mut reserved = small();
    reserved.metadata.insert("ganymede.sha256".to_string(), String::new());
    assert!(matches!(reserved.save(&file).unwrap_err(), CheckpointError::ReservedName { .. }));
    let mut reserved = small();
    reserved.tensors.insert("__metadata__".to_string(), Tensor::new(1f32, &CPU).unwrap());
    assert!(matches!(reserved.save(&file).unwrap_err(), CheckpointError::ReservedName { .. }));
    let mut narrow = small();
    let eight_bits = Tensor::new(&[1f32], &CPU).unwrap().to_dtype(DType::F8E4M3).unwrap();
    narrow.tensors.insert("x".to_string(), eight_bits);
    let error = narrow.save(&file).unwrap_err();
    assert!(matches!(&error, CheckpointError::UnsupportedDtype { tensor, .. } if tensor == "x"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(names_in(&dir), ["last.safetensors"]);
}

#[test]
fn a_failed_write_leaves_the_old_file_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("state.txt");
    write_atomic(&file, |out| out.write_all(b"old")).unwrap();
    let error = write_atomic(&file, |out| {
        out.write_all(&[b'x'; 100_000])?;
        Err(io::ErrorKind::StorageFull.into())
    })
    .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(fs::read(&file).unwrap(), b"old");
    assert_eq!(names_in(&dir), ["state.txt"]);
    write_atomic(&file, |out| out.write_all(b"new")).unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"new");
    // A folder in the way, a folder that is missing.
    let folder = dir.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let error = small().save(&folder).unwrap_err();
    assert!(matches!(error, CheckpointError::Io { action: "write", .. }), "{error}");
    let error = small().save(&dir.path().join("none/last.safetensors")).unwrap_err();
    assert!(error.to_string().contains("none/last.safetensors: cannot write"), "{error}");
    assert_eq!(names_in(&dir), ["folder", "state.txt"]);
}

#[test]
#[cfg(unix)]
fn permissions_are_those_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, file) = saved(&small());
    let plain = dir.path().join("plain");
    fs::write(&plain, b"x").unwrap();
    let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode();
    assert_eq!(mode(&file), mode(&plain));
}

#[test]
fn a_relative_name_without_folder_is_possible() {
    // Only the name's own folder matters; the test must not change the process' folder.
    let name = format!("ganymede-test-{}.tmp", std::process::id());
    let file = Path::new(&name);
    write_atomic(file, |out| out.write_all(b"x")).unwrap();
    fs::remove_file(file).unwrap();
    assert_eq!(write_atomic(Path::new("/"), |_| Ok(())).unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn foreign_safetensors_are_widened() {
    let found = load_weights(&fixture("foreign.safetensors"), None, &CPU).unwrap();
    let expected = [
        ("bool", Tensor::new(&[1u8, 0], &CPU)),
        ("i8", Tensor::new(&[-128i16, 127], &CPU)),
        ("u16", Tensor::new(&[1u32, 65535], &CPU)),
        ("bf16", Tensor::new(&[bf16::from_f32(1.5), bf16::from_f32(-2.0)], &CPU)),
        ("f32", Tensor::new(&[[1.5f32, -2.0]], &CPU)),
    ];
    assert_same(&found, &expected.map(|(k, v)| (k.to_string(), v.unwrap())).into());
}

#[test]
fn a_key_selects_by_the_beginning_of_names() {
    let mut checkpoint = Checkpoint::default();
    for (i, name) in ["ema.main.w", "ema.main.b", "generator.main.w", "emaciated"].into_iter().enumerate() {
        checkpoint.tensors.insert(name.to_string(), Tensor::new(i as f64, &CPU).unwrap());
    }
    let (_dir, file) = saved(&checkpoint);
    let names = |key| load_weights(&file, Some(key), &CPU).unwrap().into_keys().collect::<Vec<_>>();
    assert_eq!(names("ema"), ["main.b", "main.w"]);
    assert_eq!(names("ema.main"), ["b", "w"]);
    assert_eq!(names("generator.main.w"), ["w"]);
    let error = load_weights(&file, Some("critic"), &CPU).unwrap_err();
    assert!(
        matches!(&error, CheckpointError::KeyNotFound { available, .. } if available == &["ema", "emaciated", "generator"]),
        "{error}"
    );
}

#[test]
fn wrappers_are_stripped_where_all_names_have_them() {
    let named = |names: &[&str]| {
        let one = Tensor::zeros(Shape::from(()), DType::F32, &CPU).unwrap();
        Checkpoint {
            tensors: names.iter().map(|n| (n.to_string(), one.clone())).collect(),
            ..Default::default()
        }
    };
    for (names, expected) in [
        (["module.w", "module.b"], ["b", "w"]),
        (["module._orig_mod.w", "module._orig_mod.b"], ["b", "w"]),
        (["module.w", "b"], ["b", "module.w"]),
    ] {
        let (_dir, file) = saved(&named(&names));
        let found: Vec<_> = load_weights(&file, None, &CPU).unwrap().into_keys().collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn files_of_other_kinds_say_what_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("g.pth");
    let mut tar = vec![0; 600];
    tar[..6].copy_from_slice(b"pickle");
    tar[257..262].copy_from_slice(b"ustar");
    for (content, hint) in [
        (&b""[..], "it is empty"),
        (b"<!DOCTYPE html><html>404</html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
        (&tar, "tar archive"),
        (b"\x89PNG\r\n\x1a\n", "neither a safetensors nor a PyTorch file"),
    ] {
        fs::write(&file, content).unwrap();
        let error = load_weights(&file, None, &CPU).unwrap_err();
        assert!(matches!(error, CheckpointError::NotRecognised { .. }), "{error}");
        assert!(error.to_string().contains(hint) && error.to_string().contains("g.pth"), "{error}");
    }
    let error = load_weights(&dir.path().join("none.pth"), None, &CPU).unwrap_err();
    assert!(matches!(error, CheckpointError::NotFound { .. }), "{error}");
}
