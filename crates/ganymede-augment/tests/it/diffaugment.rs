//! The parts of DiffAugment against the authors' program, with the numbers that it drew.

use std::collections::BTreeMap;
use std::path::Path;

use ganymede_augment::{ColourDraws, CropDraws, CutoutDraws, Draws, Part, PartDraws, TranslationDraws};
use ganymede_tensor::testing::{Tol, assert_close, device};
use ganymede_tensor::{DType, Rng, Tensor, load_weights};

const CASES: &[(&str, &[Part])] = &[
    ("colour", &[Part::Colour]),
    ("translation", &[Part::Translation]),
    ("cutout", &[Part::Cutout]),
    ("policy", &Part::POLICY),
    ("order", &[Part::Cutout, Part::Colour]),
    ("grey", &Part::POLICY),
    ("one", &Part::POLICY),
];

#[test]
fn the_same_numbers_make_the_same_images() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/diffaugment/diffaugment.safetensors");
    let fixture = load_weights(&path, None, &device()).unwrap();
    for (case, parts) in CASES {
        println!("{case}");
        let mut drawn = drawn(&fixture, case).into_iter();
        let draws = Draws::Parts(parts.iter().map(|part| from_drawn(*part, &mut drawn)).collect());
        assert_eq!(drawn.next(), None, "every number was used");
        let (images, out) = (&fixture[&format!("{case}/images")], &fixture[&format!("{case}/out")]);
        assert_close(&draws.apply(images).unwrap(), out, Tol::F64);
        let images = images.to_dtype(DType::F32).unwrap();
        assert_close(&draws.apply(&images).unwrap(), out, Tol::F32);
    }
}

fn drawn(fixture: &BTreeMap<String, Tensor>, case: &str) -> Vec<Vec<f64>> {
    let keys = (0..).map(|number| format!("{case}/draws/{number}"));
    keys.map_while(|key| fixture.get(&key)).map(|numbers| numbers.to_vec1().unwrap()).collect()
}

/// The program draws U[0, 1) for colours, and whole numbers of rows, then of columns.
fn from_drawn(part: Part, drawn: &mut impl Iterator<Item = Vec<f64>>) -> PartDraws {
    let mut next =
        |change: fn(f64) -> f64| -> Vec<f64> { drawn.next().unwrap().into_iter().map(change).collect() };
    match part {
        Part::Colour => PartDraws::Colour(ColourDraws {
            brightness: next(|u| u - 0.5),
            saturation: next(|u| 2.0 * u),
            contrast: next(|u| u + 0.5),
        }),
        Part::Translation => {
            let (rows, columns) = (next(|x| x), next(|x| x));
            let shifts = rows.into_iter().zip(columns).map(|(dy, dx)| [dy as i64, dx as i64]);
            PartDraws::Translation(TranslationDraws { shifts: shifts.collect() })
        }
        Part::Cutout => {
            let (rows, columns) = (next(|x| x), next(|x| x));
            let centres = rows.into_iter().zip(columns).map(|(y, x)| [y as usize, x as usize]);
            PartDraws::Cutout(CutoutDraws { centres: centres.collect() })
        }
        Part::Crop => panic!("no part of the program"),
    }
}

/// The extremes of what is drawn are those of the program: a row more or less would show at an edge.
#[test]
fn draws_reach_the_ends_of_their_ranges() {
    let mut rng = Rng::new(3);
    let shape = [2000, 1, 9, 16];
    let PartDraws::Translation(TranslationDraws { shifts }) = Part::Translation.draw(shape, &mut rng) else {
        panic!("not a translation")
    };
    let ends = |axis: usize| (shifts.iter().map(|s| s[axis]).min(), shifts.iter().map(|s| s[axis]).max());
    assert_eq!([ends(0), ends(1)], [(Some(-1), Some(1)), (Some(-2), Some(2))]);
    let PartDraws::Cutout(CutoutDraws { centres }) = Part::Cutout.draw(shape, &mut rng) else {
        panic!("not a cutout")
    };
    let ends = |axis: usize| (centres.iter().map(|c| c[axis]).min(), centres.iter().map(|c| c[axis]).max());
    // 9/2 rows are 5, an odd number; 8 columns have their middle at 0 to 16.
    assert_eq!([ends(0), ends(1)], [(Some(0), Some(8)), (Some(0), Some(16))]);
    let PartDraws::Colour(colour) = Part::Colour.draw(shape, &mut rng) else { panic!("no colours") };
    for (numbers, lo, hi) in
        [(colour.brightness, -0.5, 0.5), (colour.saturation, 0.0, 2.0), (colour.contrast, 0.5, 1.5)]
    {
        let (least, most) =
            (numbers.iter().copied().fold(9.0, f64::min), numbers.iter().copied().fold(-9.0, f64::max));
        assert!(lo <= least && least < lo + 0.01 && hi - 0.01 < most && most < hi, "{least} {most}");
    }
}

/// A crop goes from one pixel of the image to another in equal strides, and reads nothing from outside.
#[test]
fn a_crop_of_a_slope_is_a_flatter_slope() {
    let (h, w) = (5, 9);
    let slope = |y: usize, x: usize| 10.0 * y as f64 + x as f64;
    let pixels: Vec<f64> = (0..h * w).map(|i| slope(i / w, i % w)).collect();
    let images = Tensor::from_vec(pixels, (1, 1, h, w), &device()).unwrap();
    let draws = CropDraws { parts: vec![[0.75, 1.0, 0.5]] };
    let (down, right) = (0.25 * 4.0, 0.5 * 0.25 * 8.0);
    let wanted: Vec<f64> =
        (0..h * w).map(|i| 10.0 * (down + 0.75 * (i / w) as f64) + right + 0.75 * (i % w) as f64).collect();
    let wanted = Tensor::from_vec(wanted, (1, 1, h, w), &device()).unwrap();
    assert_close(&draws.apply(&images).unwrap(), &wanted, Tol::F64);
}
