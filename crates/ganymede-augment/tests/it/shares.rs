//! How often each change is made.

use ganymede_augment::{AdaDraws, Change, Geometry, Pipe, Recolour};
use ganymede_tensor::Rng;

const N: usize = 4000;
const P: f64 = 0.4;

fn draw(p: f64, channels: usize) -> Vec<Change> {
    let pipe = Pipe::named("bgcfnc").unwrap();
    AdaDraws::draw(pipe, p, [N, channels, 4, 4], &mut Rng::new(2)).changes
}

#[track_caller]
fn check(changes: &[Change], wanted: f64, made: impl Fn(&Change) -> bool) {
    let share = changes.iter().filter(|change| made(change)).count() as f64 / N as f64;
    assert!((share - wanted).abs() < 0.03, "{share}, not {wanted}");
}

#[test]
fn each_change_is_made_as_often_as_p_says() {
    let changes = draw(P, 3);
    let (none, same) = (Geometry::NONE, Recolour::NONE);
    // Half of the mirrors and a quarter of the turns leave the image as it is.
    check(&changes, P / 2.0, |c| c.geometry.mirror);
    check(&changes, P * 0.75, |c| c.geometry.quarter_turns > 0);
    check(&changes, P, |c| c.geometry.scale != none.scale);
    check(&changes, P, |c| c.geometry.stretch != none.stretch);
    check(&changes, P, |c| c.geometry.fine_shift != none.fine_shift);
    let one = 1.0 - (1.0 - P).sqrt();
    check(&changes, one, |c| c.geometry.rotation_before != 0.0);
    check(&changes, one, |c| c.geometry.rotation_after != 0.0);
    check(&changes, P, |c| c.geometry.rotation_before != 0.0 || c.geometry.rotation_after != 0.0);
    check(&changes, P, |c| c.colour.brightness != same.brightness);
    check(&changes, P, |c| c.colour.contrast != same.contrast);
    check(&changes, P / 2.0, |c| c.colour.luma_flip);
    check(&changes, P, |c| c.colour.hue != same.hue);
    check(&changes, P, |c| c.colour.saturation != same.saturation);
    for band in 0..4 {
        check(&changes, P, |c| c.bands[band] != 1.0);
    }
    check(&changes, P, |c| c.noise > 0.0);
    check(&changes, P, |c| c.cutout.is_some());
}

#[test]
fn at_0_nothing_is_made_and_at_1_all() {
    assert!(draw(0.0, 3).iter().all(|change| *change == Change::NONE));
    let all = draw(1.0, 3);
    check(&all, 1.0, |c| c.geometry.scale != 1.0 && c.geometry.rotation_before != 0.0);
    check(&all, 1.0, |c| c.colour.hue != 0.0 && c.cutout.is_some() && c.noise > 0.0);
    // Grey images have neither hue nor saturation.
    check(&draw(1.0, 1), 0.0, |c| c.colour.hue != 0.0 || c.colour.saturation != 1.0);
}

/// The same stream draws the same; nothing else does.
#[test]
fn draws_are_a_function_of_the_stream() {
    let draw = |seed: u64| AdaDraws::draw(Pipe::BGC, P, [8, 3, 16, 16], &mut Rng::new(seed));
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}
