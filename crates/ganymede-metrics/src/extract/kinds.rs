//! The table of extractors: what both programs ask by name.

mod options;

use std::fmt;

use ganymede_tensor::Device;

use super::{
    Clip, ClipModel, DigitsCnn, DinoV2, DinoV2Size, FashionCnn, Inception, InceptionConfig, InceptionTap,
    Pixels, Vgg16, digits, fashion, inception, small_cnn, vgg16,
};
use crate::names::UnknownName;
use crate::{
    FeatureExtractor, MetricError, Result, WeightsFile, WeightsQuery, find_weights, published_weights,
};

pub use options::{ExtractorOptions, WeightsNews};

/// All extractors.
pub const EXTRACTORS: &[&ExtractorKind] = &[
    &INCEPTION,
    &INCEPTION_64,
    &INCEPTION_192,
    &INCEPTION_768,
    &DINO_SMALL,
    &DINO_BASE,
    &DINO_LARGE,
    &DINO_GIANT,
    &DINO_SMALL_REG,
    &DINO_BASE_REG,
    &DINO_LARGE_REG,
    &DINO_GIANT_REG,
    &CLIP_B32,
    &CLIP_L14,
    &VGG16,
    &FASHION,
    &DIGITS,
    &PIXELS,
];

/// A network whose features are compared.
///
/// Two are equal where their names are.
#[non_exhaustive]
pub struct ExtractorKind {
    /// Its name on command lines and in configurations.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// What to know where it stands in a list of names; often nothing.
    pub aside: Option<&'static str>,
    /// The extractor of which this one is another layer.
    pub layer_of: Option<&'static str>,
    /// Channels, height and width that it takes.
    pub input: [usize; 3],
    /// Numbers in a row of its features.
    pub dim: usize,
    /// How many classes it tells apart, where it classifies.
    pub logits: Option<usize>,
    /// Their names, where they are known here.
    pub classes: Option<&'static [&'static str]>,
    weights: Weights,
}

type Loaded = Result<Box<dyn FeatureExtractor>>;
type Build = fn(&ExtractorOptions<'_>, &WeightsFile) -> Loaded;

/// Where the weights are, and how they become a network.
enum Weights {
    /// Elsewhere, as the [`published_weights`] of this name.
    Published(&'static str, Build),
    /// Here, unless the user names others.
    BuiltIn(fn(&Device) -> Loaded, Build),
    /// There are none.
    Without(fn(&ExtractorOptions<'_>) -> Loaded),
}

impl ExtractorKind {
    /// Finds the weights and loads the network; `tell` hears what happens meanwhile.
    ///
    /// # Errors
    /// The weights are not there, cannot be fetched, or are those of another network; a batch of 0.
    pub fn load(
        &self,
        options: &ExtractorOptions<'_>,
        tell: &mut dyn FnMut(WeightsNews<'_>),
    ) -> Result<Box<dyn FeatureExtractor>> {
        let (file, build) = match (&self.weights, options.weights) {
            (Weights::Published(name, build), _) => (find(name, options, tell)?, build),
            (Weights::BuiltIn(_, build), Some(path)) => (WeightsFile::given(path), build),
            (Weights::BuiltIn(build, _), None) => return build(options.device),
            (Weights::Without(build), _) => return build(options),
        };
        let network = build(options, &file)?;
        if let Some(note) = file.note() {
            tell(WeightsNews::Found { path: &file.path, note });
        }
        Ok(network)
    }

    /// Whether it can be loaded with nothing but this program.
    pub fn is_built_in(&self) -> bool {
        !matches!(self.weights, Weights::Published(..))
    }

    /// Whether it is a network, as opposed to pixels themselves.
    pub fn is_network(&self) -> bool {
        !matches!(self.weights, Weights::Without(..))
    }
}

fn find(
    name: &str,
    options: &ExtractorOptions<'_>,
    tell: &mut dyn FnMut(WeightsNews<'_>),
) -> Result<WeightsFile> {
    let published = published_weights(name).expect("every network with weights elsewhere is listed");
    let query = WeightsQuery { path: options.weights, cache: options.cache, fetch: options.fetch };
    find_weights(published, &query, &mut |bytes, total| {
        tell(WeightsNews::Fetching { file: published.file, bytes, total });
    })
}

impl PartialEq for ExtractorKind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ExtractorKind {}

impl fmt::Debug for ExtractorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExtractorKind({})", self.name)
    }
}

/// The extractor of a name.
///
/// # Errors
/// There is none; the error says which was probably meant.
pub fn find_extractor(name: &str) -> Result<&'static ExtractorKind, UnknownName> {
    let found = EXTRACTORS.iter().find(|kind| kind.name == name);
    found.copied().ok_or_else(|| {
        UnknownName::new("extractor", name, EXTRACTORS.iter().map(|kind| kind.name).collect(), [])
    })
}

static INCEPTION: ExtractorKind = ExtractorKind {
    aside: Some("its distance is FID"),
    layer_of: None,
    logits: Some(inception::CLASSES),
    ..inception_layer("inception2015", "the Inception of FID", InceptionTap::Pool2048, |options, file| {
        load_inception(InceptionTap::Pool2048, options, file)
    })
};

static INCEPTION_64: ExtractorKind =
    inception_layer("inception2015-64", "its first max pool", InceptionTap::Pool64, |options, file| {
        load_inception(InceptionTap::Pool64, options, file)
    });

static INCEPTION_192: ExtractorKind =
    inception_layer("inception2015-192", "its second max pool", InceptionTap::Pool192, |options, file| {
        load_inception(InceptionTap::Pool192, options, file)
    });

static INCEPTION_768: ExtractorKind = inception_layer(
    "inception2015-768",
    "its last block of 17 × 17",
    InceptionTap::Pool768,
    |options, file| load_inception(InceptionTap::Pool768, options, file),
);

static DINO_SMALL: ExtractorKind =
    dino("dinov2-s", "DINOv2, ViT-S/14", DinoV2Size::Small, false, |options, file| {
        load_dino(DinoV2Size::Small, false, options, file)
    });

static DINO_BASE: ExtractorKind =
    dino("dinov2-b", "DINOv2, ViT-B/14", DinoV2Size::Base, false, |options, file| {
        load_dino(DinoV2Size::Base, false, options, file)
    });

static DINO_LARGE: ExtractorKind =
    dino("dinov2-l", "DINOv2, ViT-L/14", DinoV2Size::Large, false, |options, file| {
        load_dino(DinoV2Size::Large, false, options, file)
    });

static DINO_GIANT: ExtractorKind =
    dino("dinov2-g", "DINOv2, ViT-g/14", DinoV2Size::Giant, false, |options, file| {
        load_dino(DinoV2Size::Giant, false, options, file)
    });

static DINO_SMALL_REG: ExtractorKind =
    dino("dinov2-s-reg", "DINOv2, ViT-S/14 with registers", DinoV2Size::Small, true, |options, file| {
        load_dino(DinoV2Size::Small, true, options, file)
    });

static DINO_BASE_REG: ExtractorKind =
    dino("dinov2-b-reg", "DINOv2, ViT-B/14 with registers", DinoV2Size::Base, true, |options, file| {
        load_dino(DinoV2Size::Base, true, options, file)
    });

static DINO_LARGE_REG: ExtractorKind =
    dino("dinov2-l-reg", "DINOv2, ViT-L/14 with registers", DinoV2Size::Large, true, |options, file| {
        load_dino(DinoV2Size::Large, true, options, file)
    });

static DINO_GIANT_REG: ExtractorKind =
    dino("dinov2-g-reg", "DINOv2, ViT-g/14 with registers", DinoV2Size::Giant, true, |options, file| {
        load_dino(DinoV2Size::Giant, true, options, file)
    });

static CLIP_B32: ExtractorKind =
    clip("clip-vit-b32", "the image encoder of CLIP, ViT-B/32", None, ClipModel::VitB32, |options, file| {
        load_clip(ClipModel::VitB32, options, file)
    });

static CLIP_L14: ExtractorKind = clip(
    "clip-vit-l14-336",
    "the image encoder of CLIP, ViT-L/14 at 336 px",
    Some("CMMD's"),
    ClipModel::VitL14At336,
    |options, file| load_clip(ClipModel::VitL14At336, options, file),
);

static VGG16: ExtractorKind = ExtractorKind {
    name: "vgg16",
    summary: "VGG-16, its second fully connected layer",
    aside: Some("that of improved precision and recall"),
    layer_of: None,
    input: [3, vgg16::ARCHITECTURE.side, vgg16::ARCHITECTURE.side],
    dim: vgg16::ARCHITECTURE.hidden,
    logits: None,
    classes: None,
    weights: Weights::Published("vgg16", |options, file| {
        Ok(Box::new(Vgg16::load(file, options.batch, options.device)?))
    }),
};

static FASHION: ExtractorKind = ExtractorKind {
    name: "fashion-cnn",
    summary: "a small classifier of clothes",
    aside: Some("built in, for clothes and other grey images of 28 to 32 px"),
    layer_of: None,
    input: [1, fashion::SIDE, fashion::SIDE],
    dim: fashion::DIM,
    logits: Some(fashion::CLASSES),
    classes: Some(&fashion::CLASS_NAMES),
    weights: Weights::BuiltIn(
        |device| Ok(Box::new(FashionCnn::new(device)?)),
        |options, file| Ok(Box::new(FashionCnn::load(file, options.device)?)),
    ),
};

static DIGITS: ExtractorKind = ExtractorKind {
    name: "digits-cnn",
    summary: "a small classifier of three digits, one a channel",
    aside: Some("built in, for stacked MNIST and its 1,000 classes"),
    layer_of: None,
    input: [digits::DIGITS, small_cnn::SIDE, small_cnn::SIDE],
    dim: digits::DIM,
    logits: Some(digits::CLASSES),
    classes: None,
    weights: Weights::BuiltIn(
        |device| Ok(Box::new(DigitsCnn::new(device)?)),
        |options, file| Ok(Box::new(DigitsCnn::load(file, options.device)?)),
    ),
};

static PIXELS: ExtractorKind = ExtractorKind {
    name: "pixels",
    summary: "grey levels themselves, of at most 64 × 64 pixels",
    aside: None,
    layer_of: None,
    input: [3, 64, 64],
    dim: 3 * 64 * 64,
    logits: None,
    classes: None,
    weights: Weights::Without(|options| {
        match options.images {
        Some(images) => Ok(Box::new(Pixels::new(images))),
        None => Err(MetricError::Invalid(
            "pixels are no extractor for folders: ask for the measures ndb, fwd, swd or ms-ssim, which look at pixels themselves"
                .into(),
        )),
    }
    }),
};

/// A layer of the Inception network; only the last one has logits.
const fn inception_layer(
    name: &'static str,
    summary: &'static str,
    tap: InceptionTap,
    build: Build,
) -> ExtractorKind {
    ExtractorKind {
        name,
        summary,
        aside: None,
        layer_of: Some("inception2015"),
        input: [3, inception::SIDE, inception::SIDE],
        dim: tap.dim(),
        logits: None,
        classes: None,
        weights: Weights::Published("inception2015", build),
    }
}

const fn dino(
    name: &'static str,
    summary: &'static str,
    size: DinoV2Size,
    registers: bool,
    build: Build,
) -> ExtractorKind {
    let sizes = size.architecture(registers).sizes;
    ExtractorKind {
        name,
        summary,
        aside: None,
        layer_of: None,
        input: [3, sizes.side, sizes.side],
        dim: sizes.width,
        logits: None,
        classes: None,
        weights: Weights::Published(name, build),
    }
}

const fn clip(
    name: &'static str,
    summary: &'static str,
    aside: Option<&'static str>,
    model: ClipModel,
    build: Build,
) -> ExtractorKind {
    let architecture = model.architecture();
    ExtractorKind {
        name,
        summary,
        aside,
        layer_of: None,
        input: [3, architecture.sizes.side, architecture.sizes.side],
        dim: architecture.features,
        logits: None,
        classes: None,
        weights: Weights::Published(name, build),
    }
}

fn load_inception(tap: InceptionTap, options: &ExtractorOptions<'_>, file: &WeightsFile) -> Loaded {
    let config = InceptionConfig {
        tap,
        range: options.choices.range,
        logit_bias: options.choices.is_logit_bias,
        spatial: options.spatial.then_some(options.choices.spatial),
        batch: options.batch,
    };
    Ok(Box::new(Inception::load(file, config, options.device)?))
}

fn load_dino(
    size: DinoV2Size,
    registers: bool,
    options: &ExtractorOptions<'_>,
    file: &WeightsFile,
) -> Loaded {
    let load = if registers { DinoV2::load_with_registers } else { DinoV2::load };
    Ok(Box::new(load(file, size, options.batch, options.device)?))
}

fn load_clip(model: ClipModel, options: &ExtractorOptions<'_>, file: &WeightsFile) -> Loaded {
    Ok(Box::new(Clip::load(file, model, options.batch, options.device)?))
}

#[cfg(test)]
mod tests;
