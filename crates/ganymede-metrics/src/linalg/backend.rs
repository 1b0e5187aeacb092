//! Which LAPACK is linked.

#[cfg(all(feature = "accelerate-lapack", target_vendor = "apple"))]
extern crate accelerate_src as _;
// Without this line the linker would never see the crate: nothing names its symbols but C declarations.
#[cfg(feature = "pure-rust")]
extern crate ganymede_lapack as _;

/// The LAPACK that this program was built with, for provenance and reports of the machine.
///
/// Cargo's features add up, so that several may be there; the linker then takes the first that it meets, and the name
/// of each is given.
pub fn lapack_backend() -> &'static str {
    match (cfg!(feature = "pure-rust"), system()) {
        (true, None) => "pure-rust (faer)",
        (true, Some(_)) => "several: pure-rust (faer) and a system library",
        (false, Some(name)) => name,
        (false, None) => "none",
    }
}

fn system() -> Option<&'static str> {
    let known = [
        (cfg!(feature = "openblas-system"), "OpenBLAS of the system"),
        (cfg!(feature = "openblas-static"), "OpenBLAS, static"),
        (cfg!(feature = "intel-mkl-static"), "Intel MKL, static"),
        (cfg!(feature = "accelerate-lapack"), "Accelerate"),
    ];
    known.into_iter().find_map(|(is_there, name)| is_there.then_some(name))
}
