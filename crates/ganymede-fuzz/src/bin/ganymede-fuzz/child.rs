//! The process that tries inputs.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;

use anyhow::Context as _;
use ganymede_fuzz::{Corpus, Mutator, Scratch, Target};

/// Where the last panic was.
static PLACE: Mutex<String> = Mutex::new(String::new());

/// Tries the inputs of a range. A panic is told as a line of JSON; what ends the process is seen by the parent, in
/// whose file the number of the input stands.
pub(crate) fn many(target: &Target, range: Range<u64>, seed: u64, state: &Path) -> anyhow::Result<bool> {
    let (corpus, scratch) = (Corpus::of(target)?, Scratch::new()?);
    let mutator = Mutator::new(target, &corpus, seed);
    let mut state = File::options().write(true).open(state)?;
    note_panics();
    let mut out = std::io::stdout().lock();
    for number in range {
        state.seek(SeekFrom::Start(0))?;
        state.write_all(&number.to_le_bytes())?;
        let input = mutator.input(number);
        if let Some(place) = panics(target, &input, &scratch) {
            writeln!(out, "{}", serde_json::json!({ "number": number, "place": place }))?;
            out.flush()?;
        }
    }
    Ok(true)
}

/// Tries one file.
pub(crate) fn one(target: &Target, file: &Path) -> anyhow::Result<bool> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    note_panics();
    let place = panics(target, &bytes, &Scratch::new()?);
    place.iter().for_each(|place| println!("panic at {place}"));
    Ok(place.is_none())
}

/// Where the target panics on that input.
fn panics(target: &Target, input: &[u8], scratch: &Scratch) -> Option<String> {
    let caught = catch_unwind(AssertUnwindSafe(|| (target.run)(input, scratch)));
    caught.is_err().then(|| PLACE.lock().map(|place| place.clone()).unwrap_or_default())
}

/// Without the words of each: decoders that panic within a guard would fill the screen.
fn note_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let text = panic.payload_as_str().unwrap_or_default();
        if let Ok(mut last) = PLACE.lock() {
            *last = format!("{place}: {text}");
        }
    }));
}
