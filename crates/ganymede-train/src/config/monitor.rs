//! `[monitor]`: how often a run is looked at for what goes wrong with it.

use super::check::Check;
use super::file::MonitorFile;

/// How a run is watched. It computes nothing that the run would do otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonitorConfig {
    /// Steps between looks, ≥ 1.
    pub every: u64,
    /// Samples of either side that a look compares, ≥ 16; fewer of large images.
    pub samples: usize,
    /// Updates by which either player answers the other at every tenth look, so that the duality gap is known; 0: it is not.
    pub duality_gap: u64,
}

/// Steps between looks: a look costs about as much as a step, and is to cost a twentieth. A short run is looked at so many times all
/// the same, for rules wait until several looks have shown the same.
const EVERY: u64 = 50;
const LOOKS: u64 = 40;
const LEAST: u64 = 10;
/// Points of the plane, and images.
const POINTS: usize = 512;
const IMAGES: usize = 64;

pub(super) fn resolve(file: &MonitorFile, steps: u64, toy: bool, check: &mut Check) -> Option<MonitorConfig> {
    let every = check.count("monitor.every", file.every, (steps / LOOKS).clamp(LEAST, EVERY));
    let samples = check.size("monitor.samples", file.samples, if toy { POINTS } else { IMAGES });
    let duality_gap = check.count("monitor.duality_gap", file.duality_gap, 0);
    file.enabled.unwrap_or(true).then_some(MonitorConfig { every, samples, duality_gap })
}

pub(super) fn write(monitor: Option<&MonitorConfig>) -> MonitorFile {
    MonitorFile {
        enabled: Some(monitor.is_some()),
        every: monitor.map(|monitor| monitor.every),
        samples: monitor.map(|monitor| monitor.samples),
        duality_gap: monitor.map(|monitor| monitor.duality_gap),
    }
}
