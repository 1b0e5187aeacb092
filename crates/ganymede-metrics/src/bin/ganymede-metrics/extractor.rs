//! From a name to a network with its weights.

use anyhow::Result;
use ganymede_metrics::{
    DinoV2, DinoV2Size, FashionCnn, FeatureExtractor, Inception, InceptionConfig, InceptionTap, WeightsFile,
    WeightsQuery, cache_dir, find_weights, published_weights,
};
use ganymede_tensor::Device;

use crate::args::NetworkArgs;
use crate::choices::{Metric, Rules, Wanted};
use crate::progress::Progress;
use crate::words::{self, Misuse};

const NAMES: &str =
    "inception2015 (also -64, -192, -768 for earlier layers), dinov2-s, dinov2-b, dinov2-l, fashion-cnn";

/// Loads the network that `args` names.
pub(crate) fn load(
    args: &NetworkArgs,
    rules: &Rules,
    wanted: &Wanted,
    quiet: bool,
) -> Result<Box<dyn FeatureExtractor>> {
    if args.batch == 0 {
        return Err(Misuse("--batch must be at least 1".into()).into());
    }
    let name = args.extractor.as_str();
    let device = Device::Cpu;
    if let Some(tap) = inception_tap(name) {
        let weights = weights("inception2015", args, quiet)?;
        let config = inception_config(tap, args, rules, wanted);
        return Ok(Box::new(told(&weights, Inception::load(&weights, config, &device)?)));
    }
    if let Some(size) = dinov2_size(name) {
        let weights = weights(name, args, quiet)?;
        return Ok(Box::new(told(&weights, DinoV2::load(&weights, size, args.batch, &device)?)));
    }
    if name == "fashion-cnn" {
        return Ok(Box::new(match &args.weights {
            Some(path) => {
                let weights = WeightsFile::given(path);
                told(&weights, FashionCnn::load(&weights, &device)?)
            }
            None => FashionCnn::new(&device)?,
        }));
    }
    Err(Misuse(format!("there is no extractor `{name}`; known: {NAMES}")).into())
}

/// Says what there is to say of a file of weights that was read.
fn told<T>(weights: &WeightsFile, network: T) -> T {
    weights.note().iter().for_each(|note| words::say(&format!("note: {}: {note}", weights.path.display())));
    network
}

fn inception_tap(name: &str) -> Option<InceptionTap> {
    Some(match name {
        "inception2015" => InceptionTap::Pool2048,
        "inception2015-768" => InceptionTap::Pool768,
        "inception2015-192" => InceptionTap::Pool192,
        "inception2015-64" => InceptionTap::Pool64,
        _ => return None,
    })
}

fn dinov2_size(name: &str) -> Option<DinoV2Size> {
    Some(match name {
        "dinov2-s" => DinoV2Size::Small,
        "dinov2-b" => DinoV2Size::Base,
        "dinov2-l" => DinoV2Size::Large,
        _ => return None,
    })
}

fn inception_config(
    tap: InceptionTap,
    args: &NetworkArgs,
    rules: &Rules,
    wanted: &Wanted,
) -> InceptionConfig {
    InceptionConfig {
        tap,
        range: rules.choices.range,
        logit_bias: rules.choices.is_logit_bias,
        spatial: wanted.has(Metric::Sfid),
        batch: args.batch,
    }
}

fn weights(extractor: &str, args: &NetworkArgs, quiet: bool) -> Result<WeightsFile> {
    let published = published_weights(extractor).expect("every network with weights elsewhere is listed");
    let cache = cache_dir();
    let query = WeightsQuery { path: args.weights.as_deref(), cache: &cache, fetch: !args.offline };
    let mut progress = None;
    Ok(find_weights(published, &query, &mut |bytes, total| {
        let what = format!("fetching {}", published.file);
        let shown = progress.get_or_insert_with(|| Progress::new(quiet, &what, "bytes", total.unwrap_or(0)));
        shown.at(bytes);
    })?)
}
