//! The rows of each benchmark. A new row is a new line here; a new recipe also needs its network on both sides.

use super::args::Benchmark;
use super::case::{Case, Conv, MetricKind, PenaltyKind, Recipe, UpdateRule};
use super::cures;

pub(crate) fn rows(benchmark: Benchmark) -> Vec<Case> {
    match benchmark {
        Benchmark::Conv => conv(),
        Benchmark::Step => Recipe::ALL.map(|recipe| Case::Step { recipe, batch: recipe.batch() }).to_vec(),
        Benchmark::Grad2 => [PenaltyKind::WganGp, PenaltyKind::R1]
            .map(|penalty| Case::Penalty { penalty, batch: 64 })
            .to_vec(),
        Benchmark::Update => update(),
        Benchmark::Metrics => vec![
            Case::Metric(MetricKind::Frechet { dim: 2048 }),
            Case::Metric(MetricKind::Prdc { rows: 20_000, dim: 2048 }),
            Case::Metric(MetricKind::Dinov2 { images: 50 }),
        ],
        Benchmark::Cures => cures::rows(),
        Benchmark::Monitor => [("quickstart", 64), ("ring-r1", RING_BATCH)]
            .map(|(preset, batch)| Case::Watched { preset: preset.to_owned(), batch })
            .to_vec(),
    }
}

/// The row that needs the network's weights.
pub(crate) fn inception(weights: &str) -> Case {
    Case::Metric(MetricKind::Inception { weights: weights.to_owned(), images: 50 })
}

/// The batch of the preset `ring-r1`.
const RING_BATCH: usize = 256;

/// DCGAN's generator (100 → 4×4 → 64×64): few large tensors and many small ones.
const DCGAN: [usize; 13] = [
    100 * 512 * 16,
    512,
    512,
    512 * 256 * 16,
    256,
    256,
    256 * 128 * 16,
    128,
    128,
    128 * 64 * 16,
    64,
    64,
    64 * 3 * 16,
];

fn update() -> Vec<Case> {
    let rules = [UpdateRule::Adam, UpdateRule::Rmsprop, UpdateRule::Ema];
    let sizes = [DCGAN.to_vec(), vec![1_000_000; 25]];
    let all = rules.into_iter().flat_map(|rule| sizes.iter().map(move |lengths| (rule, lengths.clone())));
    all.map(|(rule, lengths)| Case::Update { rule, lengths }).collect()
}

/// Images a batch; Inception's are large.
const BATCH: usize = 16;

fn conv() -> Vec<Case> {
    // Channels, size, channels, kernel, stride, padding.
    let square: &[(&str, usize, usize, usize, usize, usize, usize)] = &[
        ("dcgan64", 3, 64, 64, 4, 2, 1),
        ("dcgan64", 64, 32, 128, 4, 2, 1),
        ("dcgan64", 128, 16, 256, 4, 2, 1),
        ("dcgan64", 256, 8, 512, 4, 2, 1),
        ("dcgan64", 512, 4, 1, 4, 1, 0),
        // The generator's first layer is this one's gradient in the image.
        ("dcgan64", 512, 4, 100, 4, 1, 0),
        ("sn-resnet32", 3, 32, 128, 3, 1, 1),
        ("sn-resnet32", 128, 32, 128, 3, 1, 1),
        ("sn-resnet32", 128, 8, 128, 3, 1, 1),
        ("sn-resnet32", 256, 32, 256, 3, 1, 1),
        ("sn-resnet32", 256, 16, 256, 3, 1, 1),
        ("sn-resnet32", 256, 32, 3, 3, 1, 1),
        ("sn-resnet32", 128, 16, 128, 1, 1, 0),
        ("sn-resnet64", 64, 64, 64, 3, 1, 1),
        ("sn-resnet64", 128, 32, 256, 3, 1, 1),
        ("sn-resnet64", 512, 8, 512, 3, 1, 1),
        ("sn-resnet64", 256, 16, 512, 1, 1, 0),
        ("pggan", 512, 16, 512, 3, 1, 1),
        ("pggan", 512, 32, 512, 3, 1, 1),
        ("pggan", 256, 64, 256, 3, 1, 1),
        ("inception", 3, 299, 32, 3, 2, 0),
        ("inception", 80, 73, 192, 3, 1, 0),
        ("inception", 192, 35, 64, 1, 1, 0),
        ("inception", 48, 35, 64, 5, 1, 2),
        ("inception", 64, 35, 96, 3, 1, 1),
        ("inception", 288, 35, 384, 3, 2, 0),
        ("inception", 768, 17, 192, 1, 1, 0),
    ];
    let batch = |network: &str| if network == "inception" { BATCH / 2 } else { BATCH };
    let squares = square.iter().map(|&(network, c, size, o, k, stride, p)| Conv {
        network: network.to_owned(),
        n: batch(network),
        c,
        size,
        o,
        kernel: [k, k],
        stride,
        padding: [p, p],
    });
    let flat = [[1, 7], [7, 1]].map(|kernel: [usize; 2]| Conv {
        network: "inception".to_owned(),
        n: batch("inception"),
        c: 192,
        size: 17,
        o: 192,
        kernel,
        stride: 1,
        padding: kernel.map(|k| k / 2),
    });
    squares.chain(flat).map(Case::Conv).collect()
}
