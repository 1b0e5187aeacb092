use super::*;
use ganymede_files::testing::{Served, Server, assert_says, put};

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn content() -> Vec<u8> {
    (0..200_000usize).map(|i| (i * i % 251) as u8).collect()
}

fn published(server: &Server, pinned: bool) -> PublishedWeights {
    let (bytes, hash) = ganymede_files::sha256(&content()[..], u64::MAX - 1).unwrap();
    let pin = Pin { bytes, sha256: leak(hash) };
    PublishedWeights {
        extractor: "made-up",
        file: "made-up.pth",
        url: leak(format!("{}made-up.pth", server.base())),
        pinned: pinned.then_some(pin),
    }
}

fn query(cache: &Path) -> WeightsQuery<'_> {
    WeightsQuery { path: None, cache, fetch: true }
}

fn find(published: &PublishedWeights, query: &WeightsQuery<'_>) -> Result<WeightsFile> {
    find_weights(published, query, &mut |_, _| {})
}

#[test]
fn a_download_is_resumed_verified_and_done_once() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let body = content();
    let broken = Served { body: body.clone(), break_after: Some(5000), breaks: 4, no_ranges: false };
    server.serve("made-up.pth", broken);
    let published = published(&server, true);
    assert_says(find(&published, &query(dir.path())), &["broke at byte 20000", server.base()]);
    server.requests();
    let mut seen = Vec::new();
    let progress = &mut |done, total| seen.push((done, total));
    let found = find_weights(&published, &query(dir.path()), progress).unwrap();
    assert_eq!(server.requests(), ["/made-up.pth 20000"]);
    assert_eq!((seen[0].0, *seen.last().unwrap()), (20_000, (200_000, Some(200_000))));
    assert_eq!(std::fs::read(&found.path).unwrap(), body);
    assert_eq!(found.sha256().unwrap(), published.pinned.unwrap().sha256);
    assert_eq!(std::fs::read_dir(dir.path().join("weights")).unwrap().count(), 1);
    let again = find(&published, &query(dir.path())).unwrap();
    assert_eq!((again.path, server.requests().len()), (found.path, 0));
}

#[test]
fn what_is_not_the_published_file_is_never_put_in_place() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let mut body = content();
    body[77] ^= 1;
    server.serve("made-up.pth", Served { body: body.clone(), ..Served::default() });
    let published = published(&server, true);
    assert_says(
        find(&published, &query(dir.path())),
        &["SHA-256", "expected 200000", "made-up.pth", "--weights"],
    );
    assert_eq!(std::fs::read_dir(dir.path().join("weights")).unwrap().count(), 0);
    // Put there by hand, it is found when the hash is known.
    put(dir.path(), "weights/made-up.pth", &body);
    let found = find(&published, &query(dir.path())).unwrap();
    assert_says(found.sha256(), &["made-up.pth", "remove it", published.pinned.unwrap().sha256]);
    // A file that the user names is the user's affair.
    let path = found.path.clone();
    let named = find(&published, &WeightsQuery { path: Some(&path), ..query(dir.path()) }).unwrap();
    assert_eq!(named.sha256().unwrap().len(), 64);
}

#[test]
fn a_closed_network_is_an_error_that_says_what_to_put_where() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let published = published(&server, true);
    let folder = dir.path().join("weights");
    let place = folder.to_str().unwrap();
    let pin = published.pinned.unwrap();
    let way_out = [place, "made-up.pth", published.url, pin.sha256, "200000 bytes", "--weights"];
    assert_says(find(&published, &query(dir.path())), &[&way_out[..], &["404"]].concat());
    let offline = WeightsQuery { fetch: false, ..query(dir.path()) };
    server.requests();
    assert_says(find(&published, &offline), &way_out);
    let nowhere = WeightsQuery { path: Some(Path::new("no/such.pth")), ..offline };
    assert_says(find(&published, &nowhere), &["no/such.pth", "no such file"]);
    assert!(server.requests().is_empty());
}

#[test]
fn without_a_hash_nothing_is_fetched() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    server.serve("made-up.pth", Served { body: content(), ..Served::default() });
    let published = published(&server, false);
    assert_says(find(&published, &query(dir.path())), &["no hash", published.url, "made-up.pth"]);
    assert!(server.requests().is_empty());
    put(dir.path(), "weights/made-up.pth", b"by hand");
    assert!(find(&published, &query(dir.path())).unwrap().sha256().is_ok());
}

#[test]
fn the_table_is_well_formed() {
    let inception = published_weights("inception2015").unwrap();
    let pin = inception.pinned.unwrap();
    assert!(inception.file.contains(&pin.sha256[..8]) && inception.url.ends_with(inception.file));
    for weights in PUBLISHED {
        assert!(weights.url.starts_with("https://"));
        assert!(weights.pinned.is_none_or(|pin| pin.sha256.len() == 64));
        assert_eq!(published_weights(weights.extractor), Some(weights));
    }
    assert_eq!(published_weights("vgg"), None);
}

#[test]
fn the_hash_of_a_missing_file_is_an_error() {
    let hash = FileHash::start(Path::new("no/such.pth"));
    assert_says(hash.get(), &["no/such.pth"]);
    assert_says(hash.get(), &["no/such.pth"]);
}
