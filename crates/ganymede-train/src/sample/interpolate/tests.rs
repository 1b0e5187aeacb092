use ganymede_models::LatentDistribution;

use super::super::testing::{Toy, assert_near, classes, numbers, vectors};
use super::super::{Latents, Truncation};
use super::*;

const KEYS: [[f32; 3]; 3] = [[3.0, 0.0, 0.0], [0.0, 0.0, 3.0], [0.0, 3.0, 0.0]];

fn config(path: LatentPath, space: LatentSpace, frames: usize) -> InterpolationConfig {
    InterpolationConfig { path, space, frames }
}

/// The middle pixels of all frames through the key frames, whose classes are 1, 0 and 1.
fn frames(
    sampler: &Sampler,
    noise: Vec<Tensor>,
    config: InterpolationConfig,
) -> Result<Vec<f32>, TrainError> {
    let keys = sampler.latents(&Latents::Given(vectors(&KEYS)))?;
    let mut conditions = ConditionBatches::labels(vec![1, 0, 1], &Device::Cpu);
    let mut frames = Interpolation::new(sampler, keys, &mut conditions, noise, config)?;
    let (count, mut found) = (frames.count(), Vec::new());
    while let Some(images) = frames.next_batch()? {
        assert_eq!(&images.dims()[1..], [1, 1, 3]);
        found.extend(images.flatten_from(1)?.to_vec2::<f32>()?.into_iter().map(|row| row[1]));
    }
    assert_eq!(found.len(), count);
    Ok(found)
}

#[test]
fn lines_in_z_have_the_first_class_and_lead_back() {
    // w = 2z + 10, and a pixel is its mean over 100: key frames are (2·3/3 + 10)/100, and so is all between them.
    let found =
        frames(&Toy::new().sampler(), vec![], config(LatentPath::Straight, LatentSpace::Z, 3)).unwrap();
    assert_near(&found, &[0.12; 9]);
}

#[test]
fn great_circles_pass_through_the_key_frames() {
    let found =
        frames(&Toy::new().sampler(), vec![], config(LatentPath::Spherical, LatentSpace::Z, 2)).unwrap();
    // A right angle: half-way the two numbers are 3/√2 each, so that the mean is √2.
    let half = (2.0 * 2f32.sqrt() + 10.0) / 100.0;
    assert_near(&found, &[0.12, half, 0.12, half, 0.12, half]);
    // More than a batch.
    let many =
        frames(&Toy::new().sampler(), vec![], config(LatentPath::Spherical, LatentSpace::Z, 50)).unwrap();
    assert_near(&[many[0], many[25], many[50], many[125]], &[0.12, half, 0.12, half]);
}

#[test]
fn lines_in_w_go_from_class_to_class_and_are_truncated() {
    let straight = config(LatentPath::Straight, LatentSpace::W, 4);
    let found = frames(&Toy::new().sampler(), vec![], straight).unwrap();
    // Means of 12, 2 and 12.
    let line = [12.0, 9.5, 7.0, 4.5, 2.0, 4.5, 7.0, 9.5, 12.0, 12.0, 12.0, 12.0f32];
    assert_near(&found, &line.map(|w| w / 100.0));
    let truncation = Truncation::W { psi: 0.5, cutoff: None };
    let sampler = Toy::new().sampler().with_truncation(Some(truncation)).unwrap();
    assert_near(&frames(&sampler, vec![], straight).unwrap(), &line.map(|w| (4.0 + 0.5 * (w - 4.0)) / 100.0));
}

#[test]
fn all_frames_have_the_same_noise() {
    let noise = vectors(&[[0.0, 0.5, 0.0]]).reshape((1, 1, 1, 3)).unwrap();
    for space in [LatentSpace::Z, LatentSpace::W] {
        let straight = config(LatentPath::Straight, space, 2);
        let with = frames(&Toy::new().sampler(), vec![noise.clone()], straight).unwrap();
        let without = frames(&Toy::new().sampler(), vec![], straight).unwrap();
        assert_near(&with, &without.iter().map(|x| x + 0.5).collect::<Vec<_>>());
    }
}

#[test]
fn key_frames_are_the_samples_of_their_latent_vectors() {
    let sampler = Toy { distribution: LatentDistribution::Sphere, ..Toy::new() }.sampler();
    for path in [LatentPath::Straight, LatentPath::Spherical] {
        let keys = sampler.latents(&Latents::Random { count: 4, seed: 2 }).unwrap();
        let z =
            sampler.latents(&Latents::Random { count: 4, seed: 2 }).unwrap().next_batch().unwrap().unwrap();
        let mut conditions = sampler.class_batches(Some(1), 0).unwrap();
        let config = config(path, LatentSpace::Z, 5);
        let mut frames = Interpolation::new(&sampler, keys, &mut conditions, vec![], config).unwrap();
        let images = frames.next_batch().unwrap().unwrap();
        let keys = images.index_select(&Tensor::new(&[0u32, 5, 10, 15], &Device::Cpu).unwrap(), 0).unwrap();
        assert_eq!(numbers(&keys), numbers(&sampler.generate(&z, &classes(&[1; 4])).unwrap()));
    }
}

#[test]
fn what_cannot_be_interpolated_is_refused_with_a_way_out() {
    let (line, circle) = (LatentPath::Straight, LatentPath::Spherical);
    let uniform = || Toy { distribution: LatentDistribution::Uniform, ..Toy::new() };
    let cases = [
        (Toy::new(), config(circle, LatentSpace::W, 2), "by lerp"),
        (uniform(), config(circle, LatentSpace::Z, 2), "by lerp"),
        (Toy { maps: false, ..Toy::new() }, config(line, LatentSpace::W, 2), "no mapping network"),
        (Toy::new(), config(line, LatentSpace::Z, 0), "at least 2 and 1"),
    ];
    for (toy, config, want) in cases {
        let words = frames(&toy.sampler(), vec![], config).unwrap_err().to_string();
        assert!(words.contains(want), "{words:?} should say {want:?}");
    }
    let sampler = Toy::new().sampler();
    let keys = sampler.latents(&Latents::Random { count: 1, seed: 0 }).unwrap();
    let mut conditions = sampler.class_batches(None, 0).unwrap();
    let one = Interpolation::new(&sampler, keys, &mut conditions, vec![], config(line, LatentSpace::Z, 2));
    assert!(one.err().unwrap().to_string().contains("at least 2 and 1"));
    assert!(frames(&uniform().sampler(), vec![], config(line, LatentSpace::Z, 2)).is_ok());
}
