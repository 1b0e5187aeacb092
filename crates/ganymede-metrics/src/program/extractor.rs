//! From a name to a network with its weights.

use crate::{ExtractorOptions, FeatureExtractor, WeightsNews, cache_dir, find_extractor};
use anyhow::Result;
use ganymede_tensor::Device;

use super::args::NetworkArgs;
use super::choices::Rules;
use super::names::unknown_extractor;
use super::progress::Progress;
use super::words::{self, Misuse};

/// Loads the network that `args` names, with spatial features if they are wanted and it has some.
pub(crate) fn load(
    args: &NetworkArgs,
    rules: &Rules,
    spatial: bool,
    quiet: bool,
) -> Result<Box<dyn FeatureExtractor>> {
    if args.batch == 0 {
        return Err(Misuse("--batch must be at least 1".into()).into());
    }
    let kind = find_extractor(&args.extractor).map_err(|error| Misuse(unknown_extractor(&error)))?;
    let options = ExtractorOptions {
        weights: args.weights.as_deref(),
        cache: &cache_dir(),
        fetch: !args.offline,
        choices: &rules.choices,
        spatial,
        batch: args.batch,
        device: &Device::Cpu,
        images: None,
    };
    let mut progress = None;
    Ok(kind.load(&options, &mut |news| match news {
        WeightsNews::Fetching { file, bytes, total } => {
            let what = format!("fetching {file}");
            let new = || Progress::new(quiet, &what, "bytes", total.unwrap_or(0));
            progress.get_or_insert_with(new).at(bytes);
        }
        WeightsNews::Found { path, note } => {
            progress = None;
            words::say(&format!("note: {}: {note}", path.display()));
        }
    })?)
}
