//! An adversarial term beside the loss of another model: a VQ-VAE of clothes, with and without it.
//!
//! ```text
//! cargo run --release -p ganymede-example-vqvae -- [FOLDER] [STEPS]
//! ```
//!
//! trains three autoencoders from the same weights on the same batches: on the reconstruction alone; with a discriminator that is
//! trained before the decoder hears it, whose weight then rises; and with one that starts cold. It prints how sharp their
//! reconstructions of images that none of them saw are and what the start does to the reconstruction loss, and writes
//! `reconstructions.png` into the folder (`runs/vqvae` unless given).

mod measure;
mod model;
mod train;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use ganymede_datasets::{Batch, Dataset, OpenOptions, open};
use ganymede_files::{Output, encode_drawing};
use ganymede_losses::adversarial_term::WarmUp;
use ganymede_tensor::{Device, Rng, Tensor};
use image::{Rgb, RgbImage};

use measure::Sharpness;
use model::reconstruction;
use train::{Plan, Run, train};

/// Images of a step.
const BATCH: usize = 32;
/// Images that are not trained on: the last ones.
const HELD_OUT: usize = 256;
/// Steps whose mean is one line of the curves.
const WINDOW: usize = 50;
/// Images of a row of the picture, and how often each pixel is repeated.
const SHOWN: usize = 12;
const ZOOM: u32 = 3;
const SIDE: u32 = 32;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments.next().map_or_else(|| PathBuf::from("runs/vqvae"), PathBuf::from);
    let steps: u64 = match arguments.next() {
        Some(text) => text.to_str().and_then(|text| text.parse().ok()).context("STEPS is no number")?,
        None => 600,
    };
    std::fs::create_dir_all(&folder).with_context(|| format!("no folder {}", folder.display()))?;
    let picture = Output::new(&folder.join("reconstructions.png"))?;

    let clothes = open("fashion-mnist-10k", &OpenOptions::default())?.dataset;
    let trained_on = clothes.len() - HELD_OUT;
    let held_out: Vec<usize> = (trained_on..clothes.len()).collect();
    let truth = tensor(&clothes, &held_out)?;
    let batch = |rng: &mut Rng| {
        let indices: Vec<usize> = (0..BATCH).map(|_| rng.below(trained_on)).collect();
        tensor(&clothes, &indices)
    };

    let plan = Plan { steps, seed: 1 };
    let g_start = steps / 2;
    let warm_up = WarmUp { d_start: steps / 4, g_start, ramp: steps / 3 };
    let cold = WarmUp { d_start: g_start, g_start, ramp: 0 };
    let starts = [("plain", None), ("warm-up", Some(warm_up)), ("cold start", Some(cold))];
    let mut runs: Vec<(&str, Run)> = Vec::new();
    for (name, start) in starts {
        let began = Instant::now();
        runs.push((name, train(plan, start, batch)?));
        println!("{name}: {steps} steps in {:.0} s", began.elapsed().as_secs_f64());
    }

    println!("\nReconstructions of {HELD_OUT} images not trained on; sharpness as a part of the originals'");
    println!("{:<12} {:>8} {:>10} {:>10}", "", "L1", "gradient", "Laplacian");
    let originals = Sharpness::of(&truth)?;
    let mut rows = vec![truth.narrow(0, 0, SHOWN)?];
    for (name, run) in &runs {
        let output = run.autoencoder.forward(&truth)?.output.detach();
        let loss = reconstruction(&output, &truth)?.to_scalar::<f32>()?;
        let sharp = Sharpness::of(&output)?.over(originals);
        println!("{name:<12} {loss:>8.4} {:>9.1}% {:>9.1}%", 100.0 * sharp.gradient, 100.0 * sharp.laplacian);
        rows.push(output.narrow(0, 0, SHOWN)?);
    }
    print_curves(&runs, g_start as usize);
    picture.write(&encode_drawing(&drawn(&rows)?)?)?;
    println!(
        "\n{}: originals, then {}",
        picture.path().display(),
        runs.iter().map(|run| run.0).collect::<Vec<_>>().join(", ")
    );
    Ok(())
}

/// Images `(N, 1, 32, 32)` by their number.
fn tensor(data: &Arc<dyn Dataset>, indices: &[usize]) -> Result<Tensor> {
    let samples: Vec<(usize, bool)> = indices.iter().map(|&index| (index, false)).collect();
    let Batch { images, shape, .. } = Batch::of(data.as_ref(), &samples)?;
    Ok(Tensor::from_vec(images, shape, &Device::Cpu)?)
}

/// Means over windows of steps, and what the term adds to the loss of the plain run.
fn print_curves(runs: &[(&str, Run)], g_start: usize) {
    println!(
        "\nReconstruction loss, means of {WINDOW} steps; the decoder hears the term from step {g_start} on"
    );
    let heads: Vec<String> = runs.iter().map(|(name, _)| format!("{name:>11}")).collect();
    println!("{:>6} {}", "step", heads.join(" "));
    let mean = |curve: &[f64]| curve.iter().sum::<f64>() / curve.len() as f64;
    let steps = runs[0].1.curve.len();
    for from in (0..steps).step_by(WINDOW) {
        let to = (from + WINDOW).min(steps);
        let means: Vec<String> =
            runs.iter().map(|(_, run)| format!("{:>11.4}", mean(&run.curve[from..to]))).collect();
        println!("{from:>6} {}", means.join(" "));
    }
    let plain = &runs[0].1.curve;
    for (name, run) in &runs[1..] {
        let above: Vec<f64> = run.curve.iter().zip(plain).map(|(with, plain)| with - plain).collect();
        let (at, peak) = above
            .windows(WINDOW.min(steps))
            .map(mean)
            .enumerate()
            .fold((0, f64::MIN), |best, (at, value)| if value > best.1 { (at, value) } else { best });
        let last = mean(&above[steps.saturating_sub(2 * WINDOW)..]);
        println!("{name}: at most {peak:+.4} over the plain loss, from step {at} on; {last:+.4} at the end");
    }
}

/// Rows of images, enlarged.
fn drawn(rows: &[Tensor]) -> Result<RgbImage> {
    let tile = SIDE * ZOOM + 2;
    let mut picture = RgbImage::from_pixel(SHOWN as u32 * tile, rows.len() as u32 * tile, Rgb([255; 3]));
    for (row, images) in (0..).zip(rows) {
        for (column, image) in (0..).zip(images.squeeze(1)?.to_vec3::<f32>()?) {
            for (y, line) in (0..).zip(image) {
                for (x, value) in (0..).zip(line) {
                    let level = ((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8;
                    for (dx, dy) in (0..ZOOM).flat_map(|dx| (0..ZOOM).map(move |dy| (dx, dy))) {
                        let (left, top) = (column * tile + x * ZOOM, row * tile + y * ZOOM);
                        picture.put_pixel(left + dx, top + dy, Rgb([level; 3]));
                    }
                }
            }
        }
    }
    Ok(picture)
}
