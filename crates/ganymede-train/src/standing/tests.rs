#![allow(clippy::unwrap_used)]
use ganymede_models::{Condition, Generator, GeneratorConfig, Io};
use ganymede_tensor::{DType, Device, Rng, Tensor};

use super::*;

fn generator(norm: &str) -> Box<dyn Generator> {
    let text =
        format!("kind = \"dcgan\"\nwidth = 3\nz_dim = 5\nconditioning = \"concat\"\nnorm = \"{norm}\"");
    let config = GeneratorConfig::from_table(&text.parse().unwrap()).unwrap();
    config.build(&Io::with_classes([1, 16, 16], 3), Rng::new(1), DType::F32, &Device::Cpu).unwrap()
}

fn input(generator: &dyn Generator, n: usize) -> Fixed {
    let mut rng = Rng::new(2);
    let latents = generator.draw(n, &mut rng, &Device::Cpu).unwrap();
    Fixed::new(latents, Condition::Classes(rng.labels(n, 3, &Device::Cpu).unwrap()))
}

fn buffers(generator: &dyn Generator) -> Vec<Vec<f32>> {
    let numbers = |t: &Tensor| t.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    generator.params().buffers().iter().map(|buffer| numbers(&buffer.get())).collect()
}

#[test]
fn a_generator_has_its_own_statistics_again_afterwards() {
    for n in [10, 100] {
        let g = generator("batch");
        let input = input(g.as_ref(), n);
        let before = buffers(g.as_ref());
        let standing = Standing::new(g.as_ref(), &input, (3, 7), &mut || false).unwrap().unwrap();
        let during = buffers(g.as_ref());
        assert_ne!(during, before);
        drop(standing);
        assert_eq!(buffers(g.as_ref()), before);
        // A function of the seed.
        for (seed, same) in [(7, true), (8, false)] {
            let again = Standing::new(g.as_ref(), &input, (3, seed), &mut || false).unwrap();
            assert_eq!(buffers(g.as_ref()) == during, same);
            drop(again);
        }
    }
}

#[test]
fn nothing_stays_of_passes_that_are_stopped() {
    let g = generator("batch");
    let input = input(g.as_ref(), 10);
    let before = buffers(g.as_ref());
    let mut asked = 0;
    let mut stop = || {
        asked += 1;
        asked > 2
    };
    assert!(Standing::new(g.as_ref(), &input, (3, 7), &mut stop).unwrap().is_none());
    assert_eq!(buffers(g.as_ref()), before);
    // None are asked for, or nobody would use them.
    let none = generator("layer");
    for (g, passes) in [(&g, 0), (&none, 3)] {
        let before = buffers(g.as_ref());
        assert!(Standing::new(g.as_ref(), &input, (passes, 7), &mut || true).unwrap().is_some());
        assert_eq!(buffers(g.as_ref()), before);
    }
}
