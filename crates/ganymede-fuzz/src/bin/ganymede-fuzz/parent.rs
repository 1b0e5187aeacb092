//! The process that starts and watches the others.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use ganymede_fuzz::{Corpus, Mutator, Target, found_dir, shrink};

/// Memory that a small file may ask for, in KiB, with what a process needs anyway.
const MEMORY_KIB: u64 = 1 << 20;
/// Time that a small file may take.
const SECONDS: u64 = 5;
/// So many findings of one target are enough for a day.
const ENOUGH: usize = 20;
/// Processes that are started to make one finding smaller.
const TRIES: usize = 300;

/// One way in which a target fails.
struct Finding {
    number: u64,
    times: usize,
}

pub(crate) fn run(targets: &[&Target], inputs: u64, seed: u64) -> Result<bool> {
    let mut clean = true;
    for target in targets {
        let start = Instant::now();
        let (found, tried) = hunt(target, inputs, seed)?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{:<17} {tried:>9} inputs {seconds:>8.1} s {:>3} findings", target.name, found.len());
        for (what, finding) in &found {
            let file = keep(target, seed, finding.number)?;
            println!(
                "    {what} (first at input {}, {} times): {}",
                finding.number,
                finding.times,
                file.display()
            );
        }
        clean &= found.is_empty();
    }
    Ok(clean)
}

/// All inputs of a target; a process that ends too early is followed by another.
fn hunt(target: &Target, inputs: u64, seed: u64) -> Result<(BTreeMap<String, Finding>, u64)> {
    let dir = tempfile::tempdir()?;
    let state = dir.path().join("state");
    let mut found: BTreeMap<String, Finding> = BTreeMap::new();
    let (mut from, mut deaths) = (0, 0);
    while from < inputs && deaths < ENOUGH {
        fs::write(&state, from.to_le_bytes())?;
        let args = [
            target.name.to_owned(),
            format!("--inputs={inputs}"),
            format!("--seed={seed}"),
            format!("--from={from}"),
            format!("--state={}", state.display()),
        ];
        let (ended, lines) = watch(&args, &state)?;
        for line in lines.lines() {
            let value: serde_json::Value = serde_json::from_str(line).context("a line of the child")?;
            let place = value["place"].as_str().unwrap_or_default().to_owned();
            note(&mut found, format!("panic: {place}"), value["number"].as_u64().unwrap_or_default());
        }
        let Some(how) = ended else { return Ok((found, inputs)) };
        let at = number(&state)?;
        note(&mut found, how, at);
        (from, deaths) = (at + 1, deaths + 1);
    }
    Ok((found, from))
}

fn note(found: &mut BTreeMap<String, Finding>, what: String, number: u64) {
    found.entry(what).or_insert(Finding { number, times: 0 }).times += 1;
}

fn number(state: &Path) -> Result<u64> {
    let bytes = fs::read(state)?;
    Ok(bytes.try_into().map(u64::from_le_bytes).unwrap_or_default())
}

/// Starts a process and waits for it: how it ended if that was not well, and what it said.
fn watch(args: &[String], state: &Path) -> Result<(Option<String>, String)> {
    let mut child = bounded(args)?.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let read = |pipe: Option<Box<dyn std::io::Read + Send>>| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            if let Some(mut pipe) = pipe {
                let _ = pipe.read_to_end(&mut text);
            }
            String::from_utf8_lossy(&text).into_owned()
        })
    };
    let said = read(out.take().map(|pipe| Box::new(pipe) as _));
    let words = read(err.take().map(|pipe| Box::new(pipe) as _));
    let slow = wait(&mut child, state)?;
    let status = child.wait()?;
    let words = words.join().unwrap_or_default();
    let ended = match status.success() {
        true => None,
        false if slow => Some(format!("more than {SECONDS} s")),
        false => Some(format!("{status}: {}", words.lines().last().unwrap_or("no word"))),
    };
    Ok((ended, said.join().unwrap_or_default()))
}

/// Until it ends, or is ended because one input takes too long.
fn wait(child: &mut Child, state: &Path) -> Result<bool> {
    let mut last = (number(state)?, Instant::now());
    while child.try_wait()?.is_none() {
        sleep(Duration::from_millis(20));
        let at = number(state)?;
        if at != last.0 {
            last = (at, Instant::now());
        } else if last.1.elapsed() > Duration::from_secs(SECONDS) {
            child.kill()?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// This program again, with a bound of memory where the system has one.
fn bounded(args: &[String]) -> Result<Command> {
    let program = std::env::current_exe()?;
    let mut command = if cfg!(unix) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\"")]).arg(program);
        shell
    } else {
        Command::new(program)
    };
    // Threads have memory of their own, and one input has little to share out.
    command.args(args).env("RAYON_NUM_THREADS", "1").env("MALLOC_ARENA_MAX", "2");
    Ok(command)
}

/// Writes the input, and a smaller one that fails as well, among the seeds.
fn keep(target: &Target, seed: u64, number: u64) -> Result<PathBuf> {
    let corpus = Corpus::of(target)?;
    let input = Mutator::new(target, &corpus, seed).input(number);
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("input");
    let mut fails = |bytes: &[u8]| -> bool {
        let tried = fs::write(&file, bytes).map_err(Into::into).and_then(|()| fails_alone(target, &file));
        tried.unwrap_or(false)
    };
    let smallest = if fails(&input) { shrink(&input, TRIES, &mut fails) } else { input };
    let place = found_dir(target.name);
    fs::create_dir_all(&place)?;
    let kept = place.join(format!("found-{seed}-{number}"));
    fs::write(&kept, smallest)?;
    Ok(kept)
}

fn fails_alone(target: &Target, file: &Path) -> Result<bool> {
    let args = [target.name.to_owned(), format!("--file={}", file.display())];
    let mut child = bounded(&args)?.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let start = Instant::now();
    while child.try_wait()?.is_none() {
        sleep(Duration::from_millis(2));
        if start.elapsed() > Duration::from_secs(SECONDS) {
            child.kill()?;
        }
    }
    Ok(!child.wait()?.success())
}
