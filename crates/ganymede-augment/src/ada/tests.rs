#![allow(clippy::unwrap_used)]
//! Against the authors' program, with the numbers that it drew.

use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::path::Path;

use ganymede_tensor::testing::{Tol, assert_close, device};
use ganymede_tensor::{DType, Tensor, load_weights};

use super::numbers::Numbers;
use super::*;

/// The program computes in f32, with matrices in pixels.
const NEAR: Tol = Tol { rel: 1e-5, abs: 2e-5 };

struct Fixture(BTreeMap<String, Tensor>);

impl Fixture {
    fn open() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ada/ada.safetensors");
        Self(load_weights(&path, None, &device()).unwrap())
    }

    fn get(&self, key: &str) -> Tensor {
        self.0[key].to_dtype(DType::F64).unwrap()
    }

    fn numbers(&self, key: &str) -> Vec<f64> {
        self.get(key).flatten_all().unwrap().to_vec1().unwrap()
    }

    fn names(&self, leaf: &str) -> Vec<String> {
        self.0.keys().filter_map(|key| Some(key.strip_suffix(leaf)?.to_owned())).collect()
    }
}

/// The numbers that the program drew, uniform and normal ones in one list.
struct Recorded(std::vec::IntoIter<f64>);

impl Numbers for Recorded {
    fn unit(&mut self) -> f64 {
        self.0.next().unwrap()
    }

    fn normal(&mut self) -> f64 {
        self.0.next().unwrap()
    }
}

#[test]
fn pipes_make_of_the_same_numbers_what_the_program_makes() {
    let fixture = Fixture::open();
    let cases = fixture.names("/numbers");
    assert_eq!(cases.len(), 13);
    for case in cases {
        println!("{case}");
        let pipe = Pipe::named(case.split('-').next().unwrap()).unwrap();
        let mut numbers = Recorded(fixture.numbers(&format!("{case}/numbers")).into_iter());
        let p = fixture.numbers(&format!("{case}/p"))[0];
        let images = fixture.get(&format!("{case}/images"));
        let shape = images.dims().try_into().unwrap();
        let draws = AdaDraws::from_numbers(pipe, p, shape, &mut numbers);
        assert_eq!(numbers.0.next(), None, "every number was used");
        let out = fixture.get(&format!("{case}/out"));
        assert_close(&draws.apply(&images).unwrap(), &out, NEAR);
        let images = images.to_dtype(DType::F32).unwrap();
        assert_close(&draws.apply(&images).unwrap(), &out, Tol { abs: 5e-5, ..NEAR });
    }
}

/// One change by itself, from what it was drawn to be: one or two numbers.
type Single = fn(&[f64]) -> Change;

fn moved(geometry: Geometry) -> Change {
    Change { geometry, ..Change::NONE }
}

fn coloured(colour: Recolour) -> Change {
    Change { colour, ..Change::NONE }
}

const GEOMETRY: &[(&str, Single)] = &[
    ("mirror", |x| moved(Geometry { mirror: x[0] >= 0.5, ..Geometry::NONE })),
    ("quarter-turns", |x| moved(Geometry { quarter_turns: (4.0 * x[0]) as u8, ..Geometry::NONE })),
    ("shift", |x| {
        let pixels = |unit: f64, side: f64| ((2.0 * unit - 1.0) * side / 8.0).round();
        moved(Geometry { shift: [pixels(x[0], 11.0), pixels(x[1], 9.0)], ..Geometry::NONE })
    }),
    ("scale", |x| moved(Geometry { scale: (0.2 * x[0]).exp2(), ..Geometry::NONE })),
    ("rotation-before", |x| moved(Geometry { rotation_before: (2.0 * x[0] - 1.0) * PI, ..Geometry::NONE })),
    ("stretch", |x| moved(Geometry { stretch: (0.2 * x[0]).exp2(), ..Geometry::NONE })),
    ("rotation-after", |x| moved(Geometry { rotation_after: (2.0 * x[0] - 1.0) * PI, ..Geometry::NONE })),
    ("fine-shift", |x| {
        moved(Geometry { fine_shift: [x[0] * 11.0 / 8.0, x[1] * 9.0 / 8.0], ..Geometry::NONE })
    }),
];

const COLOUR: &[(&str, Single)] = &[
    ("brightness", |x| coloured(Recolour { brightness: 0.2 * x[0], ..Recolour::NONE })),
    ("contrast", |x| coloured(Recolour { contrast: (0.5 * x[0]).exp2(), ..Recolour::NONE })),
    ("luma-flip", |x| coloured(Recolour { luma_flip: x[0] >= 0.5, ..Recolour::NONE })),
    ("hue", |x| coloured(Recolour { hue: (2.0 * x[0] - 1.0) * PI, ..Recolour::NONE })),
    ("saturation", |x| coloured(Recolour { saturation: x[0].exp2(), ..Recolour::NONE })),
];

#[test]
fn each_change_has_the_matrix_of_the_program_and_the_same_result() {
    let fixture = Fixture::open();
    for (name, single) in GEOMETRY.iter().chain(COLOUR) {
        println!("{name}");
        let values = fixture.numbers(&format!("{name}/value"));
        let changes: Vec<Change> = values.chunks(values.len() / 3).map(single).collect();
        let matrices: Vec<f64> = changes
            .iter()
            .flat_map(|change| match GEOMETRY.iter().any(|(known, _)| known == name) {
                true => change.geometry.inverse().concat(),
                false => change.colour.matrix()[..3].concat(),
            })
            .collect();
        let wanted = fixture.get(&format!("{name}/matrix"));
        let matrices = Tensor::from_vec(matrices, wanted.shape(), &device()).unwrap();
        assert_close(&matrices, &wanted, Tol { rel: 1e-5, abs: 1e-6 });
        // The two rotations were made in one pass: only their matrices stand alone.
        if !name.starts_with("rotation") {
            let draws = AdaDraws { pipe: Pipe::BGC, changes, noise: Vec::new() };
            let out = draws.apply(&fixture.get(&format!("{name}/images"))).unwrap();
            assert_close(&out, &fixture.get(&format!("{name}/out")), NEAR);
        }
    }
}

#[test]
fn the_bands_are_those_of_the_program_and_add_up_to_the_image() {
    let bank = filter::bank();
    let flat = Tensor::new(bank.concat(), &device()).unwrap().reshape((4, 43)).unwrap();
    assert_close(&flat, &Fixture::open().get("bank"), Tol { rel: 1e-6, abs: 1e-7 });
    for tap in 0..43 {
        let sum: f64 = bank.iter().map(|filter| filter[tap]).sum();
        assert!((sum - f64::from(u8::from(tap == 21))).abs() < 1e-10, "{tap}: {sum}");
    }
}

/// What is not moved comes out of both resamplings as it went in.
#[test]
fn an_image_that_is_not_moved_is_not_changed() {
    let images = Fixture::open().get("geom/images");
    let out = warp::warp(&images, &vec![Geometry::NONE.inverse(); 4]).unwrap();
    assert_close(&out, &images, Tol { rel: 1e-9, abs: 1e-9 });
}
