//! `ganymede sample --interpolate`

use std::path::Path;

use anyhow::Result;
use ganymede_files::path_text;
use ganymede_metrics::LatentPath;
use ganymede_train::{
    FilmConfig, FilmWriter, Interpolation, InterpolationConfig, LatentSpace, Latents, ResultFolder, Sampler,
};
use serde_json::json;

use super::args::{HowToInterpolate, SampleArgs};
use super::{conditions, noise};
use crate::counter::Counter;
use crate::words::{self, Misuse};
use crate::{Exit, interrupt};

const USUAL_KEYFRAMES: usize = 4;
const USUAL_FRAMES: usize = 8;
/// A second of an animation.
const USUAL_FPS: u16 = 24;

pub(super) fn run(args: &SampleArgs, sampler: &Sampler, how: HowToInterpolate) -> Result<Exit> {
    let options = &args.interpolation;
    let usual = if options.animate.is_some() { usize::from(USUAL_FPS) } else { USUAL_FRAMES };
    let config = InterpolationConfig {
        path: match how {
            HowToInterpolate::Lerp => LatentPath::Straight,
            HowToInterpolate::Slerp => LatentPath::Spherical,
        },
        space: options.space.map_or(LatentSpace::Z, |space| space.0),
        frames: options.frames.unwrap_or(usual),
    };
    if args.no_grid && options.animate.is_none() {
        return Err(Misuse("--no-grid leaves nothing to write; add --animate apng or gif".to_owned()).into());
    }
    let keys = sampler.latents(&match &args.latents {
        Some(path) => Latents::File { path: path.clone(), count: options.keyframes },
        None => Latents::Random { count: options.keyframes.unwrap_or(USUAL_KEYFRAMES), seed: args.seed },
    })?;
    let mut conditions = conditions(args, sampler)?;
    let noise = noise(args, sampler)?.map(|mut noise| noise.next_batch(1)).transpose()?;
    let mut frames = Interpolation::new(sampler, keys, &mut conditions, noise.unwrap_or_default(), config)?;

    let base = args.run_dir.as_deref().unwrap_or(Path::new("."));
    let folder = ResultFolder::make(args.out.as_deref(), base, "interpolation")?;
    let film = FilmConfig {
        keyframes: frames.keyframes(),
        frames: config.frames,
        grid: !args.no_grid,
        animation: options.animate.map(|kind| (kind, options.fps.unwrap_or(USUAL_FPS))),
    };
    let mut writer = FilmWriter::new(folder.dir(), &sampler.sample_shape(), film)?;
    interrupt::ask_politely("stopping: an interpolation is whole or nothing");
    let (mut counter, mut done) = (Counter::new(frames.count(), "frames"), 0);
    while let Some(images) = frames.next_batch()? {
        if interrupt::requested() {
            words::say(&format!(
                "interrupted after {done} of {} frames: nothing was written",
                frames.count()
            ));
            return Ok(Exit::Interrupted);
        }
        writer.push(&images)?;
        done += images.dim(0)?;
        counter.at(done);
    }
    drop(counter);
    let files = writer.finish()?;
    files.iter().for_each(|path| words::say(&format!("wrote {}", path.display())));
    if args.json {
        let files: Vec<String> = files.iter().map(|path| path_text(path)).collect();
        let report = json!({ "keyframes": film.keyframes, "frames": done, "files": files });
        words::result(&report.to_string());
    }
    Ok(Exit::Done)
}
