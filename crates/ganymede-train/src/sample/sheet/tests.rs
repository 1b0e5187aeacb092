use ganymede_tensor::{DType, Device};

use super::*;

#[test]
fn images_lie_row_by_row_with_white_where_there_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sheet.png");
    let mut sheet = PictureSheet::new(&[1, 64, 64], 2, 2).unwrap();
    let black = Tensor::full(-1f32, (3, 1, 64, 64), &Device::Cpu).unwrap();
    sheet.skip();
    sheet.push(&black).unwrap();
    sheet.save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert!(ganymede_files::is_drawing(&bytes));
    let picture = image::load_from_memory(&bytes).unwrap().to_rgb8();
    assert_eq!(picture.dimensions(), (2 * 66 + 2, 2 * 66 + 2));
    let levels = [(10, 10), (80, 10), (10, 80), (80, 80)].map(|(x, y)| picture.get_pixel(x, y).0[0]);
    assert_eq!(levels, [255, 0, 0, 0]);
    assert!(sheet.push(&black).unwrap_err().to_string().contains("no place"));
    let others = Tensor::zeros((1, 3, 64, 64), DType::F32, &Device::Cpu).unwrap();
    assert!(PictureSheet::new(&[1, 64, 64], 1, 1).unwrap().push(&others).is_err());
}

#[test]
fn sheets_that_fill_the_memory_are_refused() {
    assert!(PictureSheet::new(&[3, 1024, 1024], 10, 10).is_ok());
    for (shape, rows, columns) in
        [(&[3, 1024, 1024][..], 20, 20), (&[1, 8, 8], usize::MAX, 2), (&[1, 8, 8], 5000, 5000)]
    {
        let words = PictureSheet::new(shape, rows, columns).unwrap_err().to_string();
        assert!(words.contains("too large") && words.contains("--no-grid"), "{words}");
    }
    for shape in [&[2][..], &[2, 8, 8]] {
        assert!(PictureSheet::new(shape, 1, 1).unwrap_err().to_string().contains("no grey or colour images"));
    }
}
