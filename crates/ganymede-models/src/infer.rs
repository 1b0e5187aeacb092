//! Settings read off weights: what the families have in common.
//!
//! Each family has a function from the names and shapes of a state dict to its settings and to what it was built for
//! ([`GeneratorKind::infer`](crate::GeneratorKind)). Whatever shapes do not tell, such as an activation, is as usual for
//! the kind, or as somebody gave it. Names are those of the networks here; [`recognise`](crate::recognise) brings other
//! programs' to them.

use ganymede_tensor::Shapes;
use serde::de::DeserializeOwned;
use toml::Table;

use crate::ModelError;
use crate::conditioning::{DiscriminatorConditioning, GeneratorConditioning};
use crate::io::ConditionShape;
use crate::layers::minibatch::MinibatchFeatures;
use crate::layers::norm::NormKind;
use crate::reference::REFERENCE_Z;

/// What is known of a network: its weights by names and shapes, and what somebody gave besides.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Names and shapes of the parameters and buffers.
    pub shapes: &'a Shapes,
    /// Settings that are known, by their names in a configuration. They win over what the shapes say.
    pub given: &'a Table,
    /// The side R of the images, where it is known: some discriminators are the same at two resolutions.
    pub side: Option<usize>,
}

/// Why a family cannot read its settings: what was found, in words.
pub(crate) type Reason = String;

impl<'a> Evidence<'a> {
    /// The shape of a layer's weight, which may be spectrally normalised.
    pub(crate) fn dims(&self, layer: &str) -> Option<&'a [usize]> {
        let leaves = ["weight", "weight_orig"].iter();
        leaves.filter_map(|leaf| self.shapes.get(&format!("{layer}.{leaf}"))).map(Vec::as_slice).next()
    }

    /// The shape of a layer's weight, which has to be there and to have `N` axes, none of them empty.
    pub(crate) fn layer<const N: usize>(&self, layer: &str) -> Result<[usize; N], Reason> {
        let dims = self.dims(layer).ok_or_else(|| format!("it has no {layer}.weight"))?;
        match <[usize; N]>::try_from(dims) {
            Ok(axes) if !axes.contains(&0) => Ok(axes),
            _ => Err(format!("{layer}.weight is {dims:?}, and should have {N} axes")),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.shapes.contains_key(name)
    }

    /// Whether a layer is spectrally normalised.
    pub(crate) fn is_spectral(&self, layer: &str) -> bool {
        self.has(&format!("{layer}.weight_orig"))
    }

    /// A setting that was given, where it can be read.
    pub(crate) fn given<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.given.get(key)?.clone().try_into().ok()
    }

    /// The normalisation whose parameters lie under `place`.
    pub(crate) fn norm(&self, place: &str) -> Result<NormKind, Reason> {
        if let Some(norm) = self.given("norm") {
            return Ok(norm);
        }
        if self.has(REFERENCE_Z) {
            return Ok(NormKind::Virtual);
        }
        match (self.has(&format!("{place}.running_mean")), self.has(&format!("{place}.weight"))) {
            (true, _) => Ok(NormKind::Batch),
            (false, false) => Ok(NormKind::None),
            (false, true) => Err(format!(
                "{place} may be instance, layer, group or filter-response normalisation, which have the same names: say \
                 which, as in --set norm=layer"
            )),
        }
    }

    /// What vectors are made of, rows of a table or a linear map of what is given, their length, and the weight in words.
    /// Both are called `name`, as [`ToldVectors`](crate::conditioning::ToldVectors) says.
    fn vectors(&self, name: &str) -> Result<Option<(ConditionShape, usize, String)>, Reason> {
        let linear = format!("{name}_linear");
        let words = |name: &str, dims: &[usize]| format!("{name}.weight {dims:?}");
        match (self.dims(name), self.dims(&linear)) {
            (None, None) => Ok(None),
            (Some(table), Some(map)) => {
                Err(format!("it has both {} and {}", words(name, table), words(&linear, map)))
            }
            (Some(table), None) => match *table {
                [classes, dim] => Ok(Some((ConditionShape::Classes(classes), dim, words(name, table)))),
                _ => Err(format!("{} should have 2 axes", words(name, table))),
            },
            (None, Some(map)) => match *map {
                [dim, len] => Ok(Some((ConditionShape::Vectors(len), dim, words(&linear, map)))),
                _ => Err(format!("{} should have 2 axes", words(&linear, map))),
            },
        }
    }

    /// How a generator is told the class, or a vector, by vectors of its own (`embed`), where its first layer takes
    /// `taken` numbers.
    pub(crate) fn class_vectors(&self, taken: usize) -> Result<ToldByVectors, Reason> {
        let plain = ToldByVectors { z_dim: taken, ..ToldByVectors::default() };
        match self.vectors("embed")? {
            None => Ok(plain),
            Some((told, dim, _)) if dim == taken => {
                Ok(ToldByVectors { conditioning: GeneratorConditioning::Product, told, ..plain })
            }
            Some((told, dim, _)) if (1..taken).contains(&dim) => Ok(ToldByVectors {
                z_dim: taken - dim,
                conditioning: GeneratorConditioning::Concat,
                embed_dim: Some(dim),
                told,
            }),
            Some((.., weight)) => Err(format!(
                "{weight} is neither beside nor on a latent vector where {taken} numbers are taken"
            )),
        }
    }

    /// How a discriminator judges the class or the vector, and which it is told; `embedding` is what it projects on,
    /// `channels` the features that it projects, `side` the image's.
    pub(crate) fn judged(
        &self,
        embedding: &str,
        channels: usize,
        side: usize,
    ) -> Result<(DiscriminatorConditioning, ConditionShape), Reason> {
        use DiscriminatorConditioning as Way;
        if let Some(&[classes, ..]) = self.dims("classes") {
            return Ok((Way::Auxiliary, ConditionShape::Classes(classes)));
        }
        let wanted: Option<Way> = self.given("conditioning");
        match (self.vectors(embedding)?, self.vectors("embed")?) {
            (None, None) => Ok((Way::None, ConditionShape::None)),
            (Some((told, dim, _)), _) if dim == channels && wanted != Some(Way::Concat) => {
                Ok((Way::Projection, told))
            }
            (_, Some((told, dim, _))) if dim == side * side => Ok((Way::Concat, told)),
            (Some((.., weight)), _) | (None, Some((.., weight))) => {
                Err(format!("{weight} is neither of the {channels} features nor of the {side}×{side} pixels"))
            }
        }
    }

    /// What a last layer that takes `taken` numbers a position sees beside `features` of a sample's own.
    pub(crate) fn minibatch(&self, taken: usize, features: usize) -> Result<MinibatchFeatures, Reason> {
        let seen = match (self.dims("minibatch"), taken.checked_sub(features)) {
            (Some(_), _) => MinibatchFeatures::Discrimination,
            (None, Some(1)) => MinibatchFeatures::Stddev,
            _ => MinibatchFeatures::None,
        };
        if taken == features + seen.extra() {
            return Ok(seen);
        }
        Err(format!("its last layer takes {taken} numbers, and there are {features}"))
    }
}

/// See [`Evidence::class_vectors`].
#[derive(Clone, Debug, Default)]
pub(crate) struct ToldByVectors {
    pub(crate) z_dim: usize,
    pub(crate) conditioning: GeneratorConditioning,
    pub(crate) embed_dim: Option<usize>,
    pub(crate) told: ConditionShape,
}

/// The reason as the error of a model.
pub(crate) fn not_inferable(model: &'static str) -> impl Fn(Reason) -> ModelError {
    move |reason| ModelError::NotInferable {
        model,
        reason,
        fix: "give the weights of such a network, or another --model",
    }
}

/// The root of a square.
pub(crate) fn root(square: usize) -> Option<usize> {
    let root = square.isqrt();
    (root > 0 && root * root == square).then_some(root)
}
