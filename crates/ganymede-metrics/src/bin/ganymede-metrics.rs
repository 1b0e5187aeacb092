//! `ganymede-metrics`: measures generated images against real ones.

use std::process::ExitCode;

// The system's allocator gives the large temporaries of each batch back to the kernel, and takes page faults
// to get them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ganymede_tensor::keep_memory();
    ganymede_metrics::program::main(std::env::args_os())
}
