//! Numbers of the reference programs on the portable generator.

use ganymede_metrics::{
    Ddof, FeatureStats, KidSubset, Split, frechet_distance_rows, frechet_distance_stats, inception_score,
    kid, kid_all, kid_blocks, vendi_score,
};

use crate::support::{assert_relative, portable_fake, portable_real};

const TOLERANCE: f64 = 1e-9;

#[test]
fn the_generator_is_the_one_meant() {
    let (real, fake) = (portable_real(), portable_fake());
    assert_eq!(real[(0, 0)], -0.03616060177187541);
    assert_eq!(real[(199, 15)], 0.2636566382180132);
    assert_relative(fake[(0, 0)], 0.7429854839685022, 1e-15);
    assert_relative(fake[(159, 15)], 0.6441085587291344, 1e-15);
}

#[test]
fn frechet_distance_with_n_and_n_minus_1() {
    let (real, fake) = (portable_real(), portable_fake());
    let wanted = [(Ddof::Sample, 0.7647148503929113), (Ddof::Population, 0.7635807673235231)];
    for (ddof, wanted) in wanted {
        assert_relative(frechet_distance_rows(&real, &fake, ddof).unwrap().distance, wanted, TOLERANCE);
        let stats = [&real, &fake].map(|rows| {
            let mut stats = FeatureStats::new(16).unwrap();
            rows.axis_chunks_iter(ndarray::Axis(0), 7).for_each(|chunk| stats.push(chunk).unwrap());
            stats
        });
        let found = frechet_distance_stats(&stats[0], &stats[1], ddof).unwrap();
        assert_relative(found.distance, wanted, TOLERANCE);
    }
}

#[test]
fn the_two_dimensional_toy_of_compare_gan() {
    let rows = |a: [f64; 2], b: [f64; 2]| {
        ndarray::Array2::from_shape_fn((100, 2), |(i, j)| if i < 50 { a[j] } else { b[j] })
    };
    let (real, fake) = (rows([2.0, 1.0], [1.0, 1.0]), rows([9.0, 9.0], [2.0, 9.0]));
    let found = frechet_distance_rows(&real, &fake, Ddof::Sample).unwrap();
    assert_relative(found.distance, 89.09090909090908, TOLERANCE);
}

#[test]
fn kernel_distances() {
    let (real, fake) = (portable_real(), portable_fake());
    assert_relative(kid_all(&real, &fake).unwrap(), 0.05893316341349086, TOLERANCE);
    let first = KidSubset { real: (0..160).collect(), fake: (0..160).collect() };
    assert_relative(kid(&real, &fake, &[first]).unwrap().mean, 0.05806886563555658, TOLERANCE);
    let blocks = kid_blocks(&real, &fake, 64).unwrap();
    assert_eq!(blocks.values.len(), 4);
    assert_relative(blocks.mean, 0.05948441437670593, TOLERANCE);
    // The reference's deviation is of the population: √(Σ(e − ē)²/B)/√B.
    let population = blocks.std_error * (3.0_f64 / 4.0).sqrt();
    assert_relative(population, 0.003364286974036484, TOLERANCE);
}

#[test]
fn inception_scores() {
    let logits = portable_fake() * 3.0;
    let cases = [
        (Split::Even(10), 1.8244811510252312, 0.13217082418713608, Some(0.13932028155100765)),
        (Split::Even(1), 1.9412588496974317, 0.0, None),
        (Split::Even(7), 1.8725503335161984, 0.09915820208452274, Some(0.1071030993050196)),
        (Split::Floor(7), 1.876114735211857, 0.09508855078212837, Some(0.10270737350106031)),
    ];
    for (split, mean, std, std_sample) in cases {
        let found = inception_score(&logits, None, split, Ddof::Population).unwrap();
        assert_relative(found.mean, mean, TOLERANCE);
        assert!((found.std - std).abs() <= TOLERANCE * std, "{}", found.std);
        let found = inception_score(&logits, None, split, Ddof::Sample).unwrap();
        match std_sample {
            Some(std) => assert_relative(found.std, std, TOLERANCE),
            None => assert!(found.std.is_nan()),
        }
    }
}

#[test]
fn vendi() {
    assert_relative(vendi_score(&portable_fake()).unwrap(), 14.780990162440839, TOLERANCE);
}
