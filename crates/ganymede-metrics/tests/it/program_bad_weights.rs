//! Weights and statistics of strangers: what is in them is never executed, and what does not fit is named.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use ganymede_files::testing::put;
use ndarray::Array1;
use ndarray_npy::WriteNpyExt;
use safetensors::SafeTensors;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::program::{call, expect, measure, pictures, text};

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in entries {
        zip.start_file(*name, stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A text, as a pickle has it.
fn word(text: &str) -> Vec<u8> {
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

/// The pickle of a call with one text.
fn pickled_call(module: &str, function: &str, argument: &str) -> Vec<u8> {
    let name = format!("c{module}\n{function}\n");
    [b"\x80\x02", name.as_bytes(), &word(argument), b"\x85R."].concat()
}

/// `{"weight": torch.tensor([1., 2.])}`, as `torch.save` writes it.
fn other_network() -> Vec<u8> {
    let storage =
        [b"(", &word("storage")[..], b"ctorch\nFloatStorage\n", &word("0"), &word("cpu"), b"K\x02tQ"]
            .concat();
    let pickle = [
        b"\x80\x02}",
        &word("weight")[..],
        b"ctorch._utils\n_rebuild_tensor_v2\n(",
        &storage,
        b"K\x00K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRs.",
    ]
    .concat();
    let numbers = [1.0_f32.to_le_bytes(), 2.0_f32.to_le_bytes()].concat();
    zipped(&[("archive/data.pkl", &pickle), ("archive/data/0", &numbers), ("archive/version", b"3\n")])
}

fn put_file(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    put(dir, name, bytes);
    dir.join(name)
}

#[test]
fn weights_of_another_network_are_told_by_their_tensors() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 3, 60.0);
    let other = put_file(dir.path(), "other.pth", &other_network());
    for (extractor, missing) in [
        ("fashion-cnn", "conv0.weight"),
        ("inception2015", "Conv2d_1a_3x3.conv.weight"),
        ("dinov2-s", "patch_embed.proj.weight"),
        ("dinov2-b-reg", "patch_embed.proj.weight"),
        ("clip-vit-b32", "conv1.weight"),
        ("clip-vit-l14-336", "conv1.weight"),
        ("vgg16", "features.0.weight"),
    ] {
        let args = ["--real", text(&real), "--fake", text(&real), "--extractor", extractor, "--weights"];
        let output = call(dir.path(), &[&args[..], &[text(&other)]].concat());
        expect(&output, 1, &["other.pth", missing, "\"weight\"", "another network", "--weights"]);
    }
    // The built-in weights with one tensor too many, and one of another shape.
    let whole = fs::read(fashion()).unwrap();
    let file = SafeTensors::deserialize(&whole).unwrap();
    let mut tensors: Vec<_> = file.tensors();
    tensors.push(("head.weight".into(), file.tensor("fc.bias").unwrap()));
    let more = put_file(dir.path(), "more.safetensors", &safetensors::serialize(tensors, None).unwrap());
    let output = measure(dir.path(), &real, &real, &["--weights", text(&more)]);
    expect(&output, 1, &["more.safetensors", "head.weight", "[10]", "another network"]);
    let swapped = file.tensors().into_iter().map(|(name, view)| match name.as_str() {
        "conv0.bias" => (name, file.tensor("fc.bias").unwrap()),
        _ => (name, view),
    });
    let bytes = safetensors::serialize(swapped, None).unwrap();
    let shape = put_file(dir.path(), "shape.safetensors", &bytes);
    let output = measure(dir.path(), &real, &real, &["--weights", text(&shape)]);
    expect(&output, 1, &["shape.safetensors", "conv0.bias", "[10]", "expected [24]"]);
}

fn fashion() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/fashion-cnn.safetensors")
}

#[test]
fn weights_that_are_damaged_or_not_finite_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 3, 60.0);
    let whole = fs::read(fashion()).unwrap();
    let refused = |name: &str, bytes: &[u8], words: &[&str]| {
        let path = put_file(dir.path(), name, bytes);
        expect(
            &measure(dir.path(), &real, &real, &["--weights", text(&path)]),
            1,
            &[&[name], words].concat(),
        );
    };
    refused("cut.safetensors", &whole[..whole.len() / 2], &["cut short"]);
    refused("empty.safetensors", b"", &["cut short"]);
    refused("empty.pth", b"", &["empty"]);
    refused("zeros.safetensors", &[0; 64], &[]);
    refused("page.pth", b"<!DOCTYPE html><html>", &["web page"]);
    refused("pointer.pth", b"version https://git-lfs.github.com/spec/v1\n", &["git lfs pull"]);
    let other = other_network();
    refused("cut.pth", &other[..other.len() / 2], &["cut short"]);
    // One number that is none: a rectifier would make 0 of it, and nobody would see.
    let at = {
        let file = SafeTensors::deserialize(&whole).unwrap();
        let data = file.tensor("conv1.weight").unwrap().data();
        data.as_ptr() as usize - whole.as_ptr() as usize
    };
    for (name, bits, value) in [("nan", 0x7e00_u16, "NaN"), ("infinite", 0x7c00, "inf")] {
        let mut broken = whole.clone();
        broken[at + 20..at + 22].copy_from_slice(&bits.to_le_bytes());
        refused(&format!("{name}-damaged.safetensors"), &broken, &["content hash", "use another copy"]);
        // Where nothing tells of the damage but the number itself.
        let tensors = SafeTensors::deserialize(&broken).unwrap().tensors();
        let broken = safetensors::serialize(tensors, None).unwrap();
        let words = ["conv1.weight", "not finite", "number 10 is", value];
        refused(&format!("{name}.safetensors"), &broken, &words);
    }
}

#[test]
fn nothing_in_weights_is_executed() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 3, 60.0);
    let witness = dir.path().join("ran");
    let shell = format!("touch {}", witness.display());
    let python = format!("open({:?}, 'w')", witness.display().to_string());
    let calls = [
        ("posix", "system", &shell),
        ("os", "system", &shell),
        ("builtins", "eval", &python),
        ("__builtin__", "eval", &python),
        ("builtins", "exec", &python),
        ("subprocess", "getoutput", &shell),
    ];
    for (i, (module, function, argument)) in calls.iter().enumerate() {
        let pickle = pickled_call(module, function, argument);
        // PyTorch's zip, its older stream, and the call as a value beside tensors.
        let inside = [b"\x80\x02}", &word("weight")[..], &pickle[2..pickle.len() - 1], b"s."].concat();
        let files = [
            (format!("zip{i}.pth"), zipped(&[("archive/data.pkl", &pickle), ("archive/version", b"3\n")])),
            (format!("inside{i}.pth"), zipped(&[("archive/data.pkl", &inside)])),
            (format!("stream{i}.pth"), pickle),
        ];
        for (name, bytes) in files {
            let evil = put_file(dir.path(), &name, &bytes);
            for extractor in ["fashion-cnn", "inception2015", "clip-vit-b32", "vgg16"] {
                let args = ["--real", text(&real), "--fake", text(&real), "--extractor", extractor];
                let output = call(dir.path(), &[&args[..], &["--weights", text(&evil)]].concat());
                expect(&output, 1, &[&name, module, function]);
            }
            // As a set of features it is refused as well.
            expect(&call(dir.path(), &["features", text(&evil), text(&evil)]), 1, &[&name]);
            assert!(!witness.exists(), "{name} ran");
        }
    }
}

#[test]
fn arrays_of_pickled_objects_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 3, 60.0);
    let witness = dir.path().join("ran");
    let pickle = pickled_call("posix", "system", &format!("touch {}", witness.display()));
    let mut header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".to_owned();
    header.push_str(&" ".repeat(117 - header.len()));
    let objects =
        [b"\x93NUMPY\x01\x00", &118_u16.to_le_bytes()[..], header.as_bytes(), b"\n", &pickle].concat();
    let mut numbers = Vec::new();
    Array1::from_vec(vec![0.0_f64, 0.0]).write_npy(&mut numbers).unwrap();
    for (name, mu, sigma, said) in
        [("mu.npz", &objects, &numbers, "`mu`"), ("sigma.npz", &numbers, &objects, "`sigma`")]
    {
        let path = put_file(dir.path(), name, &zipped(&[("mu.npy", mu), ("sigma.npy", sigma)]));
        let output = measure(dir.path(), &path, &real, &[]);
        expect(&output, 1, &[name, said, "objects of Python", "never read"]);
    }
    let path = put_file(dir.path(), "rows.npy", &objects);
    expect(&call(dir.path(), &["features", text(&path), text(&path)]), 1, &["rows.npy", "Python"]);
    assert!(!witness.exists());
}

#[test]
fn missing_weights_say_what_to_put_where() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 3, 60.0);
    let output = call(dir.path(), &["--real", text(&real), "--fake", text(&real), "--offline"]);
    let wants = ["pt_inception-2015-12-05-6726825d.pth", "https://", "cache", "--weights"];
    expect(&output, 1, &wants);
    for (extractor, wants) in [
        ("vgg16", ["vgg16-397923af.pth", "553433881 bytes", "397923af8e79"]),
        ("clip-vit-b32", ["clip-vit-base-patch32.pth", "605247071 bytes", "a63082132ba4"]),
        ("clip-vit-l14-336", ["clip-vit-large-patch14-336.pth", "1711974081 bytes", "c6032c2e0caa"]),
        (
            "dinov2-l-reg",
            ["dinov2-with-registers-large.safetensors", "no hash of it is known", "huggingface.co"],
        ),
    ] {
        let args = ["--real", text(&real), "--fake", text(&real), "--offline", "--extractor", extractor];
        expect(&call(dir.path(), &args), 1, &[&wants[..], &["https://", "cache", "--weights"]].concat());
    }
    // Put there under its name it has to be that file.
    put(dir.path(), "cache/weights/pt_inception-2015-12-05-6726825d.pth", &other_network());
    let output = call(dir.path(), &["--real", text(&real), "--fake", text(&real), "--offline"]);
    expect(&output, 1, &["6726825d.pth", "SHA-256", "remove it", "--weights"]);
}

#[test]
fn a_program_in_torchscript_is_told_from_weights() {
    let dir = tempfile::tempdir().unwrap();
    let entries: [(&str, &[u8]); 4] = [
        ("inception/version", b"4\n"),
        ("inception/data.pkl", b"\x80\x02}."),
        ("inception/code/__torch__/net.py", b"class net: pass"),
        ("inception/constants.pkl", b"\x80\x02)."),
    ];
    let file = put_file(dir.path(), "inception-2015-12-05.pt", &zipped(&entries));
    let real = pictures(dir.path(), "real", 1, 4, 100.0);
    let args = ["--real", text(&real), "--fake", text(&real), "--weights", text(&file)];
    let says = ["TorchScript", "inception-2015-12-05.pt", "pt_inception-2015-12-05-6726825d.pth", "https://"];
    expect(&call(dir.path(), &args), 1, &says);
    for extractor in ["vgg16", "clip-vit-b32"] {
        let args = [&args[..], &["--extractor", extractor]].concat();
        expect(&call(dir.path(), &args), 1, &["TorchScript", "torch.jit.load", "state_dict()"]);
    }
}

#[test]
fn weights_are_found_in_what_wraps_them() {
    let dir = tempfile::tempdir().unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/fashion-cnn.safetensors");
    let tensors = ganymede_tensor::load_weights(&own, None, &ganymede_tensor::Device::Cpu).unwrap();
    let scalar = tensors["fc.bias"].get(0).unwrap();
    let mut wrapped: std::collections::BTreeMap<_, _> =
        tensors.iter().map(|(name, tensor)| (format!("model.module.{name}"), tensor.clone())).collect();
    wrapped.insert("n_averaged".to_owned(), scalar.clone());
    let path = dir.path().join("wrapped.safetensors");
    let save = |tensors: &std::collections::BTreeMap<String, ganymede_tensor::Tensor>| {
        let tensors = tensors.clone();
        ganymede_tensor::Checkpoint { tensors, ..Default::default() }.save(&path).unwrap();
    };
    save(&wrapped);
    let (real, fake) = (pictures(dir.path(), "real", 1, 6, 100.0), pictures(dir.path(), "fake", 2, 6, 120.0));
    let measured = |more: &[&str]| {
        let output =
            measure(dir.path(), &real, &fake, &[&["--metrics", "fid", "--json", "-"], more].concat());
        let said = expect(&output, 0, &[]);
        (crate::program::json(&output)["results"]["fid"]["value"].as_f64().unwrap(), said)
    };
    let (plain, _) = measured(&[]);
    let (found, said) = measured(&["--weights", text(&path)]);
    assert_eq!(found, plain);
    assert!(said.contains("under `model.module` are taken; left out are `n_averaged`"), "{said}");

    // A tensor more is another network.
    let mut more = tensors.clone();
    more.insert("conv4.weight".to_owned(), tensors["conv0.weight"].clone());
    save(&more);
    let output = measure(dir.path(), &real, &fake, &["--metrics", "fid", "--weights", text(&path)]);
    expect(&output, 1, &["conv4.weight"]);
    // Two of the same kind: which is meant?
    wrapped.extend(tensors.iter().map(|(name, tensor)| (format!("ema.{name}"), tensor.clone())));
    save(&wrapped);
    let output = measure(dir.path(), &real, &fake, &["--metrics", "fid", "--weights", text(&path)]);
    expect(&output, 1, &["several state dicts: `ema`, `model`", "saved alone"]);
}
