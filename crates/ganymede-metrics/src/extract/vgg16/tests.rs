use ganymede_tensor::Var;
use ganymede_tensor::testing::{Tol, assert_close};

use super::super::seeded;
use super::*;
use std::collections::BTreeMap;
use std::path::Path;

/// That of the fixture.
const NARROW: Architecture = Architecture { widths: [8, 8, 12, 16, 16], side: 224, hidden: 48 };

fn tensors() -> BTreeMap<String, Tensor> {
    let shapes = seeded::shapes("vgg16").into_iter();
    shapes.map(|(name, shape)| (name.clone(), seeded::tensor(&name, &shape))).collect()
}

fn build(tensors: BTreeMap<String, Tensor>, batch: usize) -> Result<Vgg16> {
    let weights = Weights::new(Path::new("vgg16.pth"), String::new(), tensors);
    Vgg16::build(weights, NARROW, batch, &Device::Cpu)
}

fn images() -> Tensor {
    seeded::images("vgg16.images", 2, 3, NARROW.side)
}

fn features(network: &Vgg16) -> Tensor {
    network.stages(&images(), |_| ()).unwrap()
}

#[test]
fn every_stage_is_torchvisions() {
    let expected = seeded::fixture("vgg16");
    let mut stages = Vec::new();
    build(tensors(), 8).unwrap().stages(&images(), |x| stages.push(x.clone())).unwrap();
    let near = |name: &str, found: &Tensor| seeded::assert_near(name, found, &expected[name], 1e-5);
    for (i, pool) in stages[..BLOCKS].iter().enumerate() {
        near(&format!("pool{i}.means"), &pool.mean((2, 3)).unwrap());
        let fifth = |x: &Tensor, along: usize| {
            let at: Vec<u32> = (0..x.dim(along).unwrap() as u32).step_by(5).collect();
            x.index_select(&Tensor::new(at, &Device::Cpu).unwrap(), along).unwrap()
        };
        near(&format!("pool{i}.pixels"), &fifth(&fifth(pool, 2), 3));
    }
    near("fc1", &stages[BLOCKS]);
    near("fc2", &stages[BLOCKS + 1]);
}

#[test]
fn names_of_stylegan_give_the_same_network() {
    let mut theirs = BTreeMap::new();
    let mut convs: Vec<usize> = (tensors().keys())
        .filter_map(|name| name.strip_prefix("features.")?.strip_suffix(".weight")?.parse().ok())
        .collect();
    convs.sort_unstable();
    for (name, tensor) in tensors() {
        let (layer, field) = name.rsplit_once('.').unwrap();
        let renamed = match layer {
            "classifier.0" => "fc1".to_owned(),
            "classifier.3" => "fc2".to_owned(),
            "classifier.6" => "fc3".to_owned(),
            conv => {
                let at = conv.strip_prefix("features.").unwrap().parse().unwrap();
                format!("conv{}", convs.binary_search(&at).unwrap() + 1)
            }
        };
        theirs.insert(format!("layers.{renamed}.{field}"), tensor);
    }
    // What that program keeps beside its layers.
    theirs.insert("lpips0".to_owned(), Tensor::zeros(8, DType::F32, &Device::Cpu).unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vgg16.safetensors");
    ganymede_tensor::Checkpoint { tensors: theirs, ..Default::default() }.save(&path).unwrap();
    let file = WeightsFile::given(&path);
    let weights = Weights::open(&file, &[load::TORCHVISION, load::STYLEGAN]).unwrap();
    let network = Vgg16::build(weights, NARROW, 8, &Device::Cpu).unwrap();
    assert_close(&features(&network), &features(&build(tensors(), 8).unwrap()), Tol::F32);
    assert!(file.note().unwrap().contains("left out are `lpips0`"), "{:?}", file.note());
}

#[test]
fn rows_of_any_batch_size_are_in_order() {
    let features = |batch| build(tensors(), batch).unwrap().features(&images()).unwrap();
    let (together, apart) = (features(8), features(1));
    assert_eq!((together.pool.dim(), apart.pool.dim()), ((2, 48), (2, 48)));
    assert!(together.pool.iter().zip(&apart.pool).all(|(a, b)| (a - b).abs() < 1e-5));
    assert!(together.logits.is_none() && together.spatial.is_none());
    assert!(build(tensors(), 0).err().unwrap().to_string().contains("vgg16 needs batches of at least 1"));
}

#[test]
fn a_pass_builds_no_graph() {
    let watched = Var::from_tensor(&images()).unwrap();
    assert!(!build(tensors(), 8).unwrap().stages(&watched, |_| ()).unwrap().track_op());
}

#[test]
fn other_files_are_refused_by_name_and_shape() {
    let changed = |change: &dyn Fn(&mut BTreeMap<String, Tensor>)| {
        let mut tensors = tensors();
        change(&mut tensors);
        build(tensors, 1).map(|_| ()).map_err(|error| error.to_string())
    };
    let without = |name: &'static str| changed(&move |tensors| drop(tensors.remove(name)));
    for name in ["features.14.bias", "classifier.3.weight"] {
        assert!(without(name).unwrap_err().contains(name), "{name}");
    }
    // The layer of the classes may be there or not.
    assert_eq!(without("classifier.6.weight"), Ok(()));
    // VGG-19 has sixteen convolutions, and others in their places.
    let message = changed(&|tensors| {
        let weight = tensors["features.28.weight"].clone();
        tensors.insert("features.34.weight".to_owned(), weight);
    });
    assert!(message.unwrap_err().contains("features.34.weight"));
    let message = changed(&|tensors| {
        let weight = tensors["classifier.0.weight"].narrow(1, 0, 16).unwrap();
        tensors.insert("classifier.0.weight".to_owned(), weight);
    });
    let message = message.unwrap_err();
    assert!(message.contains("[48, 16]") && message.contains("[48, 784]"), "{message}");
}

/// The sizes that are asked for are those of torchvision's own network.
#[test]
fn published_sizes() {
    let shapes: BTreeMap<_, _> = seeded::shapes_in("vgg16", "published.txt").into_iter().collect();
    let channels = |layer: usize| shapes[&format!("features.{layer}.bias")][0];
    assert_eq!([0, 5, 10, 17, 24].map(channels), ARCHITECTURE.widths);
    let side = ARCHITECTURE.side / HALVED;
    assert_eq!(shapes["classifier.0.weight"], [4096, 512 * side * side]);
    assert_eq!(shapes["classifier.3.weight"], [ARCHITECTURE.hidden; 2]);
}
