//! Extractors by name.

use std::path::Path;

use ganymede_tensor::Device;

use super::{DinoV2, DinoV2Size, FashionCnn, Inception, InceptionConfig};
use crate::{FeatureExtractor, MetricError, Result};

/// Names that [`extractor`] knows.
pub const EXTRACTORS: [&str; 5] =
    ["inception2015", "dinov2-vits14", "dinov2-vitb14", "dinov2-vitl14", "fashion-cnn"];

/// What [`extractor`] builds with.
#[derive(Clone, Debug)]
pub struct ExtractorOptions {
    /// The choices that the Inception network has; its batch goes for the others, too.
    pub inception: InceptionConfig,
    /// Where it runs.
    pub device: Device,
}

impl Default for ExtractorOptions {
    fn default() -> Self {
        Self { inception: InceptionConfig::default(), device: Device::Cpu }
    }
}

/// The extractor called `name`, with weights from a file; only `fashion-cnn` needs none.
///
/// # Errors
/// An unknown name, and the nearest known one is proposed; weights are missing, and the message
/// says which file is wanted; the file does not hold them.
pub fn extractor(
    name: &str,
    weights: Option<&Path>,
    options: &ExtractorOptions,
) -> Result<Box<dyn FeatureExtractor>> {
    let device = &options.device;
    let file = |published: &str| {
        let needed = || MetricError::Invalid(format!("{name} needs a file of weights: {published}"));
        weights.ok_or_else(needed)
    };
    let dinov2 = |size, published: &str| {
        let network = DinoV2::load(file(published)?, size, options.inception.batch, device)?;
        Ok::<Box<dyn FeatureExtractor>, MetricError>(Box::new(network))
    };
    match name {
        "inception2015" => {
            let path = file("pt_inception-2015-12-05-6726825d.pth, as pytorch-fid publishes it")?;
            Ok(Box::new(Inception::load(path, options.inception, device)?))
        }
        "dinov2-vits14" => dinov2(DinoV2Size::Small, "dinov2_vits14_pretrain.pth, as Meta publishes it"),
        "dinov2-vitb14" => dinov2(DinoV2Size::Base, "dinov2_vitb14_pretrain.pth, as Meta publishes it"),
        "dinov2-vitl14" => dinov2(DinoV2Size::Large, "dinov2_vitl14_pretrain.pth, as Meta publishes it"),
        "fashion-cnn" => Ok(Box::new(match weights {
            Some(path) => FashionCnn::load(path, device)?,
            None => FashionCnn::new(device)?,
        })),
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> MetricError {
    let similarity = |known: &str| strsim::jaro_winkler(&name.to_lowercase(), known);
    let nearest = EXTRACTORS.into_iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    let hint = nearest.filter(|known| similarity(known) > 0.7);
    let hint = hint.map_or(String::new(), |known| format!("; did you mean `{known}`?"));
    MetricError::Invalid(format!(
        "no extractor is called `{name}`{hint} (there are {})",
        EXTRACTORS.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(name: &str, weights: Option<&Path>) -> String {
        extractor(name, weights, &ExtractorOptions::default()).err().expect("a failure").to_string()
    }

    #[test]
    fn an_unknown_name_gets_the_nearest() {
        assert!(failure("inception-2015", None).contains("did you mean `inception2015`"));
        assert!(failure("dinov2_vitl14", None).contains("did you mean `dinov2-vitl14`"));
        assert!(failure("Fashion-CNN", None).contains("did you mean `fashion-cnn`"));
        let far = failure("xyz", None);
        assert!(!far.contains("mean") && far.contains("dinov2-vitb14"), "{far}");
    }

    #[test]
    fn missing_weights_are_named() {
        assert!(failure("inception2015", None).contains("pt_inception-2015-12-05-6726825d.pth"));
        assert!(failure("dinov2-vits14", None).contains("dinov2_vits14_pretrain.pth"));
        let message = failure("inception2015", Some(Path::new("nowhere.pth")));
        assert!(message.contains("nowhere.pth"), "{message}");
    }

    #[test]
    fn what_is_built_in_needs_no_file() {
        let network = extractor("fashion-cnn", None, &ExtractorOptions::default()).unwrap();
        assert_eq!((network.id(), network.dim(), network.input()), ("fashion-cnn", 128, [1, 32, 32]));
        assert!(EXTRACTORS.contains(&network.id()));
    }
}
