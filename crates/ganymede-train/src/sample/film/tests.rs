use ganymede_tensor::Device;

use super::*;

/// Frames of one level each, from black up.
fn frames(levels: &[u8]) -> Tensor {
    let values: Vec<f32> = levels.iter().flat_map(|level| [f32::from(*level) / 127.5 - 1.0; 64]).collect();
    Tensor::from_vec(values, (levels.len(), 1, 8, 8), &Device::Cpu).unwrap()
}

fn config(animation: Option<AnimationKind>) -> FilmConfig {
    FilmConfig { keyframes: 3, frames: 2, grid: true, animation: animation.map(|kind| (kind, 20)) }
}

#[test]
fn rows_go_from_a_key_frame_to_the_next_and_the_last_to_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = FilmWriter::new(dir.path(), &[1, 8, 8], config(Some(AnimationKind::Apng))).unwrap();
    writer.push(&frames(&[0, 10, 20, 30])).unwrap();
    writer.push(&frames(&[40, 50])).unwrap();
    let files = writer.finish().unwrap();
    assert_eq!(files, ["interpolation.png", "animation.png"].map(|name| dir.path().join(name)));
    let picture = image::open(&files[0]).unwrap().to_rgb8();
    // Eight times as large, and two pixels between.
    assert_eq!(picture.dimensions(), (3 * 66 + 2, 3 * 66 + 2));
    let level = |column: u32, row: u32| picture.get_pixel(10 + 66 * column, 10 + 66 * row).0[0];
    let rows: Vec<[u8; 3]> = (0..3).map(|row| [0, 1, 2].map(|column| level(column, row))).collect();
    assert_eq!(rows, [[0, 10, 20], [20, 30, 40], [40, 50, 0]]);
    let bytes = fs::read(&files[1]).unwrap();
    assert!(ganymede_files::is_drawing(&bytes));
    assert_eq!(image::load_from_memory(&bytes).unwrap().to_rgb8().dimensions(), (64, 64));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing half-written is left");
}

#[test]
fn an_animation_that_is_not_whole_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    for kind in [AnimationKind::Apng, AnimationKind::Gif] {
        let mut writer = FilmWriter::new(dir.path(), &[1, 8, 8], config(Some(kind))).unwrap();
        writer.push(&frames(&[0, 10])).unwrap();
        drop(writer);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        let only = FilmConfig { grid: false, ..config(Some(kind)) };
        let mut writer = FilmWriter::new(dir.path(), &[1, 8, 8], only).unwrap();
        writer.push(&frames(&[0, 10])).unwrap();
        assert!(writer.finish().unwrap_err().to_string().contains("4 of 6 frames are missing"));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
    assert!(FilmWriter::new(&dir.path().join("none"), &[1, 8, 8], config(Some(AnimationKind::Gif))).is_err());
    let endless =
        FilmConfig { keyframes: 1 << 20, frames: 1 << 20, grid: false, ..config(Some(AnimationKind::Gif)) };
    assert!(FilmWriter::new(dir.path(), &[1, 8, 8], endless).is_err());
}
