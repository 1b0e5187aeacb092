use std::io::Read;
use std::net::TcpListener;

use ganymede_files::testing::{Served, Server};
use ganymede_files::to_hex;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::testing::{assert_says, gzip, put};
use manifest::ArchiveKind;

/// Two files with their manifest entries.
struct Wares {
    contents: [Vec<u8>; 2],
    files: &'static [ManifestFile],
}

fn wares() -> Wares {
    let content =
        |seed: usize, len: usize| (0..len).map(|i| ((i * i + seed) % 251) as u8).collect::<Vec<u8>>();
    let contents = [content(1, 300_000), content(2, 10)];
    let entry = |name, content: &[u8]| ManifestFile {
        name,
        bytes: content.len() as u64,
        sha256: leak(sha256(content)),
    };
    let files =
        [entry("train-images-idx3-ubyte", &contents[0]), entry("train-labels-idx1-ubyte", &contents[1])];
    Wares { files: Box::leak(Box::new(files)), contents }
}

fn sha256(bytes: &[u8]) -> String {
    to_hex(&Sha256::digest(bytes))
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

impl Wares {
    fn manifest(&self, sources: Vec<Source>) -> Manifest {
        Manifest {
            name: "wares",
            licence: "none",
            files: self.files,
            sources: Box::leak(sources.into_boxed_slice()),
        }
    }

    /// Puts both files on a server, gzipped.
    fn serve(&self, server: &Server) {
        for (file, content) in self.files.iter().zip(&self.contents) {
            server.serve(&format!("{}.gz", file.name), Served { body: gzip(content), ..Served::default() });
        }
    }

    fn members(&self) -> Vec<(String, Vec<u8>)> {
        let plain = (format!("package/data/{}", self.files[0].name), self.contents[0].clone());
        let packed = (format!("./usr/share/{}.gz", self.files[1].name), gzip(&self.contents[1]));
        vec![("package/readme.md".into(), b"words".to_vec()), plain, packed]
    }

    fn tar(&self) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, bytes) in self.members() {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, bytes.as_slice()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn deb(&self) -> Vec<u8> {
        let mut data = Vec::new();
        liblzma::read::XzEncoder::new(self.tar().as_slice(), 1).read_to_end(&mut data).unwrap();
        let mut package = ar::Builder::new(Vec::new());
        for (name, bytes) in
            [("debian-binary", &b"2.0\n"[..]), ("control.tar.xz", b"-"), ("data.tar.xz", &data)]
        {
            package.append(&ar::Header::new(name.into(), bytes.len() as u64), bytes).unwrap();
        }
        package.into_inner().unwrap()
    }

    #[track_caller]
    fn assert_fetched(&self, fetched: &Fetched) {
        assert_eq!(fetched.files.len(), 2);
        for (path, file) in fetched.files.iter().zip(self.files) {
            assert!(verify(path, file).is_ok(), "{path:?}");
        }
        let parts = std::fs::read_dir(&fetched.dir).unwrap().count();
        assert_eq!(parts, 2, "nothing but the files is left in {:?}", fetched.dir);
    }
}

fn web(server: &Server) -> Source {
    Source::Web { base: leak(server.base().to_owned()) }
}

fn archive(server: &Server, name: &str, kind: ArchiveKind, body: Vec<u8>) -> Source {
    let source = Source::Archive {
        url: leak(format!("{}{name}", server.base())),
        bytes: body.len() as u64,
        sha256: leak(sha256(&body)),
        kind,
    };
    server.serve(name, Served { body, ..Served::default() });
    source
}

fn run(manifest: &Manifest, dir: &Path) -> Result<Fetched, DatasetError> {
    fetch_manifest(manifest, dir, &mut |_| {})
}

#[test]
fn files_come_from_the_publisher_and_only_once() {
    let (server, wares, dir) = (Server::start(), wares(), tempfile::tempdir().unwrap());
    wares.serve(&server);
    let manifest = wares.manifest(vec![web(&server)]);
    let mut seen = 0;
    let mut sources = Vec::new();
    let fetched = fetch_manifest(&manifest, dir.path(), &mut |event| match event {
        FetchEvent::Progress { file: "train-images-idx3-ubyte.gz", done, total } => {
            assert!(done >= seen && done <= total.unwrap());
            seen = done;
        }
        FetchEvent::Source { source } => sources.push(source.to_owned()),
        _ => {}
    });
    let fetched = fetched.unwrap();
    wares.assert_fetched(&fetched);
    assert_eq!(fetched.source.as_deref(), Some(server.base()));
    assert_eq!((sources, seen), (vec![server.base().to_owned()], gzip(&wares.contents[0]).len() as u64));
    assert_eq!(server.requests().len(), 2);
    let again = run(&manifest, dir.path()).unwrap();
    assert_eq!((again.source, server.requests().len()), (None, 0));
    // What is damaged on the disk is fetched anew, and nothing else.
    put(&fetched.dir, "train-labels-idx1-ubyte", b"0123456789");
    std::fs::remove_file(fetched.dir.join("train-labels-idx1-ubyte.gz")).unwrap();
    wares.assert_fetched(&run(&manifest, dir.path()).unwrap());
    assert_eq!(server.requests(), ["/train-labels-idx1-ubyte.gz -"]);
}

#[test]
fn a_broken_transfer_goes_on_where_it_broke() {
    let (server, wares, dir) = (Server::start(), wares(), tempfile::tempdir().unwrap());
    wares.serve(&server);
    let body = gzip(&wares.contents[0]);
    let broken = Served { body, break_after: Some(1000), breaks: 2, no_ranges: false };
    server.serve("train-images-idx3-ubyte.gz", broken);
    wares.assert_fetched(&run(&wares.manifest(vec![web(&server)]), dir.path()).unwrap());
    let expected = ["-", "1000", "2000"].map(|start| format!("/train-images-idx3-ubyte.gz {start}"));
    assert_eq!(server.requests()[..3], expected);
}

#[test]
fn a_broken_fetch_goes_on_in_the_next_call() {
    let (server, wares, dir) = (Server::start(), wares(), tempfile::tempdir().unwrap());
    wares.serve(&server);
    let body = gzip(&wares.contents[0]);
    server.serve(
        "train-images-idx3-ubyte.gz",
        Served { body, break_after: Some(10), breaks: 4, no_ranges: false },
    );
    let manifest = wares.manifest(vec![web(&server)]);
    assert_says(run(&manifest, dir.path()), &["wares", server.base(), "broke at byte 40"]);
    server.requests();
    wares.assert_fetched(&run(&manifest, dir.path()).unwrap());
    assert_eq!(server.requests()[0], "/train-images-idx3-ubyte.gz 40");
}

#[test]
fn a_server_without_ranges_and_a_spoiled_beginning_are_overcome() {
    for no_ranges in [true, false] {
        let (server, wares, dir) = (Server::start(), wares(), tempfile::tempdir().unwrap());
        wares.serve(&server);
        let name = "train-images-idx3-ubyte.gz";
        let body = gzip(&wares.contents[0]);
        let spoiled = vec![7; if no_ranges { 100 } else { body.len() }];
        server.serve(name, Served { body, no_ranges, ..Served::default() });
        let folder = dir.path().join("wares");
        let part = part_path(&folder, name, &format!("{}{name}", server.base()));
        for junk in [&spoiled[..], &spoiled[..100]] {
            put(&folder, part.file_name().unwrap().to_str().unwrap(), junk);
            wares.assert_fetched(&run(&wares.manifest(vec![web(&server)]), dir.path()).unwrap());
            std::fs::remove_file(folder.join(name)).unwrap();
        }
    }
}

#[test]
fn registries_stand_in_for_the_publisher() {
    let (server, wares, dir) = (Server::start(), wares(), tempfile::tempdir().unwrap());
    let deb = archive(&server, "wares_1~2.deb", ArchiveKind::Deb, wares.deb());
    let tgz = archive(&server, "wares-1.tgz", ArchiveKind::TarGz, gzip(&wares.tar()));
    for (which, source) in [("deb", deb), ("tgz", tgz)] {
        let mut failed = Vec::new();
        let manifest = wares.manifest(vec![web(&server), source]);
        let fetched = fetch_manifest(&manifest, &dir.path().join(which), &mut |event| {
            if let FetchEvent::SourceFailed { source, reason } = event {
                failed.push(format!("{source} {reason}"));
            }
        });
        let fetched = fetched.unwrap();
        wares.assert_fetched(&fetched);
        assert_eq!(fetched.source, Some(source.to_string()));
        assert_eq!(failed, [format!("{} the server answers 404", server.base())]);
        assert!(fetched.files[0].ends_with("train-images-idx3-ubyte"));
        assert!(fetched.files[1].ends_with("train-labels-idx1-ubyte.gz"));
    }
}

#[test]
fn wrong_content_is_never_put_in_place() {
    let (server, wares, dir) = (Server::start(), wares(), tempfile::tempdir().unwrap());
    let mut wrong = wares.contents[0].clone();
    wrong[5] ^= 1;
    let lies =
        [gzip(&wrong), wrong, gzip(&wares.contents[1]), gzip(&[wares.contents[0].clone(), vec![0]].concat())];
    for body in lies {
        server.serve("train-images-idx3-ubyte.gz", Served { body, ..Served::default() });
        let result = run(&wares.manifest(vec![web(&server)]), dir.path());
        assert_says(result, &["SHA-256", "train-images-idx3-ubyte", "expected 300000"]);
        assert_eq!(std::fs::read_dir(dir.path().join("wares")).unwrap().count(), 0);
    }
    let endless = Served { body: vec![0; 3 << 20], ..Served::default() };
    server.serve("train-images-idx3-ubyte.gz", endless);
    assert_says(run(&wares.manifest(vec![web(&server)]), dir.path()), &["at most 1348576 were expected"]);
    let Source::Archive { url, bytes, kind, .. } =
        archive(&server, "x.tgz", ArchiveKind::TarGz, gzip(&wares.tar()))
    else {
        unreachable!("it makes archives")
    };
    let changed = Source::Archive { url, bytes, kind, sha256: "00" };
    assert_says(run(&wares.manifest(vec![changed]), dir.path()), &["x.tgz", "SHA-256", "expected"]);
}

#[test]
fn damaged_archives_are_errors() {
    let (server, wares, dir) = (Server::start(), wares(), tempfile::tempdir().unwrap());
    let deb = wares.deb();
    let mut empty = ar::Builder::new(Vec::new());
    empty.append(&ar::Header::new(b"debian-binary".to_vec(), 4), &b"2.0\n"[..]).unwrap();
    let mut zstd = ar::Builder::new(Vec::new());
    zstd.append(&ar::Header::new(b"data.tar.zst".to_vec(), 4), &b"zstd"[..]).unwrap();
    let cases = [
        ("cut.deb", ArchiveKind::Deb, deb[..deb.len() / 2].to_vec(), ""),
        ("words.deb", ArchiveKind::Deb, b"words".to_vec(), "Debian package"),
        ("empty.deb", ArchiveKind::Deb, empty.into_inner().unwrap(), "no data.tar"),
        ("zstd.deb", ArchiveKind::Deb, zstd.into_inner().unwrap(), "data.tar.zst"),
        ("words.tgz", ArchiveKind::TarGz, b"words".to_vec(), "cannot be unpacked"),
        ("other.tgz", ArchiveKind::TarGz, gzip(&[0; 1024]), "does not hold train-images-idx3-ubyte"),
    ];
    for (name, kind, body, words) in cases {
        let source = archive(&server, name, kind, body);
        assert_says(
            run(&wares.manifest(vec![source]), dir.path()),
            &["could not fetch `wares`", name, words],
        );
    }
}

#[cfg(unix)]
#[test]
fn a_registry_client_is_the_last_resort() {
    let (wares, dir) = (wares(), tempfile::tempdir().unwrap());
    put(dir.path(), "store/wares.tgz", &gzip(&wares.tar()));
    let client = |script: String| {
        let args: &'static [&'static str] = Box::leak(Box::new(["-c", leak(script)]));
        Source::Client { program: "sh", args, kind: ArchiveKind::TarGz }
    };
    let copy = client(format!("cp '{}' .", dir.path().join("store/wares.tgz").display()));
    let fails = client("echo one >&2; echo no such package >&2; exit 3".into());
    let idle = client("true".into());
    let absent = Source::Client { program: "no-such-program-here", args: &[], kind: ArchiveKind::TarGz };
    let result = run(&wares.manifest(vec![fails, idle, absent]), dir.path());
    assert_says(
        result,
        &["no such package", "left no .tgz file", "no-such-program-here", "cannot be started"],
    );
    wares.assert_fetched(&run(&wares.manifest(vec![fails, copy]), dir.path()).unwrap());
}

#[test]
fn a_server_that_is_not_there_is_an_error_that_says_what_to_do() {
    let (wares, dir) = (wares(), tempfile::tempdir().unwrap());
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let base = leak(format!("http://127.0.0.1:{port}/"));
    let result = run(&wares.manifest(vec![Source::Web { base }]), dir.path());
    assert_says(result, &["wares", base, "by hand", "train-images-idx3-ubyte, train-labels-idx1-ubyte"]);
    put(dir.path(), "file", b"");
    assert_says(run(&wares.manifest(vec![]), &dir.path().join("file")), &["create", "file/wares"]);
}

#[test]
fn names_without_a_source_say_why() {
    let dir = tempfile::tempdir().unwrap();
    let try_fetch = |name| fetch(name, dir.path(), &mut |_| {});
    assert_says(try_fetch("fashion-mnist-10k"), &["fashion-mnist-10k", "part of the program", "mnist"]);
    assert_says(try_fetch("ring"), &["ring", "part of the program"]);
    assert_says(try_fetch("cifar-10"), &["cifar-10-binary.tar.gz", "by hand"]);
    assert_says(try_fetch("imagenet"), &["imagenet", "no data set is called so", "fashion-mnist, mnist"]);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn the_manifests_are_well_formed() {
    for name in ["fashion-mnist", "mnist"] {
        let manifest = manifest::manifest(name).unwrap();
        assert_eq!(manifest.files.len(), 4);
        assert!(manifest.files.iter().all(|file| file.sha256.len() == 64));
        for source in manifest.sources {
            match source {
                Source::Web { base } => assert!(base.starts_with("https://") && base.ends_with('/')),
                Source::Archive { url, sha256, .. } => {
                    assert!(url.starts_with("https://") && sha256.len() == 64)
                }
                Source::Client { .. } => {}
            }
        }
        assert!(!manifest.licence.is_empty());
    }
}
