//! The sets that a command names: all of them are opened before the first is read.

use std::borrow::Cow;
use std::path::Path;

use anyhow::Result;

use super::args::NetworkArgs;
use super::choices::Rules;
use super::drawn::{Generator, RunSamples};
use super::extractor;
use super::source::{Reader, Set, Source};

/// A set, as the command line names it.
pub(crate) struct Asked<'a> {
    /// What it is called while it is read.
    pub(crate) what: Cow<'a, str>,
    pub(crate) path: &'a Path,
    /// Whether it may be something that samples are drawn of. Real images are never drawn.
    pub(crate) may_be_drawn: bool,
}

impl<'a> Asked<'a> {
    pub(crate) fn real(what: &'a str, path: &'a Path) -> Self {
        Self { what: what.into(), path, may_be_drawn: false }
    }

    pub(crate) fn generated(what: impl Into<Cow<'a, str>>, path: &'a Path) -> Self {
        Self { what: what.into(), path, may_be_drawn: true }
    }
}

/// How sets are read.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) args: &'a NetworkArgs,
    /// What draws the samples of runs, where this program has that.
    pub(crate) runs: Option<&'a dyn RunSamples>,
    pub(crate) quiet: bool,
}

/// Sets that were found.
pub(crate) struct Sets<'a> {
    means: Means<'a>,
    found: Vec<(Asked<'a>, Source<'a>)>,
}

impl<'a> Sets<'a> {
    /// Looks what is there. No image is decoded yet, and none is drawn.
    pub(crate) fn open(asked: Vec<Asked<'a>>, means: Means<'a>) -> Result<Self> {
        let open = |asked: Asked<'a>| {
            let runs = means.runs.filter(|_| asked.may_be_drawn);
            let source = match Generator::open(asked.path, asked.may_be_drawn, runs)? {
                Some(generator) => Source::Drawn(generator),
                None => Source::open(asked.path, means.rules)?,
            };
            Ok((asked, source))
        };
        Ok(Self { means, found: asked.into_iter().map(open).collect::<Result<_>>()? })
    }

    /// Whether images of the set of this number have to go through a network.
    pub(crate) fn has_images(&self, number: usize) -> bool {
        self.found[number].1.has_images()
    }

    /// Reads all, in their order, by one network if any of them has images; with its spatial features if they are wanted.
    pub(crate) fn read(self, spatial: bool) -> Result<Vec<Set>> {
        let Means { rules, args, quiet, .. } = self.means;
        let network = match self.found.iter().any(|(_, source)| source.has_images()) {
            true => Some(extractor::load(args, rules, spatial, quiet)?),
            false => None,
        };
        let reader =
            network.as_ref().map(|network| Reader { extractor: network.as_ref(), rules, args, quiet });
        let read = |(asked, source): (Asked<'_>, Source<'_>)| match (source, &reader) {
            (Source::Folder(folder), Some(reader)) => reader.read(&asked.what, folder),
            (Source::Batch(folder, stats), Some(reader)) => {
                Ok(Set { foreign: Some(*stats), ..reader.read(&asked.what, folder)? })
            }
            (Source::Drawn(generator), Some(reader)) => {
                let folder = generator.draw(&args.draw, quiet)?;
                Ok(Set { drawn: Some(args.draw.drawn()), ..reader.read(&asked.what, folder)? })
            }
            (source, _) => Set::of_file(asked.path, source),
        };
        self.found.into_iter().map(read).collect()
    }
}
