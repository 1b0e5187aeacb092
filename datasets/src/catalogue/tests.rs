use super::*;
use crate::testing::{idx, put};

#[test]
fn names_are_unique_and_found() {
    for known in CATALOGUE {
        assert_eq!(CATALOGUE.iter().filter(|other| other.name == known.name).count(), 1);
        assert_eq!(find(known.name).unwrap().name, known.name);
    }
    assert!(find("Ring").is_none());
}

#[test]
fn near_misses_are_recognised() {
    for (typed, meant) in
        [("fashion-mnst", "fashion-mnist"), ("swissroll", "swiss-roll"), ("cifar10", "cifar-10")]
    {
        assert_eq!(suggest(typed).1, Some(meant), "{typed}");
    }
    let (all, nearest) = suggest("/home/me/pictures");
    assert_eq!(nearest, None);
    assert!(all.contains("fashion-mnist-10k, fashion-mnist, mnist"), "{all}");
}

#[test]
fn presence_is_that_of_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let presence =
        |name: &str| list(dir.path()).into_iter().find(|entry| entry.name == name).unwrap().presence;
    assert_eq!(presence("fashion-mnist-10k"), Presence::Embedded);
    assert_eq!(presence("grid"), Presence::Computed);
    let mnist = dir.path().join("mnist");
    assert_eq!(presence("mnist"), Presence::Absent { dir: mnist.clone(), fetchable: true });
    for name in ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"] {
        put(&mnist, name, &idx(&[1, 1, 1], &[0]));
        assert!(matches!(presence("mnist"), Presence::Absent { .. }));
    }
    put(&mnist, "t10k-labels-idx1-ubyte.gz", &[]);
    assert_eq!(presence("mnist"), Presence::Present(mnist.clone()));
    assert_eq!(presence("stacked-mnist"), Presence::Present(mnist));
    let cifar = dir.path().join("cifar-10");
    assert_eq!(presence("cifar-10"), Presence::Absent { dir: cifar.clone(), fetchable: false });
    put(&cifar, "cifar-10-binary.tar.gz", &[]);
    assert_eq!(presence("cifar-10"), Presence::Present(cifar));
}

#[test]
fn what_can_be_fetched_has_a_manifest() {
    let absent = list(Path::new("/nowhere"));
    for entry in absent {
        let fetchable = matches!(entry.presence, Presence::Absent { fetchable: true, .. });
        assert_eq!(fetchable, crate::manifest(entry.name).is_some(), "{}", entry.name);
    }
}
