//! Against PyTorch (`tests/fixtures/onnx/gen.py`), and with files that are no generators.

use std::fs;

use ganymede_tensor::load_weights;
use ganymede_tensor::testing::{Tol, assert_close};

use super::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/onnx").join(name)
}

fn open(name: &str) -> OnnxGenerator {
    OnnxGenerator::open(&fixture(&format!("{name}.onnx"))).unwrap()
}

fn drawn(generator: &OnnxGenerator, count: usize, how: (u64, LatentKind)) -> Result<(Vec<usize>, Vec<f32>)> {
    let (mut shape, mut values) = (Vec::new(), Vec::new());
    generator.draw(count, how, &mut |images| {
        shape = images.dims()[1..].to_vec();
        values.extend(images.flatten_all()?.to_vec1::<f32>()?);
        Ok(())
    })?;
    Ok((shape, values))
}

#[test]
fn images_are_pytorchs() {
    for name in ["dcgan", "fixed", "resnet"] {
        let generator = open(name);
        let tensors = load_weights(&fixture(&format!("{name}.safetensors")), None, &Device::Cpu).unwrap();
        let (z, wanted) = (&tensors["z"], &tensors["images"]);
        let z = z.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let size: usize = generator.input[1..].iter().product();
        let mut found = Vec::new();
        for pass in z.chunks(generator.input[0] * size) {
            let mut whole = pass.to_vec();
            whole.resize(generator.input[0] * size, 0.0);
            let (shape, values) = generator.pass(&whole).unwrap();
            found.extend_from_slice(&values[..pass.len() / size * shape.iter().product::<usize>()]);
        }
        let found = Tensor::from_vec(found, wanted.dims(), &Device::Cpu).unwrap();
        assert_close(&found, wanted, Tol { rel: 1e-5, abs: 1e-5 });
    }
    assert_eq!((open("dcgan").input, open("fixed").input), (vec![BATCH, 5], vec![2, 5, 1, 1]));
}

#[test]
fn a_sample_depends_on_seed_and_number_alone() {
    let generator = open("dcgan");
    let (shape, seven) = drawn(&generator, 7, (3, LatentKind::Normal)).unwrap();
    assert_eq!((shape, seven.len()), (vec![3, 8, 8], 7 * 192));
    let (_, many) = drawn(&generator, 70, (3, LatentKind::Normal)).unwrap();
    assert_eq!(many[..seven.len()], seven);
    for other in [(4, LatentKind::Normal), (3, LatentKind::Uniform)] {
        assert_ne!(drawn(&generator, 7, other).unwrap().1, seven);
    }
    assert_eq!("uniform".parse(), Ok(LatentKind::Uniform));
    assert!("gaussian".parse::<LatentKind>().unwrap_err().contains("normal"));
}

#[test]
fn what_is_no_generator_is_refused_in_words() {
    for (name, want) in [
        ("two-inputs", "`z` (n, 4) of Float and `y` (n) of Int64"),
        ("doubles", "`z` (n, 4) of Double"),
        ("huge-latents", "1 to 65536 numbers each"),
        ("open-latents", "their length has to be a number"),
        ("vectors", "wanted are images"),
        ("two-channels", "wanted are images"),
        ("huge-constant", "more than 536870912 numbers"),
        ("huge-step", "more than 536870912 numbers"),
        ("claims", "1073741824"),
        ("unknown", "Gandalf"),
        ("dangling", "nobody"),
    ] {
        let error = OnnxGenerator::open(&fixture(&format!("{name}.onnx"))).err().unwrap();
        let told = super::super::words::told(&error);
        assert!(told.contains(&format!("{name}.onnx")) && told.contains(want), "{name}: {told}");
    }
    for (name, want) in [("from-0-to-1", "export 2 x - 1"), ("levels", "samples lie from -1 to 1")] {
        let error = drawn(&open(name), 40, (0, LatentKind::Normal)).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
}

#[test]
fn damaged_files_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let whole = fs::read(fixture("dcgan.onnx")).unwrap();
    let path = dir.path().join("x.onnx");
    let try_with = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        OnnxGenerator::open(&path).map(|generator| drawn(&generator, 3, (0, LatentKind::Normal)))
    };
    for bytes in [&b""[..], b"no network", &whole[..whole.len() / 2], &[255; 100]] {
        assert!(try_with(bytes).is_err(), "{} bytes", bytes.len());
    }
    // Whatever a byte becomes, nobody panics.
    let mut rng = Rng::new(1);
    for _ in 0..60 {
        let mut bytes = whole.clone();
        let at = (rng.unit() * bytes.len() as f64) as usize;
        bytes[at] ^= 1 << (at % 8);
        let _ = try_with(&bytes);
    }
    // Weights beside the file that are not there.
    fs::copy(fixture("resnet.onnx"), &path).unwrap();
    assert!(OnnxGenerator::open(&path).is_err());
}
