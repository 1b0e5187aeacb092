use std::collections::BTreeMap;
use std::path::Path;

use ganymede_tensor::testing::{Tol, assert_close};

use super::super::seeded;
use super::*;
use crate::{LatentPath, PathLengthConfig, PathLengthSubject, PathSampling, path_length, path_length_levels};
use ganymede_tensor::Rng;

/// Those of the fixture.
const NARROW: [usize; BLOCKS] = [4, 6, 8, 8, 10];

fn fixture() -> BTreeMap<String, Tensor> {
    seeded::fixture("ppl")
}

/// The weights of the fixture, changed.
fn weights(change: impl FnOnce(&mut BTreeMap<String, Tensor>)) -> Weights {
    let own = |(name, tensor): (String, Tensor)| Some((name.strip_prefix("weights/")?.to_owned(), tensor));
    let mut tensors: BTreeMap<String, Tensor> = fixture().into_iter().filter_map(own).collect();
    change(&mut tensors);
    Weights::new(Path::new("lpips-vgg16.pth"), "narrow".into(), tensors)
}

fn network() -> Lpips {
    Lpips::build(weights(|_| ()), NARROW, &Device::Cpu).unwrap()
}

#[test]
fn distances_are_torch_fidelitys() {
    let (fixture, network) = (fixture(), network());
    // Three pairs of 37×21 pixels, so that pools leave rows over; the last pair is one image twice.
    let images = fixture["images"].to_dtype(DType::F32).unwrap();
    let (first, second) = (images.get(0).unwrap(), images.get(1).unwrap());
    let tol = Tol { rel: 1e-5, abs: 1e-6 };
    let expected = fixture["distances"].to_dtype(DType::F32).unwrap();
    assert_close(&network.distance(&first, &second).unwrap(), &expected, tol);
    assert_close(&network.distance(&second, &first).unwrap(), &expected, tol);
    let red = |images: &Tensor| images.narrow(1, 0, 1).unwrap();
    let grey = network.distance(&red(&first), &red(&second)).unwrap();
    assert_close(&grey, &fixture["distances_grey"].to_dtype(DType::F32).unwrap(), tol);
    // More than a pass.
    let many = |images: &Tensor| images.repeat((6, 1, 1, 1)).unwrap();
    let distances = network.distance(&many(&first), &many(&second)).unwrap();
    assert_close(&distances, &expected.repeat(6).unwrap(), tol);
    // Black is all one level, and no feature of it may be divided by nothing.
    let black = first.zeros_like().unwrap();
    let values = network.distance(&black, &first).unwrap().to_vec1::<f32>().unwrap();
    assert!(values.iter().all(|value| value.is_finite() && *value > 0.0), "{values:?}");
}

#[test]
fn other_shapes_and_weights_are_refused() {
    let zeros = |shape: [usize; 4]| Tensor::zeros(&shape, DType::F32, &Device::Cpu).unwrap();
    let network = network();
    for (a, b) in
        [([2, 3, 16, 15], [2, 3, 16, 15]), ([2, 2, 16, 16], [2, 2, 16, 16]), ([2, 3, 16, 16], [1, 3, 16, 16])]
    {
        let refused = network.distance(&zeros(a), &zeros(b)).unwrap_err().to_string();
        assert!(refused.contains("16 or more pixels"), "{refused}");
    }
    assert_eq!(network.distance(&zeros([0, 3, 16, 16]), &zeros([0, 3, 16, 16])).unwrap().dims(), [0]);
    let refused = |weights| Lpips::build(weights, NARROW, &Device::Cpu).err().unwrap().to_string();
    let narrow = Lpips::build(weights(|_| ()), WIDTHS, &Device::Cpu).err().unwrap().to_string();
    assert!(narrow.contains("net.slice1.0.weight") && narrow.contains("[64, 3, 3, 3]"), "{narrow}");
    let without = refused(weights(|tensors| drop(tensors.remove("lin2.model.1.weight"))));
    assert!(without.contains("lin2.model.1.weight"), "{without}");
    // What the authors' module saves besides is passed over, anything else is not.
    let extra = |name: &str| {
        let name = name.to_owned();
        weights(move |tensors| {
            drop(tensors.insert(name, Tensor::zeros(1, DType::F32, &Device::Cpu).unwrap()))
        })
    };
    for name in ["lins.0.model.1.weight", "scaling_layer.shift"] {
        assert!(Lpips::build(extra(name), NARROW, &Device::Cpu).is_ok(), "{name}");
    }
    assert!(refused(extra("net.slice6.30.weight")).contains("LPIPS over VGG-16"));
}

/// The generator and the end points of the fixture.
struct Subject {
    ends: Tensor,
    at: usize,
    to_w: Tensor,
    to_image: Tensor,
    in_w: bool,
    crop: bool,
    network: Lpips,
}

impl Subject {
    fn new(in_w: bool, crop: bool) -> Self {
        let fixture = fixture();
        let tensor = |name: &str| fixture[name].clone();
        let (ends, to_w, to_image) = (tensor("ends"), tensor("to_w"), tensor("to_image"));
        Self { ends, at: 0, to_w, to_image, in_w, crop, network: network() }
    }

    fn w(&self, z: &Tensor) -> Result<Tensor> {
        let norm = z.sqr()?.sum_keepdim(1)?.sqrt()?;
        Ok(z.broadcast_div(&norm)?.matmul(&self.to_w.t()?)?)
    }
}

impl PathLengthSubject for Subject {
    fn ends(&mut self, n: usize, _: &mut Rng) -> Result<[Tensor; 2]> {
        let ends = self.ends.narrow(1, self.at, n)?;
        self.at += n;
        let [a, b] = [ends.get(0)?, ends.get(1)?];
        Ok(if self.in_w { [self.w(&a)?, self.w(&b)?] } else { [a, b] })
    }

    fn images(&mut self, points: &Tensor) -> Result<Tensor> {
        let w = if self.in_w { points.clone() } else { self.w(points)? };
        let images = w.matmul(&self.to_image.t()?)?.tanh()?.reshape(((), 1, 32, 32))?;
        path_length_levels(&images, self.crop)
    }

    fn distance(&self, first: &Tensor, second: &Tensor) -> Result<Tensor> {
        self.network.distance(first, second)
    }

    fn distance_name(&self) -> String {
        self.network.name().to_owned()
    }
}

#[test]
fn path_lengths_are_stylegans() {
    let fixture = fixture();
    for (path, crop, name) in [
        (LatentPath::Spherical, false, "ppl_z_whole"),
        (LatentPath::Spherical, true, "ppl_z_crop"),
        (LatentPath::Straight, false, "ppl_w_whole"),
        (LatentPath::Straight, true, "ppl_w_crop"),
    ] {
        let mut subject = Subject::new(path == LatentPath::Straight, crop);
        let config = PathLengthConfig {
            pairs: 120,
            batch: 60,
            epsilon: 1e-2,
            path,
            sampling: PathSampling::End,
            ..PathLengthConfig::default()
        };
        let found = path_length(&mut subject, &config).unwrap();
        let expected = fixture[name].to_vec1::<f64>().unwrap();
        assert!((found.mean / expected[0] - 1.0).abs() < 1e-4, "{name}: {found:?} {expected:?}");
        assert_eq!(found.kept as f64, expected[1], "{name}");
        assert!(found.name.ends_with("-end-lpips-vgg16"), "{}", found.name);
    }
}

#[test]
fn great_circles_are_stylegans_and_as_long_as_their_ends() {
    let fixture = fixture();
    let ends = fixture["ends"].to_dtype(DType::F64).unwrap();
    let [a, b, t] = [ends.get(0).unwrap(), ends.get(1).unwrap(), fixture["t"].clone()];
    let points = LatentPath::Spherical.point(&a, &b, &t).unwrap();
    let norm = |x: &Tensor| x.sqr().unwrap().sum_keepdim(1).unwrap().sqrt().unwrap();
    let tol = Tol { rel: 1e-12, abs: 1e-12 };
    assert_close(&points.broadcast_div(&norm(&points)).unwrap(), &fixture["slerp"], tol);
    let lengths = LatentPath::Straight.point(&norm(&a), &norm(&b), &t).unwrap();
    assert_close(&norm(&points), &lengths, tol);
}
