//! Which blocks a network has at a resolution.

use serde::{Deserialize, Serialize};

use crate::io::Io;
use crate::spec::{Problem, Size};

use super::NAME;
use crate::layers::attention::SelfAttention2d;

/// Which blocks a network has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayoutKind {
    /// Those of SNGAN, torch-mimicry and SAGAN.
    #[default]
    Sngan,
    /// Those of BigGAN.
    Biggan,
}

impl LayoutKind {
    /// The blocks for such data.
    pub(super) fn of(self, io: &Io) -> Option<&'static Layout> {
        let (_, side) = io.square()?;
        self.all().iter().find(|layout| layout.side == side)
    }

    pub(super) fn all(self) -> &'static [Layout] {
        match self {
            Self::Sngan => LAYOUTS,
            Self::Biggan => BIGGAN_LAYOUTS,
        }
    }
}

/// The blocks of both networks at one resolution. Channels are the width over a divisor.
pub(super) struct Layout {
    pub(super) side: usize,
    /// The side that the generator begins at.
    pub(super) bottom: usize,
    generator: &'static [usize],
    discriminator: &'static [usize],
    /// Blocks of the discriminator that halve; those after them do not.
    halvings: usize,
    /// Whether the discriminator's blocks are as wide inside as behind.
    wide: bool,
    /// The published widths.
    widths: [usize; 2],
}

const LAYOUTS: &[Layout] = &[
    Layout {
        side: 32,
        bottom: 4,
        generator: &[1, 1, 1, 1],
        discriminator: &[1, 1, 1, 1],
        halvings: 2,
        wide: false,
        widths: [256, 128],
    },
    Layout {
        side: 48,
        bottom: 6,
        generator: &[1, 2, 4, 8],
        discriminator: &[16, 8, 4, 2, 1],
        halvings: 4,
        wide: false,
        widths: [512, 1024],
    },
    Layout {
        side: 64,
        bottom: 4,
        generator: &[1, 2, 4, 8, 16],
        discriminator: &[16, 8, 4, 2, 1],
        halvings: 5,
        wide: false,
        widths: [1024, 1024],
    },
    Layout {
        side: 128,
        bottom: 4,
        generator: &[1, 1, 2, 4, 8, 16],
        discriminator: &[16, 8, 4, 2, 1, 1],
        halvings: 5,
        wide: false,
        widths: [1024, 1024],
    },
];

const BIGGAN_LAYOUTS: &[Layout] = &[
    Layout {
        side: 32,
        bottom: 4,
        generator: &[1, 1, 1, 1],
        discriminator: &[1, 1, 1, 1],
        halvings: 2,
        wide: true,
        widths: [256, 256],
    },
    Layout {
        side: 64,
        bottom: 4,
        generator: &[1, 1, 2, 4, 8],
        discriminator: &[16, 8, 4, 2, 1],
        halvings: 4,
        wide: true,
        widths: [1024, 1024],
    },
    Layout {
        side: 128,
        bottom: 4,
        generator: &[1, 1, 2, 4, 8, 16],
        discriminator: &[16, 8, 4, 2, 1, 1],
        halvings: 5,
        wide: true,
        widths: [1536, 1536],
    },
];

/// A block from one feature map to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) from: usize,
    /// Channels between both convolutions.
    pub(super) inner: usize,
    pub(super) to: usize,
    /// The side of the map that goes in, and of the one that comes out.
    pub(super) sides: [usize; 2],
    /// Whether attention follows.
    pub(super) attends: bool,
}

/// The network that a layout is asked for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Role {
    Generator,
    Discriminator,
}

impl Layout {
    fn divisors(&self, role: Role) -> &'static [usize] {
        if role == Role::Generator { self.generator } else { self.discriminator }
    }

    pub(super) fn usual_width(&self, role: Role) -> usize {
        self.widths[usize::from(role == Role::Discriminator)]
    }

    /// Channels of the generator's maps.
    pub(super) fn generator_channels(&self, width: usize) -> Vec<usize> {
        self.generator.iter().map(|divisor| width / divisor).collect()
    }

    /// The generator's blocks, attention after the one that reaches a side of `attention`.
    pub(super) fn up(&self, width: usize, attention: &[usize]) -> Vec<Step> {
        let pairs = self.generator.windows(2).enumerate();
        let step = |(i, pair): (usize, &[usize])| {
            let side = self.bottom << i;
            let sides = [side, 2 * side];
            let (from, to) = (width / pair[0], width / pair[1]);
            Step { from, inner: to, to, sides, attends: attention.contains(&sides[1]) }
        };
        pairs.map(step).collect()
    }

    /// The discriminator's blocks; attention after the first one of a side of `attention`.
    pub(super) fn down(&self, channels: usize, width: usize, attention: &[usize]) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for (i, divisor) in self.discriminator.iter().enumerate() {
            let (from, side) = steps.last().map_or((channels, self.side), |last| (last.to, last.sides[1]));
            let sides = [side, if i < self.halvings { side / 2 } else { side }];
            let attends = attention.contains(&sides[1]) && sides[0] != sides[1];
            let to = width / divisor;
            // SNGAN's blocks behind the first keep their channels in the first convolution.
            let inner = if i == 0 || self.wide { to } else { from };
            steps.push(Step { from, inner, to, sides, attends });
        }
        steps
    }
}

/// What keeps a network of the family from the data.
pub(super) fn fits(
    io: &Io,
    kind: LayoutKind,
    width: Option<usize>,
    attention: &[usize],
    role: Role,
) -> Vec<Problem> {
    let layout = match (kind.of(io), io.square()) {
        (Some(layout), Some((1.., _))) => layout,
        _ => {
            let sides: Vec<String> = kind.all().iter().map(|layout| layout.side.to_string()).collect();
            let sides = sides.join(", ");
            let fix =
                format!("square images with one of these sides: {sides} (28×28 images are padded to 32)");
            return vec![Problem::new(NAME, format!("samples of shape {:?}", io.sample), fix)];
        }
    };
    let width = width.unwrap_or(layout.usual_width(role));
    let divisor = layout.divisors(role).iter().copied().max().unwrap_or(1);
    let mut problems = Vec::new();
    if !width.is_multiple_of(divisor) {
        let fix = format!("a multiple of {divisor} at {} pixels", layout.side);
        problems.push(Problem::new("width", width, fix));
        return problems;
    }
    let steps = match role {
        Role::Generator => layout.up(width, attention),
        Role::Discriminator => layout.down(1, width, attention),
    };
    // Where attention can be: a map that a block ends at for the first time.
    let places: Vec<&Step> = steps.iter().filter(|step| step.sides[0] != step.sides[1]).collect();
    for side in attention {
        let Some(step) = places.iter().find(|step| step.sides[1] == *side && side % 2 == 0) else {
            let sides: Vec<String> = places
                .iter()
                .map(|step| step.sides[1])
                .filter(|side| side % 2 == 0)
                .map(|side| side.to_string())
                .collect();
            problems.push(Problem::new(
                "attention",
                side,
                format!("sides of feature maps: {}", sides.join(", ")),
            ));
            continue;
        };
        if !step.to.is_multiple_of(8) {
            let fix = format!("attention at {side} needs channels that 8 divides, and has {}", step.to);
            problems.push(Problem::new("width", width, fix));
        }
    }
    problems
}

/// How large the blocks are, with attention; the ends come on top.
pub(super) fn size_of_blocks(steps: &[Step]) -> Size {
    let mut size = Size::default();
    for step in steps {
        let [before, after] = step.sides.map(|side| (side * side) as u128);
        let (from, inner, to) = (step.from as u128, step.inner as u128, step.to as u128);
        // Before and after each of both convolutions, and the sum.
        let large = before.max(after);
        size.activations = size.activations.max(from.max(to) * large);
        size.held += from * before + (from + inner + 2 * to) * large;
        // A shortcut where the shape changes; the first block always has one, and changes it.
        let shortcut = (before != after || from != to).then_some(from * to);
        // The shortcut's convolution is made where the map is smaller; each of them has a bias.
        size = size
            .with_products([(9 * from * inner, large), (9 * inner * to, large)])
            .with_products(shortcut.map(|weights| (weights, before.min(after))))
            .with_vectors(inner + to + if shortcut.is_some() { to } else { 0 });
        if step.attends {
            size.activations = size.activations.max(after * after / 4);
            size.held += after * after / 2 + 3 * to * after;
            size = size
                .with_products(SelfAttention2d::weights(step.to).map(|weights| (weights, after)))
                .with_vectors(1);
            size.products += SelfAttention2d::products_between(step.to, after);
        }
    }
    size
}
