//! Data for generative adversarial networks.
//!
//! * [`open`] turns a name or a path into a [`Dataset`]: Fashion-MNIST (10,000 images are built in),
//!   MNIST, three digits of it as one image, CIFAR-10, any IDX file, any folder, zip or tar of PNG, JPEG and WebP images, and the two-dimensional
//!   toys ring, grid and Swiss roll, whose [`Modes`] are known and can be counted by [`mode_coverage`];
//! * a sample may come with a vector ([`Vectors`]) or an image ([`Pairs`]) that is known of it;
//! * [`Reduced`] is the same data at a lower resolution, for networks that grow;
//! * [`Loader`] makes shuffled batches ahead of the training step; its cursor alone says where it is;
//! * [`list`] says what there is, and [`fetch`] gets what is not on this machine, verified by hash.
//!
//! Images are in `[-1, 1]`, C H W. A file that cannot be used is named in [`Opened::skipped`], or
//! refused with [`OpenOptions::strict`].

mod catalogue;
mod cifar;
mod conditioned;
mod dataset;
mod decoded;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod doors;
mod embedded;
mod encoded;
mod error;
mod fetch;
mod folder;
mod frame;
mod idx;
mod layout;
mod loader;
mod modes;
mod open;
mod options;
mod pairs;
mod raw;
mod reduced;
mod resample;
mod stacked;
mod temporary;
#[cfg(test)]
mod testing;
mod toys;
mod vectors;

pub use catalogue::{Entry, FASHION_CLASSES, Kind, Presence, list};
pub use conditioned::{Conditioned, Conditions};
pub use dataset::{Dataset, ImageSet, Labels};
pub use error::DatasetError;
pub use fetch::manifest::{ArchiveKind, Manifest, ManifestFile, Source, manifest};
pub use fetch::{FetchEvent, Fetched, fetch};
pub use folder::read_image;
pub use loader::{Batch, ConditionBatch, Loader, LoaderConfig};
pub use modes::{ModeCoverage, Modes, mode_coverage};
pub use open::{CacheUse, Opened, SkippedFile, open, open_path, open_with_progress};
pub use options::{
    Background, Channels, Crop, DATA_DIR_VARIABLE, DEFAULT_FOLDER_RESOLUTION, Direction, OpenOptions, Pairs,
    Split, default_data_dir,
};
pub use pairs::open_conditions;
pub use reduced::Reduced;
pub use toys::{TOY_LEN, Toy, ToySet};
pub use vectors::{MOST_VECTOR, Vectors};
