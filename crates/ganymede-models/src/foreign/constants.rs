//! Constants that other programs keep beside their weights.

use std::collections::BTreeMap;

use ganymede_tensor::{Device, Result, Tensor};

/// Layers of stylegan2-ada-pytorch with a filter of their own, whether they resample or not.
const FILTERED: [&str; 5] = ["conv0", "conv1", "conv", "skip", "fromrgb"];

/// The filters \[1 3 3 1\] in both axes, with sum 1, that stylegan2-ada-pytorch saves in each convolution but those to an
/// image, and in each resolution but the last one of a discriminator.
pub(super) fn resample_filters(state: &BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
    let taps = [1f32, 3.0, 3.0, 1.0];
    let values: Vec<f32> = taps.iter().flat_map(|a| taps.map(|b| a * b / 64.0)).collect();
    let device = state.values().next().map_or(Device::Cpu, |tensor| tensor.device().clone());
    let filter = Tensor::from_vec(values, (4, 4), &device)?;
    let mut places = Vec::new();
    for name in state.keys() {
        let Some((layer, "weight")) = name.rsplit_once('.') else { continue };
        let Some((block, leaf)) = layer.rsplit_once('.') else { continue };
        if FILTERED.contains(&leaf) {
            places.push(layer);
        }
        if leaf == "conv1" {
            places.push(block);
        }
    }
    places.into_iter().map(|place| Ok((format!("{place}.resample_filter"), filter.copy()?))).collect()
}
