//! Every rule of resizing against PIL, PyTorch and TensorFlow 1's rule: `fixtures/resize/gen.py`.

use std::collections::BTreeMap;
use std::path::Path;

use ganymede_metrics::{Resize, resize_images};
use ganymede_tensor::{DType, Device, Tensor, load_weights};

use crate::support::fixture_path;

/// What the parity of metrics asks for, in grey levels.
const TOLERANCE: f32 = 1e-3;

/// Those that work in bytes.
const IN_BYTES: [Resize; 3] = [Resize::PilBicubic, Resize::Cmmd, Resize::Clip];

fn fixture(name: &str) -> BTreeMap<String, Tensor> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{name}/{name}.safetensors"));
    load_weights(&path, None, &Device::Cpu).unwrap()
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

fn apart(ours: &Tensor, theirs: &Tensor) -> f32 {
    let pairs = numbers(ours).into_iter().zip(numbers(theirs));
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn every_rule_is_that_of_its_program() {
    let mut tensors = fixture("resize");
    tensors.extend(load_weights(&fixture_path("resize", "bicubic.safetensors"), None, &Device::Cpu).unwrap());
    let mut cases = 0;
    while let Some(image) = tensors.get(&format!("{cases}.image")) {
        let image = image.to_dtype(DType::F32).unwrap().unsqueeze(0).unwrap();
        let cropped = [Resize::Cmmd, Resize::Clip];
        for resize in Resize::ALL.iter().copied().filter(|resize| !cropped.contains(resize)) {
            let theirs = tensors[&format!("{cases}.{resize}")].to_dtype(DType::F32).unwrap();
            let [_, h, w] = theirs.dims().try_into().unwrap();
            let ours = resize_images(&image, [3, h, w], resize).unwrap();
            let apart = apart(&ours, &theirs);
            // PIL's sums are followed term by term.
            let limit = if matches!(resize, Resize::Clean | Resize::PilBilinear | Resize::PilBicubic) {
                0.0
            } else {
                TOLERANCE
            };
            assert!(apart <= limit, "case {cases}, {resize}: {apart}");
        }
        let theirs = &tensors[&format!("{cases}.grey")];
        let [_, h, w] = theirs.dims().try_into().unwrap();
        let ours = resize_images(&image, [1, h, w], Resize::Clean).unwrap();
        assert!(apart(&ours, theirs) == 0.0, "case {cases}, grey");
        cases += 1;
    }
    assert_eq!(cases, 11);
}

#[test]
fn every_rule_in_bytes_is_that_of_its_program() {
    let tensors = fixture("resize_bytes");
    let mut cases = 0;
    while let Some(image) = tensors.get(&format!("{cases}.image")) {
        let image = image.to_dtype(DType::F32).unwrap().unsqueeze(0).unwrap();
        let rules =
            IN_BYTES.map(|resize| (resize.name(), resize)).into_iter().chain([("grey", Resize::PilBicubic)]);
        for (name, resize) in rules {
            let theirs = tensors[&format!("{cases}.{name}")].to_dtype(DType::F32).unwrap();
            let [c, h, w] = theirs.dims().try_into().unwrap();
            let ours = resize_images(&image, [c, h, w], resize).unwrap();
            assert!(apart(&ours, &theirs) == 0.0, "case {cases}, {name}");
            // Levels that are not whole are rounded before.
            let ours = resize_images(&(&image + 0.3).unwrap(), [c, h, w], resize).unwrap();
            assert!(name == "grey" || apart(&ours, &theirs) == 0.0, "case {cases}, {name}");
        }
        cases += 1;
    }
    assert_eq!(cases, 13);
}

#[test]
fn images_that_cannot_be_resized_are_refused() {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    for (shape, to) in [
        (&[3, 4, 4][..], [3, 2, 2]),
        (&[1, 2, 4, 4], [3, 2, 2]),
        (&[1, 3, 4, 4], [2, 2, 2]),
        (&[1, 3, 0, 4], [3, 2, 2]),
        (&[1, 3, 4, 4], [3, 2, 0]),
    ] {
        assert!(resize_images(&zeros(shape), to, Resize::Clean).is_err(), "{shape:?} {to:?}");
    }
}
