//! `cargo xtask torture`: kills training runs at any moment, and compares what comes of them with a run that was left
//! in peace.

mod compare;
mod moments;
mod plan;
mod victim;

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, bail};

use crate::shell::{self, Usage};
use crate::workspace::Workspace;
use moments::Moment;
use plan::{Aim, Plan};
use victim::{Program, Victim};

pub(crate) const COMMAND: crate::Command = crate::Command {
    name: "torture",
    arguments: "[--kills N] [--seed S] [--jobs J] [--program PATH]",
    summary: "kill training runs at any moment; each has to end in the same bytes as one left in peace",
    details: "
Builds `ganymede` in release mode, makes one short run in peace, and then makes the same run again and again, killing
it with SIGKILL: at random instants, while a checkpoint is written (its temporary file is there), while samples are
measured (the picture of the step is there, its line in metrics.jsonl is not). Each killed run is resumed, some of them
by two processes at once, of which one has to be refused; killed again or not; and in the end every file that the
clock does not write has to have the same bytes as that of the run in peace. Some are stopped politely in between, by
SIGTERM.

--kills N   kills, 100 unless given; ten of them at the least while a checkpoint is written, and ten while samples are
            measured, as far as N allows
--seed S    of the random instants, 0 unless given; what happens at an instant still depends on the machine
--jobs J    runs at once, each on one thread; one a core unless given
--program PATH   a `ganymede` that is built already, instead of building one

Runs that came out right are removed. Those that did not lie in target/torture, and the status is 1.",
    run,
};

/// A quickstart in small: clothes, batch norm, a lazy penalty, an average; pictures, measures and checkpoints often.
const CONFIG: &str = r#"
[run]
steps = 120
batch = 16
[data]
name = "fashion-mnist-10k"
[generator]
width = 8
z_dim = 16
norm = "batch"
[discriminator]
width = 8
norm = "batch"
[loss]
kind = "non-saturating"
[[penalty]]
kind = "r1"
gamma = 1.0
interval = 4
[ema]
decay = 0.99
[log]
log_every = 1
sample_every = 12
checkpoint_every = 4
keep_every = 40
samples = 16
[eval]
extractor = "fashion-cnn"
every = 12
samples = 400
metrics = ["fid", "kid", "precision-recall"]
"#;

struct Options {
    kills: usize,
    seed: u64,
    jobs: usize,
    program: Option<PathBuf>,
}

fn run(args: &[String]) -> Result<()> {
    let options = options(args)?;
    let program = match &options.program {
        Some(path) => fs::canonicalize(path).with_context(|| format!("there is no {}", path.display()))?,
        None => build()?,
    };
    let dir = Workspace::load()?.target.join("torture");
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| format!("could not empty {}", dir.display()))?;
    }
    fs::create_dir_all(&dir).with_context(|| format!("could not create {}", dir.display()))?;
    let config = dir.join("config.toml");
    fs::write(&config, CONFIG).with_context(|| format!("could not write {}", config.display()))?;
    let program = Program { path: program, config };

    let (straight, begun) = (dir.join("straight"), Instant::now());
    let status = program.begin(&straight).stderr(Stdio::null()).status()?;
    if !status.success() {
        bail!("the run in peace ended with {status}");
    }
    let length = begun.elapsed();
    eprintln!("a run in peace takes {:.1} s", length.as_secs_f64());
    let torture =
        Torture { program, dir, straight, length, plan: Mutex::new(Plan::new(options.kills, options.seed)) };
    let begun = Instant::now();
    thread::scope(|scope| {
        for job in 0..options.jobs {
            let torture = &torture;
            scope.spawn(move || torture.work(job));
        }
    });
    let plan = torture.plan.into_inner().expect("no job panicked");
    plan.print(begun.elapsed());
    plan.verdict()
}

fn options(args: &[String]) -> Result<Options> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut options = Options { kills: 100, seed: 0, jobs: cores, program: None };
    let mut args = args.iter();
    while let Some(name) = args.next() {
        let value = args.next();
        let number = value.and_then(|value| value.parse::<u32>().ok());
        match (name.as_str(), number) {
            ("--kills", Some(kills @ 1..=100_000)) => options.kills = kills as usize,
            ("--seed", Some(seed)) => options.seed = seed.into(),
            ("--jobs", Some(jobs @ 1..=256)) => options.jobs = jobs as usize,
            ("--program", _) if value.is_some() => options.program = value.map(PathBuf::from),
            ("--kills" | "--seed" | "--jobs", _) => {
                let expected = "a whole number, of kills from 1 to 100000, of jobs from 1 to 256";
                return Err(Usage(format!("{name} needs {expected}")).into());
            }
            _ => {
                let known = "it takes --kills, --seed, --jobs and --program, each with a value";
                return Err(Usage(format!("`torture` does not know `{name}` so: {known}")).into());
            }
        }
    }
    Ok(options)
}

/// The program, built as its users have it.
fn build() -> Result<PathBuf> {
    let mut cargo = shell::cargo();
    cargo.args(["build", "--release", "--package", "ganymede", "--bin", "ganymede"]);
    shell::run(cargo)?;
    let name = format!("ganymede{}", std::env::consts::EXE_SUFFIX);
    Ok(Workspace::load()?.target.join("release").join(name))
}

struct Torture {
    program: Program,
    dir: PathBuf,
    straight: PathBuf,
    /// Of a run in peace.
    length: Duration,
    plan: Mutex<Plan>,
}

impl Torture {
    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().expect("no job panicked")
    }

    /// One run after the other, until nothing is planned any more.
    fn work(&self, job: usize) {
        for number in 0.. {
            let aims = self.plan().take();
            if aims.is_empty() {
                return;
            }
            let root = self.dir.join(format!("run-{job}-{number}"));
            let mut kills = Vec::new();
            let result = self.torment(&root, aims, &mut kills);
            let failed = result.and_then(|()| compare::same_bytes(&self.straight, &root)).err();
            if let Some(error) = &failed {
                eprintln!("{}: {error:#}", root.display());
            } else {
                // What is left over costs room, no more.
                let _ = fs::remove_dir_all(&root);
                let moments: Vec<&str> = kills.iter().map(|moment| moment.words()).collect();
                eprintln!("same bytes: {}", moments.join(", "));
            }
            self.plan().note(kills, failed.is_none().then_some(()).ok_or(root));
        }
    }

    /// Kills a run as often as there are aims, and lets it come to its end.
    fn torment(&self, root: &Path, aims: Vec<Aim>, kills: &mut Vec<Moment>) -> Result<()> {
        let mut victim = Victim::begin(&self.program, root)?;
        for aim in aims {
            if !victim.wait_for(aim, self.length)? {
                // It came to its end before there was such a moment.
                self.plan().put_back(aim);
                continue;
            }
            if aim.is_polite() {
                victim.stop()?;
                kills.push(Moment::Stopped);
            } else {
                match victim.kill()? {
                    Some(moment) => kills.push(moment),
                    None => continue,
                }
            }
            victim = if aim.is_doubled() && victim.is_begun() {
                kills.push(Moment::Doubled);
                Victim::resume_twice(&self.program, root)?
            } else {
                Victim::go_on(&self.program, root)?
            };
        }
        victim.end()
    }
}

/// `kill`, which every Unix has.
fn terminate(pid: u32) -> Result<()> {
    let status = Process::new("kill").args(["-TERM", &pid.to_string()]).status()?;
    if status.success() { Ok(()) } else { bail!("`kill -TERM {pid}` ended with {status}") }
}
