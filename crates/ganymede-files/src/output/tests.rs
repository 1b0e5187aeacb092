use std::fs::File;
use std::io::Read;

use super::*;
use crate::testing::assert_says;

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_file_is_made_or_replaced_as_a_whole() {
    let dir = dir();
    let path = dir.path().join("a result.json");
    let output = Output::new(&path).unwrap();
    assert!(!path.exists(), "trying makes nothing");
    output.write(b"first").unwrap();
    output.write(b"2nd").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"2nd");
    let failing = output.write_with(|out| {
        out.write_all(&[b'x'; 100_000])?;
        Err(io::Error::other("the work failed"))
    });
    assert_says(failing, &["a result.json", "the work failed"]);
    assert_eq!(fs::read(&path).unwrap(), b"2nd");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "temporary files are left");
}

#[test]
fn what_cannot_be_written_to_is_said_before_the_work() {
    let dir = dir();
    let file = dir.path().join("file");
    fs::write(&file, b"old").unwrap();
    let cases = [
        (dir.path().to_path_buf(), "it is a folder"),
        (dir.path().join("none/x.json"), "there is no folder"),
        (file.join("x.json"), "Not a directory"),
        (dir.path().join("new/"), "no such folder"),
        (dir.path().join("x".repeat(300)), "long"),
        (PathBuf::from(""), "the name is empty"),
    ];
    for (path, reason) in cases {
        assert_says(Output::new(&path), &["cannot write to", reason]);
    }
    assert_eq!(fs::read(&file).unwrap(), b"old");
}

#[test]
fn a_dash_is_standard_output() {
    assert!(Output::new(Path::new("-")).unwrap().is_stdout());
    assert!(!Output::new(Path::new("./-")).unwrap().is_stdout());
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn modes_stay() {
        let dir = dir();
        for wanted in [0o600, 0o640, 0o444 | 0o200] {
            let path = dir.path().join(format!("{wanted:o}"));
            fs::write(&path, b"old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(wanted)).unwrap();
            Output::new(&path).unwrap().write(b"new").unwrap();
            assert_eq!((mode(&path), fs::read(&path).unwrap()), (wanted, b"new".to_vec()));
        }
    }

    #[test]
    fn links_stay_links_and_their_target_is_written() {
        let dir = dir();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        fs::write(at("sub/target"), b"old").unwrap();
        symlink("sub/target", at("one")).unwrap();
        symlink(at("one"), at("two")).unwrap();
        symlink("sub/not-there-yet", at("dangling")).unwrap();
        Output::new(&at("two")).unwrap().write(b"new").unwrap();
        Output::new(&at("dangling")).unwrap().write(b"made").unwrap();
        assert_eq!(fs::read(at("sub/target")).unwrap(), b"new");
        assert_eq!(fs::read(at("sub/not-there-yet")).unwrap(), b"made");
        assert!(["one", "two", "dangling"].iter().all(|name| at(name).is_symlink()));

        fs::hard_link(at("sub/target"), at("second-name")).unwrap();
        Output::new(&at("second-name")).unwrap().write(b"for both").unwrap();
        assert_eq!(fs::read(at("sub/target")).unwrap(), b"for both");

        symlink("circle", at("circle")).unwrap();
        assert_says(Output::new(&at("circle")), &["circle"]);
        symlink("none/file", at("nowhere")).unwrap();
        assert_says(Output::new(&at("nowhere")), &["there is no folder"]);
    }

    #[test]
    fn a_pipe_stays_a_pipe() {
        let dir = dir();
        let path = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        let output = Output::new(&path).unwrap();
        let reader = std::thread::spawn({
            let path = path.clone();
            move || {
                let mut text = String::new();
                File::open(path).unwrap().read_to_string(&mut text).unwrap();
                text
            }
        });
        output.write(b"through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        assert!(!fs::metadata(&path).unwrap().is_file());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn descriptors_are_appended_to_and_full_devices_said() {
        use std::os::fd::AsRawFd;
        let dir = dir();
        let path = dir.path().join("log");
        let mut log = File::create(&path).unwrap();
        log.write_all(b"before\n").unwrap();
        let inode = log.metadata().unwrap().ino();
        for name in ["/dev/fd", "/proc/self/fd"] {
            let descriptor = Path::new(name).join(log.as_raw_fd().to_string());
            Output::new(&descriptor).unwrap().write(b"after\n").unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), b"before\nafter\nafter\n");
        assert_eq!(fs::metadata(&path).unwrap().ino(), inode);

        assert!(Output::new(Path::new("/dev/stdout")).unwrap().is_stdout());
        assert!(Output::new(Path::new("/proc/self/fd/1")).unwrap().is_stdout());
        Output::new(Path::new("/dev/null")).unwrap().write(b"x").unwrap();
        let full = Output::new(Path::new("/dev/full")).unwrap();
        assert_says(full.write(b"x"), &["/dev/full", "No space left"]);
        assert_says(full.write(&[0; 1 << 20]), &["/dev/full", "No space left"]);
    }

    #[test]
    fn a_socket_is_refused_and_a_closed_folder_said() {
        let dir = dir();
        let socket = dir.path().join("socket");
        let _open = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert_says(Output::new(&socket), &["it is a socket"]);

        let closed = dir.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::write(closed.join("there"), b"old").unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
        if File::create(closed.join("may-root")).is_ok() {
            return eprintln!("this user may write anywhere: permissions were not tried");
        }
        assert_says(Output::new(&closed.join("new")), &["permission"]);
        // The file itself may be written, if not replaced.
        Output::new(&closed.join("there")).unwrap().write(b"new").unwrap();
        assert_eq!(fs::read(closed.join("there")).unwrap(), b"new");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    }
}
