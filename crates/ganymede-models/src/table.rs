//! The tables of all generators and discriminators. Everything that goes through networks goes through these.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use ganymede_tensor::Shapes;
use toml::{Table, Value};

use crate::infer::Evidence;
use crate::spec::{DiscriminatorSpec, Fault, GeneratorSpec, NetworkSpec, refuse};
use crate::{
    Io, ModelError, dcgan, latents, lipschitz, members, mlp, normalised, origins, packing, pggan, pix2pix,
    r3gan, reference, resnet, sndcgan, stylegan2,
};

/// Every generator. The first one for a kind of data is its default.
pub const GENERATORS: &[&GeneratorKind] = &[
    &dcgan::GENERATOR,
    &mlp::GENERATOR,
    &sndcgan::GENERATOR,
    &resnet::SNGAN_GENERATOR,
    &resnet::WGAN_GP_GENERATOR,
    &resnet::SAGAN_GENERATOR,
    &resnet::BIGGAN_GENERATOR,
    &r3gan::GENERATOR,
    &pggan::GENERATOR,
    &pix2pix::GENERATOR,
    &stylegan2::GENERATOR,
];

/// Every discriminator, likewise.
pub const DISCRIMINATORS: &[&DiscriminatorKind] = &[
    &dcgan::DISCRIMINATOR,
    &mlp::DISCRIMINATOR,
    &sndcgan::DISCRIMINATOR,
    &resnet::SNGAN_DISCRIMINATOR,
    &resnet::WGAN_GP_DISCRIMINATOR,
    &resnet::SAGAN_DISCRIMINATOR,
    &resnet::BIGGAN_DISCRIMINATOR,
    &r3gan::DISCRIMINATOR,
    &pggan::DISCRIMINATOR,
    &pix2pix::DISCRIMINATOR,
    &stylegan2::DISCRIMINATOR,
    &lipschitz::IMAGES,
    &lipschitz::POINTS,
];

/// What a network is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleKind {
    /// Images `[C, H, W]`.
    Images,
    /// Points of the plane, or of any space, `[D]`.
    Points,
}

impl SampleKind {
    /// The kind of samples of a shape.
    pub fn of(shape: &[usize]) -> Self {
        if shape.len() == 1 { Self::Points } else { Self::Images }
    }

    /// In words, for a message.
    pub fn words(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Points => "points of the plane",
        }
    }
}

/// A generator's place in the table.
#[derive(Debug)]
pub struct GeneratorKind {
    /// Its name in configurations.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Where it was published: authors, year, title and number.
    pub paper: &'static str,
    /// What it makes.
    pub samples: SampleKind,
    /// Its settings from a table, every one of which may be left out.
    pub read: fn(&Table) -> Result<Box<dyn GeneratorSpec>, Fault>,
    /// Its settings, and what it was built for, from the names and shapes of its weights, where these tell.
    pub infer: Option<Infer<GeneratorExample>>,
    /// Small ones that differ in everything that can differ, for tests.
    pub examples: fn() -> Vec<GeneratorExample>,
}

/// Settings, and what they are for.
pub type GeneratorExample = (Box<dyn GeneratorSpec>, Io);
/// Settings, and what they are for.
pub type DiscriminatorExample = (Box<dyn DiscriminatorSpec>, Io);

/// From evidence to settings and what they are for; see [`GeneratorKind::infer`].
pub type Infer<T> = fn(&Evidence<'_>) -> Result<T, ModelError>;

/// A discriminator's place in the table.
#[derive(Debug)]
pub struct DiscriminatorKind {
    /// Its name in configurations.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Where it was published: authors, year, title and number.
    pub paper: &'static str,
    /// What it judges.
    pub samples: SampleKind,
    /// Its settings from a table, every one of which may be left out.
    pub read: fn(&Table) -> Result<Box<dyn DiscriminatorSpec>, Fault>,
    /// Its settings, and what it was built for, from the names and shapes of its weights, where these tell.
    pub infer: Option<Infer<DiscriminatorExample>>,
    /// Small ones that differ in everything that can differ, for tests.
    pub examples: fn() -> Vec<DiscriminatorExample>,
}

impl GeneratorKind {
    /// The generator of a name.
    ///
    /// # Errors
    /// [`ModelError::UnknownModel`], which offers the nearest name.
    pub fn named(name: &str) -> Result<&'static Self, ModelError> {
        let found = GENERATORS.iter().find(|kind| kind.name == name);
        found.copied().ok_or_else(|| unknown("generator", name, GENERATORS.iter().map(|kind| kind.name)))
    }
}

impl DiscriminatorKind {
    /// The discriminator of a name.
    ///
    /// # Errors
    /// [`ModelError::UnknownModel`], which offers the nearest name.
    pub fn named(name: &str) -> Result<&'static Self, ModelError> {
        let found = DISCRIMINATORS.iter().find(|kind| kind.name == name);
        let names = DISCRIMINATORS.iter().map(|kind| kind.name);
        found.copied().ok_or_else(|| unknown("discriminator", name, names))
    }
}

fn unknown(role: &'static str, name: &str, known: impl Iterator<Item = &'static str> + Clone) -> ModelError {
    let similarity = |known: &str| strsim::jaro_winkler(&name.to_lowercase(), known);
    let nearest = (known.clone().map(|known| (similarity(known), known)))
        .filter(|(similarity, _)| *similarity > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    ModelError::UnknownModel {
        role,
        name: name.to_owned(),
        nearest: nearest.map(|(_, known)| known),
        known: known.collect::<Vec<_>>().join(", "),
    }
}

/// A generator and its settings, as a configuration chooses it.
///
/// ```
/// use ganymede_models::{GeneratorConfig, Io};
/// use ganymede_tensor::{DType, Device, Rng};
/// let config = GeneratorConfig::from_table(&"kind = \"dcgan\"\nwidth = 4".parse()?)?;
/// let io = Io::new([1, 8, 8]);
/// let g = config.build(&io, Rng::stream(0, "generator"), DType::F32, &Device::Cpu)?;
/// assert_eq!((config.kind().name, g.z_dim()), ("dcgan", 100));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct GeneratorConfig {
    kind: &'static GeneratorKind,
    spec: Arc<dyn GeneratorSpec>,
}

/// A discriminator and its settings, likewise.
#[derive(Clone)]
pub struct DiscriminatorConfig {
    kind: &'static DiscriminatorKind,
    spec: Arc<dyn DiscriminatorSpec>,
}

/// The key of the name beside the settings.
const KIND: &str = "kind";

impl GeneratorConfig {
    /// The kind with settings of its own; beside them any generator has `latent`, the distribution of its latent vectors
    /// ([`LatentDistribution`](crate::LatentDistribution)), `latent_threshold`, and `members`, with `member_weights` if they
    /// are not all asked as often ([`Mixture`](crate::Mixture)).
    ///
    /// # Errors
    /// [`Fault`] names a key that the kind does not have, or a value of another type.
    pub fn read(kind: &'static GeneratorKind, settings: &Table) -> Result<Self, Fault> {
        let (settings, members) = members::Members::split(settings)?;
        let (settings, latent) = latents::split(&settings)?;
        let one = reference::referred(latents::drawn((kind.read)(&settings)?, latent));
        Ok(Self { kind, spec: members::mixed(one, members).into() })
    }

    /// From what [`GeneratorConfig::write`] gave, or less: `kind`, and settings.
    ///
    /// # Errors
    /// There is no such kind; it has no such setting.
    pub fn from_table(table: &Table) -> Result<Self, ModelError> {
        let (name, settings) = split(table);
        let kind = GeneratorKind::named(name)?;
        Self::read(kind, &settings).map_err(|fault| ModelError::Settings { model: kind.name, fault })
    }

    /// What a state dict belongs to, by names and shapes.
    ///
    /// # Errors
    /// [`ModelError::NotInferable`]: the weights are those of another network, or do not tell all of it.
    pub fn infer(kind: &'static GeneratorKind, state: &Shapes) -> Result<(Self, Io), ModelError> {
        let given = Table::new();
        Self::infer_from(kind, &Evidence { shapes: state, given: &given, side: None })
    }

    /// As [`GeneratorConfig::infer`], with settings that are known besides.
    ///
    /// # Errors
    /// As [`GeneratorConfig::infer`]; a setting is unknown, unsound, or does not fit.
    pub fn infer_from(
        kind: &'static GeneratorKind,
        evidence: &Evidence<'_>,
    ) -> Result<(Self, Io), ModelError> {
        let infer = kind.infer.ok_or_else(|| untold(kind.name))?;
        let (spec, io) = infer(evidence)?;
        let settings = laid_over(spec.write(), evidence.given);
        let config =
            Self::read(kind, &settings).map_err(|fault| ModelError::Settings { model: kind.name, fault })?;
        sound(kind.name, config.as_spec(), &io)?;
        Ok((config, io))
    }

    /// Its place in the table.
    pub fn kind(&self) -> &'static GeneratorKind {
        self.kind
    }

    /// What any network says of itself.
    pub fn as_spec(&self) -> &dyn NetworkSpec {
        &*self.spec
    }

    /// The kind and every setting.
    pub fn write(&self) -> Table {
        joined(self.kind.name, self.spec.write())
    }
}

impl DiscriminatorConfig {
    /// As [`GeneratorConfig::read`]; beside the kind's settings any discriminator has `pack`, 1 if left out,
    /// `gradient_normalised` (GNGAN), false if left out, `members` ([`Several`](crate::Several)), and of those that have `scores`
    /// `origins`, the generators of a mixture that it tells apart (MGAN).
    ///
    /// # Errors
    /// As [`GeneratorConfig::read`].
    pub fn read(kind: &'static DiscriminatorKind, settings: &Table) -> Result<Self, Fault> {
        let (settings, members) = members::Members::split(settings)?;
        let (settings, is_normalised) = normalised::split(&settings)?;
        let (typed, pack) = packing::split(&settings)?;
        let (settings, origins) = origins::split(&typed)?;
        let one = (kind.read)(&settings).map_err(|fault| origins::fault(fault, &typed))?;
        let one = packing::packed(origins::classified(one, origins), pack);
        let one = normalised::normalised(one, is_normalised);
        Ok(Self { kind, spec: members::several(one, members).into() })
    }

    /// As [`GeneratorConfig::infer_from`]. Of packs the samples have a share of the channels, where `pack` is given.
    ///
    /// # Errors
    /// As [`GeneratorConfig::infer_from`].
    pub fn infer_from(
        kind: &'static DiscriminatorKind,
        evidence: &Evidence<'_>,
    ) -> Result<(Self, Io), ModelError> {
        let infer = kind.infer.ok_or_else(|| untold(kind.name))?;
        let unsettled = |fault| ModelError::Settings { model: kind.name, fault };
        let (given, origins) = origins::split(evidence.given).map_err(unsettled)?;
        let (spec, mut io) = infer(&Evidence { given: &given, ..*evidence })?;
        let settings = laid_over(origins::without(spec.write(), origins), evidence.given);
        let config =
            Self::read(kind, &settings).map_err(|fault| ModelError::Settings { model: kind.name, fault })?;
        if let Some(channels) = io.sample.first_mut() {
            *channels /= config.traits().pack.max(1);
        }
        sound(kind.name, config.as_spec(), &io)?;
        Ok((config, io))
    }

    /// As [`GeneratorConfig::from_table`].
    ///
    /// # Errors
    /// As [`GeneratorConfig::from_table`].
    pub fn from_table(table: &Table) -> Result<Self, ModelError> {
        let (name, settings) = split(table);
        let kind = DiscriminatorKind::named(name)?;
        Self::read(kind, &settings).map_err(|fault| ModelError::Settings { model: kind.name, fault })
    }

    /// Its place in the table.
    pub fn kind(&self) -> &'static DiscriminatorKind {
        self.kind
    }

    /// What any network says of itself.
    pub fn as_spec(&self) -> &dyn NetworkSpec {
        &*self.spec
    }

    /// The kind and every setting.
    pub fn write(&self) -> Table {
        joined(self.kind.name, self.spec.write())
    }
}

fn untold(model: &'static str) -> ModelError {
    let reason = "they do not tell all of its settings".to_owned();
    ModelError::NotInferable { model, reason, fix: "give the configuration" }
}

fn laid_over(mut settings: Table, given: &Table) -> Table {
    settings.extend(given.clone());
    settings
}

/// Settings that a network can be built from, for such data.
fn sound(model: &'static str, spec: &dyn NetworkSpec, io: &Io) -> Result<(), ModelError> {
    refuse(model, spec.check())?;
    refuse(model, spec.fits(io))
}

fn split(table: &Table) -> (&str, Table) {
    let settings = table.iter().filter(|(key, _)| *key != KIND);
    let name = table.get(KIND).and_then(Value::as_str).unwrap_or_default();
    (name, settings.map(|(key, value)| (key.clone(), value.clone())).collect())
}

fn joined(name: &str, settings: Table) -> Table {
    std::iter::once((KIND.to_owned(), Value::String(name.to_owned()))).chain(settings).collect()
}

impl Deref for GeneratorConfig {
    type Target = dyn GeneratorSpec;

    fn deref(&self) -> &Self::Target {
        self.spec.as_ref()
    }
}

impl Deref for DiscriminatorConfig {
    type Target = dyn DiscriminatorSpec;

    fn deref(&self) -> &Self::Target {
        self.spec.as_ref()
    }
}

impl PartialEq for GeneratorConfig {
    fn eq(&self, other: &Self) -> bool {
        self.kind.name == other.kind.name && self.spec.write() == other.spec.write()
    }
}

impl PartialEq for DiscriminatorConfig {
    fn eq(&self, other: &Self) -> bool {
        self.kind.name == other.kind.name && self.spec.write() == other.spec.write()
    }
}

impl fmt::Debug for GeneratorConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec.fmt(f)
    }
}

impl fmt::Debug for DiscriminatorConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec.fmt(f)
    }
}

#[cfg(test)]
mod tests;
