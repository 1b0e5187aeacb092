//! What is known of networks and presets before anything is trained.

use std::path::Path;

use anyhow::Result;
use ganymede_datasets::list;
use ganymede_models::{ConditionShape, DISCRIMINATORS, GENERATORS, Io, NetworkSpec, SampleKind, Size};
use ganymede_train::{Layers, preset_names};
use toml::{Table, Value};

/// Sides that networks of images are described at, where they take them.
const SIDES: [usize; 4] = [32, 48, 64, 128];
/// Where networks are told a class, there are so many.
const CLASSES: usize = 10;

/// A name of the tables, with the networks that have it.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) paper: &'static str,
    pub(super) players: Vec<Player>,
}

/// One network as it is without any setting.
pub(super) struct Player {
    pub(super) role: &'static str,
    samples: SampleKind,
    spec: Box<dyn NetworkSpec>,
    /// Every setting that it has.
    keys: Vec<String>,
}

/// Every network, those of one name together.
pub(super) fn entries() -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut add = |name, summary, paper, player| match entries.iter_mut().find(|entry| entry.name == name) {
        Some(entry) => entry.players.push(player),
        None => entries.push(Entry { name, summary, paper, players: vec![player] }),
    };
    for kind in GENERATORS {
        let keys = keys((kind.read)(&a_stranger()).err().map(|fault| fault.message));
        let spec: Box<dyn NetworkSpec> = (kind.read)(&Table::new())?;
        let player = Player { role: "generator", samples: kind.samples, spec, keys };
        add(kind.name, kind.summary, kind.paper, player);
    }
    for kind in DISCRIMINATORS {
        let keys = keys((kind.read)(&a_stranger()).err().map(|fault| fault.message));
        let spec: Box<dyn NetworkSpec> = (kind.read)(&Table::new())?;
        let player = Player { role: "discriminator", samples: kind.samples, spec, keys };
        add(kind.name, kind.summary, kind.paper, player);
    }
    Ok(entries)
}

/// Settings that no network has.
fn a_stranger() -> Table {
    Table::from_iter([("?".to_owned(), Value::Integer(0))])
}

/// The names that a refusal of an unknown key offers: all keys, also those that have no value unless one is given.
fn keys(refusal: Option<String>) -> Vec<String> {
    let refusal = refusal.unwrap_or_default();
    let offered = refusal.split_once("expected").map_or("", |(_, offered)| offered);
    offered.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

impl Player {
    /// Every setting and what it is where it is left out; nothing where that follows from others.
    pub(super) fn settings(&self) -> Vec<(String, Option<String>)> {
        let defaults = self.spec.write();
        let value = |key: &String| (key.clone(), defaults.get(key).map(Value::to_string));
        self.keys.iter().map(value).collect()
    }

    /// The samples that it takes, in its own words.
    pub(super) fn takes(&self) -> String {
        // A shape that no network takes.
        let problems = self.spec.fits(&Io::new([1, 2, 3]));
        problems.into_iter().next().map(|problem| problem.message).unwrap_or_default()
    }

    /// How large it is: the shape of a sample, and its size.
    pub(super) fn sizes(&self) -> Vec<(Vec<usize>, Size)> {
        let shapes: Vec<Vec<usize>> = match self.samples {
            SampleKind::Points => vec![vec![2]],
            SampleKind::Images => SIDES.map(|side| vec![3, side, side]).to_vec(),
        };
        shapes
            .into_iter()
            .filter_map(|shape| Some((shape.clone(), size(self.spec.as_ref(), &shape)?)))
            .collect()
    }
}

/// How large a network is for such samples, told whatever it wants to be told; nothing where it does not take them.
fn size(spec: &dyn NetworkSpec, shape: &[usize]) -> Option<Size> {
    let conditions =
        [ConditionShape::Classes(CLASSES), ConditionShape::None, ConditionShape::Images(shape.to_vec())];
    let ios = conditions.into_iter().map(|condition| Io { sample: shape.to_vec(), condition });
    ios.into_iter().find(|io| spec.fits(io).is_empty()).map(|io| spec.size(&io))
}

/// A preset and its players.
pub(super) struct Recipe {
    pub(super) name: &'static str,
    pub(super) summary: String,
    pub(super) steps: u64,
    pub(super) batch: usize,
    /// The kinds of the generator and of the discriminator.
    pub(super) kinds: [&'static str; 2],
    /// Their sizes, where the data are known well enough.
    pub(super) sizes: [Option<Size>; 2],
}

/// Every preset.
pub(super) fn recipes() -> Result<Vec<Recipe>> {
    let known = list(Path::new(""));
    let recipe = |name: &'static str| -> Result<Recipe> {
        let run = Layers::preset(name)?.resolve()?;
        let shape = known.iter().find(|entry| entry.name == run.data.name).map(|entry| entry.shape.to_vec());
        let shape = match (shape, run.data.resolution) {
            (Some(shape), Some(side)) => {
                let own = shape.first().copied().unwrap_or(3);
                Some(vec![run.data.channels.unwrap_or(own), side, side])
            }
            (shape, _) => shape,
        };
        let (g, d) = (&run.generator, &run.discriminator);
        let sizes = shape.map_or([None, None], |shape| [size(&**g, &shape), size(&**d, &shape)]);
        Ok(Recipe {
            name,
            summary: run.about.summary.clone().unwrap_or_default(),
            steps: run.steps,
            batch: run.batch,
            kinds: [g.kind().name, d.kind().name],
            sizes,
        })
    };
    preset_names().into_iter().map(recipe).collect()
}
