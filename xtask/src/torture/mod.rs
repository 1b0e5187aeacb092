//! `cargo xtask torture`: kills training runs at any moment, and compares what comes of them with a run that was left
//! in peace.

mod compare;
mod moments;
mod plan;
mod recipes;
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
use recipes::{RECIPES, Recipe};
use victim::{Program, Victim};

pub(crate) const COMMAND: crate::Command = crate::Command {
    name: "torture",
    arguments: "[--kills N] [--seed S] [--jobs J] [--recipe NAME] [--program PATH]",
    summary: "kill training runs at any moment; each has to end in the same bytes as one left in peace",
    details: "
Builds `ganymede` in release mode, makes one short run of each recipe in peace, and then makes the same runs again and
again, recipe after recipe, killing them with SIGKILL: at random instants, while a checkpoint is written (its temporary file is there), while samples are
measured (the picture of the step is there, its line in metrics.jsonl is not). Each killed run is resumed, some of them
by two processes at once, of which one has to be refused; killed again or not; and in the end every file that the
clock does not write has to have the same bytes as that of the run in peace. Some are stopped politely in between, by
SIGTERM.

--kills N   kills, 100 unless given; ten of them at the least while a checkpoint is written, and ten while samples are
            measured, as far as N allows
--seed S    of the random instants, 0 unless given; what happens at an instant still depends on the machine
--jobs J    runs at once, each on one thread; one a core unless given
--recipe NAME    of this recipe alone: quickstart, ring-wgan-gp, cgan (a course for every number), simultaneous, pggan or
                 stylegan2-ada
--program PATH   a `ganymede` that is built already, instead of building one

Runs that came out right are removed. Those that did not lie in target/torture, and the status is 1.",
    run,
};

struct Options {
    kills: usize,
    seed: u64,
    jobs: usize,
    recipes: &'static [Recipe],
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
    let recipes = options.recipes.iter().map(|recipe| Peace::make(recipe, &program, &dir));
    let recipes: Vec<Peace> = recipes.collect::<Result<_>>()?;
    let torture = Torture { recipes, dir, plan: Mutex::new(Plan::new(options.kills, options.seed)) };
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
    let mut options = Options { kills: 100, seed: 0, jobs: cores, recipes: RECIPES, program: None };
    let mut args = args.iter();
    while let Some(name) = args.next() {
        let value = args.next();
        let number = value.and_then(|value| value.parse::<u32>().ok());
        match (name.as_str(), number) {
            ("--kills", Some(kills @ 1..=100_000)) => options.kills = kills as usize,
            ("--seed", Some(seed)) => options.seed = seed.into(),
            ("--jobs", Some(jobs @ 1..=256)) => options.jobs = jobs as usize,
            ("--recipe", _) if value.is_some() => {
                let found = RECIPES.iter().position(|recipe| Some(recipe.name) == value.map(String::as_str));
                let Some(at) = found else {
                    let names: Vec<&str> = RECIPES.iter().map(|recipe| recipe.name).collect();
                    return Err(Usage(format!("--recipe is one of {}", names.join(", "))).into());
                };
                options.recipes = &RECIPES[at..=at];
            }
            ("--program", _) if value.is_some() => options.program = value.map(PathBuf::from),
            ("--kills" | "--seed" | "--jobs", _) => {
                let expected = "a whole number, of kills from 1 to 100000, of jobs from 1 to 256";
                return Err(Usage(format!("{name} needs {expected}")).into());
            }
            _ => {
                let known = "it takes --kills, --seed, --jobs, --recipe and --program, each with a value";
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

/// A recipe, and the run of it that was left in peace.
struct Peace {
    recipe: &'static str,
    program: Program,
    root: PathBuf,
    length: Duration,
}

impl Peace {
    fn make(recipe: &Recipe, program: &Path, dir: &Path) -> Result<Self> {
        let config = dir.join(format!("{}.toml", recipe.name));
        fs::write(&config, recipe.config.concat())
            .with_context(|| format!("could not write {}", config.display()))?;
        let program = Program { path: program.to_owned(), config };
        let (root, begun) = (dir.join(format!("{}-in-peace", recipe.name)), Instant::now());
        let status = program.begin(&root).stderr(Stdio::null()).status()?;
        if !status.success() {
            bail!("the run of {} in peace ended with {status}", recipe.name);
        }
        let length = begun.elapsed();
        eprintln!("a run of {} in peace takes {:.1} s", recipe.name, length.as_secs_f64());
        Ok(Self { recipe: recipe.name, program, root, length })
    }
}

struct Torture {
    recipes: Vec<Peace>,
    dir: PathBuf,
    plan: Mutex<Plan>,
}

impl Torture {
    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().expect("no job panicked")
    }

    /// One run after the other, until nothing is planned any more.
    fn work(&self, job: usize) {
        for number in job.. {
            let peace = &self.recipes[number % self.recipes.len()];
            let aims = self.plan().take();
            if aims.is_empty() {
                return;
            }
            let root = self.dir.join(format!("{}-{job}-{number}", peace.recipe));
            let mut kills = Vec::new();
            let result = self.torment(peace, &root, aims, &mut kills);
            let failed = result.and_then(|()| compare::same_bytes(&peace.root, &root)).err();
            if let Some(error) = &failed {
                eprintln!("{}: {error:#}", root.display());
            } else {
                // What is left over costs room, no more.
                let _ = fs::remove_dir_all(&root);
                let moments: Vec<&str> = kills.iter().map(|moment| moment.words()).collect();
                eprintln!("{}, same bytes: {}", peace.recipe, moments.join(", "));
            }
            self.plan().note(peace.recipe, kills, failed.is_none().then_some(()).ok_or(root));
        }
    }

    /// Kills a run as often as there are aims, and lets it come to its end.
    fn torment(&self, peace: &Peace, root: &Path, aims: Vec<Aim>, kills: &mut Vec<Moment>) -> Result<()> {
        let mut victim = Victim::begin(&peace.program, root)?;
        for aim in aims {
            if !victim.wait_for(aim, peace.length)? {
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
                Victim::resume_twice(&peace.program, root)?
            } else {
                Victim::go_on(&peace.program, root)?
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
