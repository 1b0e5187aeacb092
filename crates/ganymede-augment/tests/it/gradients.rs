//! Gradients in the images, of both orders, against finite differences: a penalty differentiates in the images before they
//! are changed, through the changes.

use ganymede_augment::{AugmentConfig, Draws, NoiseDraws, Part, Pipe};
use ganymede_tensor::testing::{Order, device, gradcheck};
use ganymede_tensor::{DType, Result, Rng, Tensor};

/// Of the square of what comes out, so that there is a second derivative; the images are used twice.
fn check(draws: &Draws, shape: &[usize]) {
    let images = (Rng::new(8).normal(shape, DType::F64, &device()).unwrap() * 0.6).unwrap();
    let f = |x: &[Tensor]| -> Result<Tensor> {
        let changed = draws.apply(&x[0])?;
        changed.sqr()? + changed.mul(&x[0].sqr()?)?
    };
    for order in [Order::First, Order::Second] {
        gradcheck(f, std::slice::from_ref(&images), order).unwrap();
    }
}

#[test]
fn parts() {
    for (part, shape) in [
        (Part::Colour, [2, 3, 2, 3]),
        (Part::Translation, [2, 2, 4, 5]),
        (Part::Cutout, [2, 1, 4, 3]),
        (Part::Crop, [1, 2, 3, 4]),
    ] {
        println!("{part:?}");
        check(&Draws::parts(&[part], shape, &mut Rng::new(4)), &shape);
    }
    let shape = [1, 3, 4, 4];
    check(&Draws::parts(&Part::POLICY, shape, &mut Rng::new(5)), &shape);
}

#[test]
fn ada() {
    for (pipe, shape) in [
        ("blit", [2, 1, 4, 4]),
        ("geom", [1, 1, 5, 4]),
        ("color", [2, 3, 2, 2]),
        ("color", [2, 1, 2, 2]),
        ("noise", [2, 1, 2, 2]),
        ("cutout", [2, 1, 4, 4]),
        ("bgc", [1, 3, 4, 4]),
        ("bgc", [1, 1, 4, 4]),
    ] {
        println!("{pipe} {shape:?}");
        check(&Draws::ada(Pipe::named(pipe).unwrap(), 1.0, shape, &mut Rng::new(6)), &shape);
    }
}

/// Points and images, one of them and several; a batch of one in the middle of its diffusion.
#[test]
fn noise() {
    for shape in [&[3, 2][..], &[1, 2], &[2, 2, 2, 3]] {
        for text in ["[instance-noise]\nsigma = 0.4", "[diffusion]\nt_max = 5\nbeta_end = 0.9\nsigma = 0.6"] {
            println!("{shape:?} {text}");
            let config: AugmentConfig = toml::from_str::<toml::Table>(text).unwrap().try_into().unwrap();
            check(&config.draw(0.5, shape, &mut Rng::new(9)).unwrap(), shape);
        }
    }
    let draws = NoiseDraws { kept: vec![0.3], deviation: vec![2.0], noise: vec![-1.0, 0.5] };
    check(&Draws::Noise(draws), &[1, 2]);
}

/// Linear in the image: its gradient at fixed directions says all of it. The whole pipe, on the smallest image that its
/// filter takes.
#[test]
fn the_whole_pipe_along_directions() {
    let shape = [1, 1, 22, 22];
    let draws = Draws::ada(Pipe::named("bgcfnc").unwrap(), 1.0, shape, &mut Rng::new(7));
    let directions: Vec<Tensor> =
        (0..3).map(|i| Rng::new(20 + i).normal(&shape[..], DType::F64, &device()).unwrap()).collect();
    let f = |x: &[Tensor]| -> Result<Tensor> {
        let mut image = Tensor::zeros(&shape[..], DType::F64, &device())?;
        for (at, direction) in directions.iter().enumerate() {
            image = image.add(&direction.broadcast_mul(&x[0].narrow(0, at, 1)?.reshape((1, 1, 1, 1))?)?)?;
        }
        draws.apply(&image)?.sqr()?.mul(&image)
    };
    let at = Tensor::new(&[0.3f64, -0.5, 0.2], &device()).unwrap();
    for order in [Order::First, Order::Second] {
        gradcheck(f, std::slice::from_ref(&at), order).unwrap();
    }
}
