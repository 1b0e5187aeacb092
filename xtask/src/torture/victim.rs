//! A process that trains, and what is done to it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, bail};

use super::moments::{Moment, is_measuring, newest_picture, temporary};
use super::plan::{Aim, What};
use super::terminate;

/// How long a whole run may take at the most before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(300);

/// How the program is started.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) config: PathBuf,
}

impl Program {
    pub(crate) fn begin(&self, root: &Path) -> Command {
        let mut command = self.train();
        command.arg("--config").arg(&self.config).arg("--out").arg(root);
        command
    }

    fn resume(&self, root: &Path) -> Command {
        let mut command = self.train();
        command.arg("--resume").arg(root);
        command
    }

    fn train(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(["train", "--quiet", "--threads", "1"]).stdin(Stdio::null());
        command
    }
}

pub(crate) struct Victim {
    child: Child,
    root: PathBuf,
}

impl Victim {
    pub(crate) fn begin(program: &Program, root: &Path) -> Result<Self> {
        Self::start(program.begin(root), root)
    }

    /// Resumes, or begins once more where the end came before there was a run.
    pub(crate) fn go_on(program: &Program, root: &Path) -> Result<Self> {
        match is_run(root) {
            true => Self::start(program.resume(root), root),
            false => Self::begin(program, root),
        }
    }

    /// Two processes resume at once: one has to be refused, and the other goes on.
    pub(crate) fn resume_twice(program: &Program, root: &Path) -> Result<Self> {
        let start = || Self::start(program.resume(root), root);
        let mut both = [start()?, start()?];
        let begun = Instant::now();
        loop {
            for i in [0, 1] {
                let Some(status) = both[i].child.try_wait()? else { continue };
                let words = both[i].words();
                // Where there is nothing left to do, that is said to either of them.
                if status.success() && both[1 - i].wait()?.success() {
                    return Ok(both.into_iter().next().expect("there are two"));
                }
                if status.code() != Some(2) || !words.contains("is in use") {
                    bail!("of two resumes at once one ended with {status}: {words}");
                }
                let [one, other] = both;
                return Ok(if i == 0 { other } else { one });
            }
            if begun.elapsed() > PATIENCE {
                bail!("of two resumes at once neither was refused");
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn start(mut command: Command, root: &Path) -> Result<Self> {
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let child = child.with_context(|| format!("could not start {:?}", command.get_program()))?;
        Ok(Self { child, root: root.to_owned() })
    }

    /// Whether there is a run to resume.
    pub(crate) fn is_begun(&self) -> bool {
        is_run(&self.root)
    }

    /// Waits until the moment has come; or says that the run ended before.
    pub(crate) fn wait_for(&mut self, aim: Aim, length: Duration) -> Result<bool> {
        let begun = Instant::now();
        let mut chances = Chances { left: aim.skip, seen: self.chance(aim.what) };
        loop {
            if let Some(status) = self.child.try_wait()? {
                return self.ended(status).map(|()| false);
            }
            if begun.elapsed() > PATIENCE {
                bail!("it is stuck");
            }
            match aim.what {
                What::Anywhere | What::Polite => {
                    thread::sleep(length.mul_f64(aim.at));
                    return Ok(self.child.try_wait()?.is_none());
                }
                What::Checkpoint => {
                    if chances.come(self.chance(aim.what)) {
                        // Into the writing, the flushing, the renaming.
                        spin(Duration::from_micros((2000.0 * aim.at * aim.at) as u64));
                        return Ok(true);
                    }
                    thread::yield_now();
                }
                What::Measuring => {
                    if chances.come(self.chance(aim.what)) {
                        spin(Duration::from_millis((60.0 * aim.at) as u64));
                        return Ok(true);
                    }
                    thread::sleep(Duration::from_micros(500));
                }
            }
        }
    }

    /// What tells one chance from the next; nothing where there is none.
    fn chance(&self, what: What) -> Option<PathBuf> {
        match what {
            What::Checkpoint => temporary(&self.root, "checkpoints"),
            What::Measuring if is_measuring(&self.root) => newest_picture(&self.root).map(|(_, path)| path),
            _ => None,
        }
    }

    /// SIGKILL: nothing of the program is asked. Says what it was doing; nothing if it had just come to its end.
    pub(crate) fn kill(&mut self) -> Result<Option<Moment>> {
        self.child.kill().context("could not kill")?;
        let ended = self.child.wait()?.code().is_some();
        Ok((!ended).then(|| Moment::of(&self.root)))
    }

    /// SIGTERM, to which it comes to an end by itself.
    pub(crate) fn stop(&mut self) -> Result<()> {
        terminate(self.child.id())?;
        let status = self.wait()?;
        let words = self.words();
        match status.code() {
            // Before the program listens, before the first step, in the midst, or at the very end.
            None | Some(0 | 130) => Ok(()),
            _ => bail!("after SIGTERM it ended with {status}: {words}"),
        }
    }

    /// Lets it come to its end.
    pub(crate) fn end(mut self) -> Result<()> {
        let status = self.wait()?;
        self.ended(status)
    }

    fn wait(&mut self) -> Result<ExitStatus> {
        let begun = Instant::now();
        loop {
            match self.child.try_wait()? {
                Some(status) => return Ok(status),
                None if begun.elapsed() > PATIENCE => {
                    self.child.kill()?;
                    bail!("it is stuck");
                }
                None => thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    fn ended(&mut self, status: ExitStatus) -> Result<()> {
        let words = self.words();
        if status.success() { Ok(()) } else { bail!("it ended with {status}: {words}") }
    }

    /// What it said; once.
    fn words(&mut self) -> String {
        let said = self.child.stderr.take().map(std::io::read_to_string);
        said.and_then(Result::ok).unwrap_or_default().trim().to_owned()
    }
}

fn is_run(root: &Path) -> bool {
    fs::exists(root.join("run.toml")).unwrap_or(false)
}

/// Chances that are let pass.
struct Chances {
    left: u64,
    /// The last one that was seen, which does not count twice.
    seen: Option<PathBuf>,
}

impl Chances {
    fn come(&mut self, chance: Option<PathBuf>) -> bool {
        if chance.is_none() || chance == self.seen {
            return false;
        }
        self.seen = chance;
        let come = self.left == 0;
        self.left = self.left.saturating_sub(1);
        come
    }
}

/// Sleeping would take longer than what is to be hit.
fn spin(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::hint::spin_loop();
    }
}
