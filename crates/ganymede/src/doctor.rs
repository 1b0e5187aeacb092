//! `ganymede doctor`: what this machine offers.

use std::path::Path;

use anyhow::Result;
use ganymede_tensor::{DeviceChoice, compiled_backends, simd_features};
use serde_json::json;

use crate::args::DoctorArgs;
use crate::machine::{self, Machine};
use crate::{Exit, words};

pub(crate) fn run(args: &DoctorArgs) -> Result<Exit> {
    let machine = Machine::look();
    let devices = devices();
    let disk = machine::free_disk(Path::new("."));
    if args.json {
        let devices: Vec<_> =
            devices.iter().map(|(name, problem)| json!({ "device": name, "problem": problem })).collect();
        let report = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "platform": format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            "physical_cores": machine.physical_cores,
            "available_threads": machine.available_threads,
            "threads_used": machine::default_threads(),
            "simd": simd_features(),
            "backends": compiled_backends(),
            "devices": devices,
            "memory_bytes": machine.memory_bytes.map(|(all, _)| all),
            "memory_available_bytes": machine.memory_bytes.map(|(_, available)| available),
            "disk_free_bytes": disk.as_ref().map(|(free, _)| free),
            "lapack": null,
        });
        words::result(&report.to_string());
        return Ok(Exit::Done);
    }
    let line = |name: &str, value: String| words::result(&format!("{name:<10} {value}"));
    line(
        "ganymede",
        format!("{} on {}-{}", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH, std::env::consts::OS),
    );
    let cores = machine.physical_cores.map_or_else(|| "unknown".to_owned(), |n| n.to_string());
    let threads = machine::default_threads();
    line(
        "cores",
        format!("{cores} physical, {} threads available; runs use {threads}", machine.available_threads),
    );
    let simd = simd_features();
    line("simd", if simd.is_empty() { "none known".to_owned() } else { simd.join(" ") });
    line("built with", compiled_backends().join(", "));
    for (device, problem) in devices {
        line("device", format!("{device}: {}", problem.unwrap_or_else(|| "ready".to_owned())));
    }
    let memory = machine.memory_bytes.map_or_else(
        || "unknown".to_owned(),
        |(all, free)| format!("{}, {} available", words::bytes(all), words::bytes(free)),
    );
    line("memory", memory);
    match disk {
        Some((free, mount)) => {
            line("disk", format!("{} free here (on {})", words::bytes(free), mount.display()))
        }
        None => line("disk", "free space unknown".to_owned()),
    }
    line("lapack", "not linked yet: training does not need it".to_owned());
    Ok(Exit::Done)
}

/// Each device that this build can try, and why it does not open, if it does not.
fn devices() -> Vec<(DeviceChoice, Option<String>)> {
    let built = compiled_backends();
    let all = [
        (DeviceChoice::Cpu, true),
        (DeviceChoice::Cuda(0), built.contains(&"cuda")),
        (DeviceChoice::Metal, built.contains(&"metal")),
    ];
    let tried = all.into_iter().filter(|(_, built)| *built);
    tried.map(|(choice, _)| (choice, choice.open().err().map(|error| error.to_string()))).collect()
}
