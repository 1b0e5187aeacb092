//! From a seed to an input, the same for the same numbers.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::corpus::Corpus;
use crate::repack;
use crate::targets::{Shape, Target};

/// Inputs are not made longer than this.
const MAX_INPUT: usize = 256 << 10;

/// Words that formats are made of, and numbers at which programs turn.
const WORDS: &[&[u8]] = &[
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x80",
    b"\xff\xff\xff\x7f",
    b"\x00\x00\x01\x00",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"NaN",
    b"-1",
    b"0",
    b"1e308",
    b"18446744073709551615",
    b"9223372036854775807",
    b"4294967296",
    b"(3L,)",
    b"()",
    b"'descr'",
    b"|O",
    b">f8",
    b"IHDR",
    b"IDAT",
    b"tRNS",
    b"eXIf",
    b"\xff\xd8",
    b"\xff\xda",
    b"\xff\xc2",
    b"II*\x00",
    b"VP8L",
    b"ANMF",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"\x80\x02",
    b"\x94",
    b"(",
    b"t",
    b"R",
    b"q\x00",
    b"h\x00",
    b"Q",
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"=",
    b"\"",
    b"\n",
    b"\\u0000",
    b"penalty",
    b"kind",
];
/// Numbers in texts.
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "255",
    "65536",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "1e30",
    "-1e-300",
    "0.5",
    "nan",
    "inf",
    "1000000",
    "16777216",
];

/// Makes inputs of a corpus.
pub struct Mutator<'a> {
    corpus: &'a Corpus,
    shape: Shape,
    seed: u64,
}

impl<'a> Mutator<'a> {
    /// Of one target; other seeds give other inputs.
    pub fn new(target: &Target, corpus: &'a Corpus, seed: u64) -> Self {
        Self { corpus, shape: target.shape, seed }
    }

    /// The input of that number.
    pub fn input(&self, number: u64) -> Vec<u8> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(number);
        let start = self.pick(&mut rng).clone();
        // One in four is changed as it lies, so that frames themselves are tried, too.
        let changed = if rng.random_range(0..4) > 0 { self.inside(&start, &mut rng) } else { None };
        let mut input = changed.unwrap_or_else(|| self.several(&start, &mut rng));
        input.truncate(MAX_INPUT);
        input
    }

    fn pick(&self, rng: &mut ChaCha8Rng) -> &Vec<u8> {
        &self.corpus.seeds[rng.random_range(0..self.corpus.seeds.len())]
    }

    /// What lies within the frame of the format, changed; the frame is made to fit it.
    fn inside(&self, start: &[u8], rng: &mut ChaCha8Rng) -> Option<Vec<u8>> {
        let change = &mut |bytes: &[u8], rng: &mut ChaCha8Rng| self.several(bytes, rng);
        match self.shape {
            Shape::Bytes | Shape::Text => None,
            Shape::Zip => repack::zip(start, rng, change),
            Shape::Png => repack::png(start, rng, change),
            Shape::Safetensors => repack::safetensors(start, rng, change),
            Shape::Tar => repack::gzip(start, rng, &mut |bytes, rng| repack::tar(&self.several(bytes, rng))),
            Shape::Gzip => repack::gzip(start, rng, change),
            Shape::Records => repack::records(start, rng, change),
        }
    }

    /// A few changes, mostly one.
    fn several(&self, bytes: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let mut more = true;
        while more {
            self.once(&mut bytes, rng);
            more = bytes.len() < MAX_INPUT && rng.random_range(0..5) < 3;
        }
        bytes
    }

    fn once(&self, bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
        if bytes.is_empty() {
            bytes.extend_from_slice(WORDS[rng.random_range(0..WORDS.len())]);
            return;
        }
        let at = rng.random_range(0..bytes.len());
        match rng.random_range(0..12) {
            0 | 1 => bytes[at] ^= 1 << rng.random_range(0..8),
            2 => bytes[at] = rng.random(),
            3 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][rng.random_range(0..5)],
            4 | 5 => number(bytes, at, rng),
            6 => drop(bytes.drain(at..(at + length(rng)).min(bytes.len()))),
            7 => {
                let piece = bytes[at..(at + length(rng)).min(bytes.len())].to_vec();
                let to = rng.random_range(0..=bytes.len());
                bytes.splice(to..to, piece);
            }
            8 => {
                let word = WORDS[rng.random_range(0..WORDS.len())];
                let over = if rng.random() { at..at } else { at..(at + word.len()).min(bytes.len()) };
                bytes.splice(over, word.iter().copied());
            }
            9 => {
                let other = self.pick(rng);
                let from = rng.random_range(0..other.len().max(1)).min(other.len());
                let piece = &other[from..(from + 4 * length(rng)).min(other.len())];
                bytes.splice(at..(at + piece.len()).min(bytes.len()), piece.iter().copied());
            }
            10 if rng.random_range(0..4) == 0 => bytes.truncate(at),
            _ => text_number(bytes, at, rng),
        }
    }
}

/// Mostly short.
fn length(rng: &mut ChaCha8Rng) -> usize {
    let most = [2, 8, 32, 256][rng.random_range(0..4)];
    rng.random_range(1..=most)
}

/// A number at which programs turn, in either byte order.
fn number(bytes: &mut [u8], at: usize, rng: &mut ChaCha8Rng) {
    let values = [
        0u64,
        1,
        2,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0x8000,
        0xffff,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_ffff,
        u64::MAX,
    ];
    let value = values[rng.random_range(0..values.len())];
    let width = [2, 4, 8][rng.random_range(0..3)].min(bytes.len() - at);
    let (little, big) = (value.to_le_bytes(), value.to_be_bytes());
    let from = if rng.random() { &little[..width] } else { &big[8 - width..] };
    bytes[at..at + width].copy_from_slice(from);
}

/// The next number in a text becomes another.
fn text_number(bytes: &mut Vec<u8>, at: usize, rng: &mut ChaCha8Rng) {
    let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit).map(|i| at + i) else {
        bytes[at] = bytes[at].wrapping_add(1);
        return;
    };
    let end = bytes[start..].iter().position(|b| !b.is_ascii_digit()).map_or(bytes.len(), |i| start + i);
    let number = NUMBERS[rng.random_range(0..NUMBERS.len())];
    bytes.splice(start..end, number.bytes());
}
