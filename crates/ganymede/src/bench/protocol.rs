//! What the program says to those that it measures: a worker of its own and, where asked for, PyTorch in its forms. One JSON
//! object a line, on standard input and output; whoever is not asked sleeps.

use serde::{Deserialize, Serialize};

use super::case::Case;

/// A question; there is one answer to each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub(crate) enum Question {
    /// The fastest of several products of two square f32 matrices of this size.
    Gemm { size: usize },
    /// Make the tensors and networks of a case; those of the one before are dropped.
    Prepare { case: Case },
    /// Do one part of it again and again until so many seconds have passed.
    Measure { part: String, seconds: f64 },
    /// What the process has used so far.
    Usage,
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub(crate) enum Answer {
    /// Said once, without having been asked, when everything is loaded.
    Hello {
        version: String,
        threads: usize,
        vectors: String,
    },
    /// What was asked for cannot be made without this package.
    Lacks {
        package: String,
    },
    /// What was asked for is made; of networks the parameters of the generator and of the discriminator.
    Ready {
        parameters: Option<[usize; 2]>,
    },
    /// Seconds that one call took, the mean over `calls`.
    Time {
        seconds: f64,
        calls: u64,
    },
    Usage(Usage),
    Failed {
        message: String,
    },
}

/// Of a whole process, since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// The largest resident set, in MB; absent where the system does not tell.
    pub(crate) peak_mb: Option<f64>,
    /// Page faults that needed no disk.
    pub(crate) minor_faults: Option<u64>,
    /// Seconds in the program.
    pub(crate) user_seconds: Option<f64>,
    /// Seconds in the kernel.
    pub(crate) system_seconds: Option<f64>,
}
