//! A process that is measured, seen from the one that measures.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::case::Case;
use super::form::Form;
use super::protocol::{Answer, Question, Usage};
use crate::words::Misuse;

/// Our own program in PyTorch: the networks, and what is done with them.
const PEER: &str =
    concat!(include_str!("../../peers/networks.py"), "\n", include_str!("../../peers/bench.py"));

/// What came of a case on one side.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Prepared {
    /// Parameters of the generator and of the discriminator, where it has two.
    Ready(Option<[usize; 2]>),
    /// The Python has no such package.
    Lacks(String),
}

/// One of those that are compared.
pub(crate) struct Side {
    name: &'static str,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub(crate) version: String,
    pub(crate) vectors: String,
}

impl Side {
    /// This program once more, as a worker.
    pub(crate) fn ours(threads: usize) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench-worker", "--threads", &threads.to_string()]);
        Self::start("ganymede", command, threads)
    }

    /// PyTorch in that Python, in one of its forms.
    pub(crate) fn pytorch(python: &Path, threads: usize, form: Form) -> Result<Self> {
        let mut command = Command::new(python);
        command.args(["-c", PEER, &threads.to_string(), form.name()]);
        let help = "give a Python that has torch: --against-pytorch=PATH or GANYMEDE_PEERS_PYTHON";
        Self::start(form.name(), command, threads)
            .map_err(|error| Misuse(format!("PyTorch in `{}`: {error:#}; {help}", python.display())).into())
    }

    fn start(name: &'static str, mut command: Command, threads: usize) -> Result<Self> {
        // Whatever the libraries below read: nobody gets a thread more.
        for variable in ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"] {
            command.env(variable, threads.to_string());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("it does not start")?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("it has no input or output");
        };
        let (version, vectors) = (String::new(), String::new());
        let mut side = Self { name, child, input, output: BufReader::new(output), version, vectors };
        match side.hear()? {
            Answer::Hello { version, threads: given, vectors } if given == threads => {
                (side.version, side.vectors) = (version, vectors);
                Ok(side)
            }
            other => bail!("{other:?} where a greeting for {threads} threads was expected"),
        }
    }

    fn hear(&mut self) -> Result<Answer> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            bail!("{} ended without an answer ({})", self.name, self.child.wait()?);
        }
        match serde_json::from_str(&line).with_context(|| format!("{} answered {line}", self.name))? {
            Answer::Failed { message } => bail!("{message}"),
            answer => Ok(answer),
        }
    }

    fn ask(&mut self, question: &Question) -> Result<Answer> {
        writeln!(self.input, "{}", serde_json::to_string(question)?)?;
        self.input.flush()?;
        self.hear()
    }

    /// Seconds of the fastest product of two square matrices.
    pub(crate) fn gemm(&mut self, size: usize) -> Result<f64> {
        self.time(&Question::Gemm { size }).map(|(seconds, _)| seconds)
    }

    /// Makes what a case needs, and says how many parameters its networks have, where it has two; or which package it
    /// lacks.
    pub(crate) fn prepare(&mut self, case: &Case) -> Result<Prepared> {
        match self.ask(&Question::Prepare { case: case.clone() })? {
            Answer::Ready { parameters } => Ok(Prepared::Ready(parameters)),
            Answer::Lacks { package } => Ok(Prepared::Lacks(package)),
            other => bail!("{}: {other:?} where ready was expected", self.name),
        }
    }

    /// The mean time of a call, and how many there were.
    pub(crate) fn measure(&mut self, part: &str, seconds: f64) -> Result<(f64, u64)> {
        self.time(&Question::Measure { part: part.to_owned(), seconds })
    }

    fn time(&mut self, question: &Question) -> Result<(f64, u64)> {
        match self.ask(question)? {
            Answer::Time { seconds, calls } => Ok((seconds, calls)),
            other => bail!("{}: {other:?} where a time was expected", self.name),
        }
    }

    pub(crate) fn usage(&mut self) -> Result<Usage> {
        match self.ask(&Question::Usage)? {
            Answer::Usage(usage) => Ok(usage),
            other => bail!("{}: {other:?} where numbers were expected", self.name),
        }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // Everything that it had to say was an answer; there is nothing to wait for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
