//! The machine that this runs on, and how many threads to use of it.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use ganymede_tensor::Simd;
use sysinfo::{CpuRefreshKind, Disks, MemoryRefreshKind, RefreshKind, System};

use crate::words::Misuse;

/// Cores and memory.
pub(crate) struct Machine {
    pub(crate) physical_cores: Option<usize>,
    /// Threads that this process may run at once.
    pub(crate) available_threads: usize,
    /// All of it, and what is available; nothing where the system does not tell.
    pub(crate) memory_bytes: Option<(u64, u64)>,
}

impl Machine {
    pub(crate) fn look() -> Self {
        let refresh = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
        let memory = System::new_with_specifics(refresh);
        Self {
            physical_cores: System::physical_core_count().ok(),
            available_threads: available_threads(),
            memory_bytes: memory.ok().map(|system| (system.total_memory(), system.available_memory())),
        }
    }
}

/// What the processor calls itself.
pub(crate) fn cpu_name() -> String {
    let cpus = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    let system = System::new_with_specifics(cpus).ok();
    let name = system.and_then(|system| system.cpus().first().map(|cpu| cpu.brand().to_owned()));
    name.unwrap_or_else(|| "unknown".to_owned())
}

fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// One a physical core, but no more than this process may use: matrix products gain nothing from
/// hyper-threads.
pub(crate) fn default_threads() -> usize {
    let available = available_threads();
    System::physical_core_count().ok().map_or(available, |cores| cores.clamp(1, available))
}

/// Starts the threads of the computation: the gradient workers before all others, then the pool.
///
/// `threads` 0 stands for the default.
pub(crate) fn start_threads(threads: usize) -> anyhow::Result<()> {
    if let Err(reason) = Simd::asked() {
        return Err(Misuse(reason).into());
    }
    let threads = if threads == 0 { default_threads() } else { threads };
    ganymede_tensor::start_gradient_workers(threads);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    // This thread, the main one, is of the pool: it begins each piece of work itself instead of waking
    // another that does. Alone it cannot be, for then nobody would work while it waits.
    if threads > 1 {
        pool.use_current_thread().build_global()?
    } else {
        pool.build_global()?
    }
    Ok(())
}

/// Free bytes of the disk that holds `path`, and where that disk is mounted.
pub(crate) fn free_disk(path: &Path) -> Option<(u64, PathBuf)> {
    let path = std::path::absolute(path).ok()?;
    let disks = Disks::new_with_refreshed_list().ok()?;
    let holding = disks.iter().filter(|disk| path.starts_with(disk.mount_point()));
    let nearest = holding.max_by_key(|disk| disk.mount_point().components().count())?;
    Some((nearest.available_space(), nearest.mount_point().to_owned()))
}
