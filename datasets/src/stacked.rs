//! Stacked MNIST: three digits as the channels of one image, a thousand classes of equal chance.

use std::path::Path;
use std::sync::OnceLock;

use ganymede_files::Digest;
use ganymede_tensor::Rng;

use crate::dataset::{Dataset, ImageSet, check_read, write_values};
use crate::error::DatasetError;
use crate::idx;
use crate::options::{Channels, OpenOptions, Split};
use crate::raw::{Framing, RawImages};

/// The name that it is opened by.
pub(crate) const NAME: &str = "stacked-mnist";
/// The data set whose files it is made of.
pub(crate) const OF: &str = "mnist";
/// Samples of the training part and of the test part (Lin et al., 2018, arXiv:1712.04086, section 4.2).
pub(crate) const SAMPLES: [usize; 2] = [128_000, 26_000];
const DIGITS: usize = 10;

/// Images `[3, H, W]` whose channels are digits drawn independently, with replacement, from the same part of MNIST.
///
/// The draws are part of the data set, the same for every seed. The class of a sample is the number that its digits make,
/// red first: 0 to 999. The digits of MNIST are not equally frequent, so neither are the classes: the divergence of their true
/// shares from equal ones is 0.004.
#[derive(Debug)]
pub(crate) struct StackedSet {
    digits: ImageSet,
    stacks: Vec<[u32; 3]>,
    shape: [usize; 3],
    class_names: Vec<String>,
    hash: OnceLock<String>,
}

impl StackedSet {
    /// The part that `options` ask for, of digits that `read` gives, part by part; `origin` is for messages.
    pub(crate) fn open(
        origin: &Path,
        options: &OpenOptions,
        read: impl Fn(Split) -> Result<RawImages, DatasetError>,
    ) -> Result<Self, DatasetError> {
        if options.channels == Channels::Grey {
            return Err(DatasetError::BadOption {
                option: "channels",
                value: format!("grey for `{NAME}`"),
                fix: "its three channels are three digits: leave the option out".into(),
            });
        }
        let mut stacks = Vec::new();
        let mut digits: Option<RawImages> = None;
        for (part, name, count) in [(Split::Train, "train", SAMPLES[0]), (Split::Test, "test", SAMPLES[1])] {
            if options.split != part && options.split != Split::All {
                continue;
            }
            let more = read(part)?;
            let first = digits.as_ref().map_or(0, RawImages::len);
            let mut rng = Rng::stream(0, &format!("{NAME}/{name}"));
            stacks.extend((0..count).map(|_| [0; 3].map(|_: u32| (first + rng.below(more.len())) as u32)));
            match &mut digits {
                Some(digits) => idx::append(digits, more, origin)?,
                None => digits = Some(more),
            }
        }
        let digits = digits.expect("every split has a part");
        let grey = OpenOptions { channels: Channels::Grey, ..options.clone() };
        let digits = digits.into_set(NAME, origin, &grey, Framing::PadSmall)?;
        let [_, height, width] = digits.image_shape();
        let class_names = (0..DIGITS.pow(3)).map(|class| format!("{class:03}")).collect();
        Ok(Self { digits, stacks, shape: [3, height, width], class_names, hash: OnceLock::new() })
    }

    /// The bytes of the digits of a sample, red first.
    fn channels(&self, index: usize) -> impl Iterator<Item = &[u8]> {
        let digits = self.stacks[index];
        digits.into_iter().map(|digit| self.digits.bytes(digit as usize).expect("stacks are of digits"))
    }
}

impl Dataset for StackedSet {
    fn name(&self) -> &str {
        NAME
    }

    fn len(&self) -> usize {
        self.stacks.len()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn class_names(&self) -> &[String] {
        &self.class_names
    }

    fn label(&self, index: usize) -> Option<u32> {
        let stack = self.stacks.get(index)?;
        stack.iter().try_fold(0, |number, &digit| Some(10 * number + self.digits.label(digit as usize)?))
    }

    fn read(&self, index: usize, out: &mut [f32]) -> Result<(), DatasetError> {
        check_read(self, index, out.len())?;
        let side = self.shape[1] * self.shape[2];
        self.channels(index)
            .zip(out.chunks_exact_mut(side))
            .for_each(|(bytes, out)| write_values(bytes, out));
        Ok(())
    }

    fn read_bytes(&self, index: usize, out: &mut [u8]) -> Result<(), DatasetError> {
        check_read(self, index, out.len())?;
        let side = self.shape[1] * self.shape[2];
        self.channels(index)
            .zip(out.chunks_exact_mut(side))
            .for_each(|(bytes, out)| out.copy_from_slice(bytes));
        Ok(())
    }

    fn content_hash(&self) -> String {
        let compute = || {
            let mut digest = Digest::new("stacked digits");
            digest.bytes(self.digits.content_hash().as_bytes());
            self.stacks.iter().flatten().for_each(|&digit| digest.number(u64::from(digit)));
            digest.hex()
        };
        self.hash.get_or_init(compute).clone()
    }
}

#[cfg(test)]
mod tests;
