//! What `--real` and `--fake` may be, brought to what measures take.

use std::path::{Path, PathBuf};

use crate::{
    AdmStatistics, BatchOptions, Convention, Extracted, FeatureCache, FeatureExtractor, FeatureFile,
    FeatureStats, Features, ImageFolder, ImageReport, MetricError, NpzKind, Provenance, cache_dir,
    folder_features, npz_has_images, npz_kind, read_adm_npz, read_npz,
};
use anyhow::{Context, Result, anyhow};
use ganymede_files::{DecodeOptions, Digest, Frame};
use ganymede_tensor::Rng;
use ndarray::{Array2, ArrayView2};

use crate::images::Container;

use super::args::NetworkArgs;
use super::choices::Rules;
use super::drawn::{Drawn, Generator};
use super::progress::Progress;
use super::words;

/// A path, known by its content.
pub(crate) enum Source<'a> {
    Folder(ImageFolder),
    /// Statistics of ours.
    Statistics(Box<FeatureStats>, Box<Provenance>),
    /// Mean and covariance of pytorch-fid, clean-fid or guided-diffusion.
    Foreign(Box<AdmStatistics>),
    /// A reference batch of guided-diffusion: some images, and the statistics of many.
    Batch(ImageFolder, Box<AdmStatistics>),
    /// Rows of features.
    Rows(FeatureFile),
    /// What samples are drawn of.
    Drawn(Generator<'a>),
}

impl Source<'_> {
    /// Looks what is there. No image is decoded yet.
    pub(crate) fn open(path: &Path, rules: &Rules) -> Result<Self> {
        let there = std::fs::metadata(path).with_context(|| path.display().to_string())?;
        if there.is_dir() {
            return Ok(Self::Folder(ImageFolder::open_as(path, rules.convention)?));
        }
        if Container::of_name(path).is_some() {
            return Ok(Self::Folder(ImageFolder::open_as(path, rules.convention)?));
        }
        let suffix = path.extension().map(|s| s.to_string_lossy().to_lowercase());
        match suffix.as_deref() {
            Some("npz") => Self::of_npz(path, rules),
            Some("npy") => Self::of_npy(path),
            _ => match FeatureStats::load(path) {
                Ok((stats, provenance)) => Ok(Self::Statistics(Box::new(stats), Box::new(provenance))),
                Err(not_ours) => FeatureFile::read(path).map(Self::Rows).map_err(|neither| {
                    let (named, bare) = (path.display(), |error: MetricError| bare(&error, path));
                    let (not_ours, neither) = (bare(not_ours), bare(neither));
                    anyhow!(
                        "{named}: neither a folder, an archive or a list, nor statistics ({not_ours}), nor features ({neither})"
                    )
                }),
            },
        }
    }

    fn of_npz(path: &Path, rules: &Rules) -> Result<Self> {
        let say = |notes: &[String]| {
            notes.iter().for_each(|note| words::say(&format!("note: {}: {note}", path.display())));
        };
        match npz_kind(path)? {
            NpzKind::Images => Ok(Self::Folder(ImageFolder::open(path)?)),
            NpzKind::Features => Self::rows(path),
            _ if rules.convention == Convention::Adm => {
                let (stats, notes) = read_adm_npz(path)?;
                say(&notes);
                Ok(match npz_has_images(path)? {
                    true => Self::Batch(ImageFolder::open(path)?, Box::new(stats)),
                    false => Self::Foreign(Box::new(stats)),
                })
            }
            _ => {
                let (pool, notes) = read_npz(path)?;
                say(&notes);
                Ok(Self::Foreign(Box::new(AdmStatistics { pool, spatial: None })))
            }
        }
    }

    /// Features are floats in two dimensions; whatever else is there can only be images.
    fn of_npy(path: &Path) -> Result<Self> {
        match FeatureFile::read(path) {
            Ok(rows) => Ok(Self::Rows(rows)),
            Err(no_rows) => match ImageFolder::open(path) {
                Ok(images) => Ok(Self::Folder(images)),
                Err(no_images) => Err(no_rows).context(format!("neither images ({no_images}) nor features")),
            },
        }
    }

    /// Whether images have to go through a network.
    pub(crate) fn has_images(&self) -> bool {
        matches!(self, Self::Folder(_) | Self::Batch(..) | Self::Drawn(_))
    }

    /// Rows of features, whatever else the file might be.
    pub(crate) fn rows(path: &Path) -> Result<Self> {
        Ok(Self::Rows(FeatureFile::read(path)?))
    }
}

/// An error without the file that it begins with.
fn bare(error: &MetricError, path: &Path) -> String {
    let text = error.to_string();
    text.strip_prefix(&format!("{}: ", path.display())).unwrap_or(&text).to_owned()
}

/// A set, ready to be measured. What a source does not have is `None`.
pub(crate) struct Set {
    pub(crate) path: PathBuf,
    /// `images`, `statistics`, `features`.
    pub(crate) kind: &'static str,
    pub(crate) count: Option<u64>,
    pub(crate) provenance: Option<Provenance>,
    pub(crate) stats: Option<FeatureStats>,
    pub(crate) foreign: Option<AdmStatistics>,
    pub(crate) features: Features,
    /// The features in f64, where they came so.
    pub(crate) wide: Option<Array2<f64>>,
    pub(crate) images: Option<Images>,
    /// How the images were drawn, if they were.
    pub(crate) drawn: Option<Drawn>,
}

/// The images behind rows of features.
pub(crate) struct Images {
    pub(crate) folder: ImageFolder,
    /// Which file each row is of.
    pub(crate) files: Vec<usize>,
    /// A hash of the pixels of each row.
    pub(crate) contents: Vec<[u8; 32]>,
    pub(crate) report: ImageReport,
}

impl Images {
    pub(crate) fn path(&self, row: usize) -> &Path {
        self.folder.path(self.files[row])
    }

    /// Rows in an order that is their content's, so that no name of a file or folder decides what a draw gives.
    fn by_content(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..self.files.len()).collect();
        rows.sort_by_key(|row| self.contents[*row]);
        rows
    }

    /// At most `limit` images, drawn by `seed`: the same ones wherever they lie.
    pub(crate) fn draw_files(&self, limit: usize, seed: u64) -> ImageFolder {
        let rows = self.by_content();
        let order = Rng::stream(seed, "images").permutation(rows.len());
        let drawn: Vec<usize> = order.into_iter().take(limit).map(|i| self.files[rows[i]]).collect();
        let mut folder = self.folder.clone();
        folder.select(&drawn);
        folder
    }

    /// A hash of all images together, whatever their names and order.
    pub(crate) fn content(&self) -> String {
        let mut digest = Digest::new("images of statistics");
        self.by_content().into_iter().for_each(|row| digest.bytes(&self.contents[row]));
        digest.hex()
    }

    /// The image of a row, as PIL gives it.
    pub(crate) fn frame(&self, row: usize) -> Result<Frame> {
        Ok(self.folder.frame(self.files[row], &DecodeOptions::pil())?)
    }
}

impl Set {
    /// Numbers in a row of features.
    pub(crate) fn width(&self) -> Option<usize> {
        let foreign = self.foreign.as_ref().map(|foreign| foreign.pool.mean.len());
        self.stats.as_ref().map(FeatureStats::dim).or(foreign)
    }

    /// Features, where there are rows.
    pub(crate) fn rows(&self) -> Option<ArrayView2<'_, f32>> {
        let of_stats = || self.stats.as_ref().and_then(FeatureStats::rows);
        if self.features.pool.is_empty() { of_stats() } else { Some(self.features.pool.view()) }
    }

    fn empty(path: &Path, kind: &'static str) -> Self {
        Self {
            path: path.to_owned(),
            kind,
            count: None,
            provenance: None,
            stats: None,
            foreign: None,
            features: Features::default(),
            wide: None,
            images: None,
            drawn: None,
        }
    }

    /// Statistics and features from files; folders go through [`Reader::read`].
    pub(crate) fn of_file(path: &Path, source: Source<'_>) -> Result<Self> {
        let mut set = Self::empty(path, "statistics");
        match source {
            Source::Folder(_) | Source::Batch(..) | Source::Drawn(_) => {
                anyhow::bail!("{}: images need a network", path.display())
            }
            Source::Statistics(stats, provenance) => {
                set.count = Some(stats.count());
                set.provenance = Some(*provenance);
                set.stats = Some(*stats);
            }
            Source::Foreign(stats) => set.foreign = Some(*stats),
            Source::Rows(file) => {
                set.kind = "features";
                set.count = Some(file.rows.nrows() as u64);
                let mut stats = FeatureStats::new(file.rows.ncols())?;
                match &file.wide {
                    Some(wide) => stats.push(wide)?,
                    None => stats.push(&file.rows)?,
                }
                set.stats = Some(stats);
                set.features.pool = file.rows;
                set.wide = file.wide;
            }
        }
        Ok(set)
    }
}

/// Turns folders into features.
pub(crate) struct Reader<'a> {
    pub(crate) extractor: &'a dyn FeatureExtractor,
    pub(crate) rules: &'a Rules,
    pub(crate) args: &'a NetworkArgs,
    pub(crate) quiet: bool,
}

impl Reader<'_> {
    fn options(&self) -> BatchOptions {
        let mut options = BatchOptions::new(self.extractor.input());
        options.resize = self.rules.resize;
        options.batch = self.args.batch;
        options.threads = self.args.threads.unwrap_or(0);
        options
    }

    /// Where numbers of these features come from.
    pub(crate) fn provenance(&self) -> Provenance {
        let (extractor, convention) = (self.extractor, self.rules.convention);
        let mut provenance = Provenance::new(extractor.id(), extractor.weights_sha256(), convention);
        provenance.resize = Some(self.rules.resize);
        provenance
    }

    /// Features of all images of a folder, from the cache if they are there.
    pub(crate) fn read(&self, what: &str, folder: ImageFolder) -> Result<Set> {
        let cache = (!self.args.no_cache).then(|| FeatureCache::new(&cache_dir()));
        let mut progress = Progress::new(self.quiet, what, "images", folder.len() as u64);
        let options = self.options();
        let found = folder_features(&folder, self.extractor, &options, cache.as_ref(), &mut |n| {
            progress.at(n as u64);
        })?;
        drop(progress);
        found.warnings.iter().for_each(|warning| words::say(&format!("warning: {warning}")));
        self.set(folder, found)
    }

    fn set(&self, folder: ImageFolder, entry: Extracted) -> Result<Set> {
        let mut stats = FeatureStats::new(entry.features.pool.ncols())?;
        stats
            .push(&entry.features.pool)
            .with_context(|| format!("features of {} by {}", folder.dir().display(), self.extractor.id()))?;
        let mut set = Set::empty(folder.dir(), "images");
        set.count = Some(entry.files.len() as u64);
        set.provenance = Some(self.provenance());
        set.stats = Some(stats);
        set.features = entry.features;
        set.images =
            Some(Images { folder, files: entry.files, contents: entry.contents, report: entry.report });
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Twenty images of each of two classes; `place` says where the one of a number lies.
    fn images(dir: &Path, place: impl Fn(u8) -> String) -> Images {
        for i in 0..40 {
            ganymede_files::testing::put(dir, &place(i), &[i]);
        }
        let folder = ImageFolder::open(dir).unwrap();
        let files: Vec<usize> = (0..folder.len()).collect();
        let contents = files.iter().map(|i| [std::fs::read(folder.path(*i)).unwrap()[0]; 32]).collect();
        Images { folder, files, contents, report: ImageReport::default() }
    }

    fn drawn(images: &Images, limit: usize, seed: u64) -> Vec<u8> {
        let folder = images.draw_files(limit, seed);
        (0..folder.len()).map(|i| std::fs::read(folder.path(i)).unwrap()[0]).collect()
    }

    #[test]
    fn a_draw_is_of_all_classes_and_knows_no_names() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let classes = images(a.path(), |i| format!("{}/{i:02}.png", if i < 20 { "cats" } else { "dogs" }));
        let shuffled = images(b.path(), |i| format!("{:02}.png", u32::from(i) * 7 % 40));
        for seed in 0..5 {
            let found = drawn(&classes, 16, seed);
            assert_eq!(found, drawn(&shuffled, 16, seed));
            assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 16);
            let cats = found.iter().filter(|image| **image < 20).count();
            assert!((3..=13).contains(&cats), "{cats} of 16 from the first folder");
            assert_ne!(found, drawn(&classes, 16, seed + 1));
        }
        assert_eq!(drawn(&classes, 100, 0).len(), 40);
        assert_eq!(classes.content(), shuffled.content());
    }
}
