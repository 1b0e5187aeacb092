//! What a JPEG is like, from its markers (ITU-T T.81, annex B), before it is decoded.

use jpeg_decoder::ColorTransform;

use crate::decode::{damaged, unsupported};

/// Second bytes of markers.
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const PROGRESSIVE: u8 = 0xc2;
const RESTARTS: std::ops::RangeInclusive<u8> = 0xd0..=0xd7;

/// More scans than any encoder makes; each costs a pass over all pixels.
const MOST_SCANS: usize = 100;
/// T.81, B.2.3.
const MOST_BLOCKS_A_UNIT: usize = 10;

/// 48 bits of one, stuffed: no code is all ones, and none with its number is longer than 27 bits.
///
/// Decoders read zeros where the data of a scan end too early, which are codes like any other. With these bits
/// before the marker they fail instead; where nothing is missing, they never look at them.
const ONES: [u8; 12] = [0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0];
/// The fast decoder has to have read the first marker of a progressive file when the first scan is done.
const FEW_ONES: usize = 4;

pub(super) struct Header<'a> {
    pub(super) frame: Frame,
    pub(super) adobe: Option<u8>,
    pub(super) exif: Option<&'a [u8]>,
    pub(super) scans: Vec<Scan>,
    /// The file up to its end, with ones before each marker that ends coded data.
    pub(super) padded: Vec<u8>,
    jfif: bool,
}

#[derive(Default)]
pub(super) struct Frame {
    pub(super) marker: u8,
    pub(super) bits: u8,
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) parts: Vec<Part>,
}

/// A component: its name, and its samples across and down a unit.
pub(super) struct Part {
    pub(super) id: u8,
    pub(super) across: u8,
    pub(super) down: u8,
}

pub(super) struct Scan {
    /// Indices of components.
    parts: Vec<usize>,
    /// Frequencies, in zigzag order.
    first: u8,
    last: u8,
    /// The lowest bit that is known after it.
    low: u8,
}

impl<'a> Header<'a> {
    /// # Errors
    /// When the markers do not lead to the end. Looking for the end marker's two bytes alone would find that of an
    /// embedded thumbnail.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let mut header = Self {
            frame: Frame::default(),
            adobe: None,
            exif: None,
            scans: Vec::new(),
            padded: Vec::with_capacity(bytes.len() + 1024),
            jfif: false,
        };
        let (mut at, mut copied, mut in_scan) = (2, 0, false);
        loop {
            let (start, code) = next_marker(bytes, at).ok_or_else(|| damaged("the JPEG has no end"))?;
            let marker = bytes[code];
            if in_scan {
                header.padded.extend_from_slice(&bytes[copied..start]);
                header.padded.extend_from_slice(header.ones());
                copied = start;
            }
            at = code + 1;
            if marker == END {
                header.padded.extend_from_slice(&bytes[copied..at]);
                return Ok(header);
            }
            if RESTARTS.contains(&marker) {
                continue;
            }
            let length =
                bytes.get(at..at + 2).map(|pair| usize::from(u16::from_be_bytes([pair[0], pair[1]])));
            let body = length.and_then(|length| bytes.get(at + 2..at + length.max(2)));
            let body = body.ok_or_else(|| damaged("the JPEG has no end"))?;
            header.take(marker, body)?;
            in_scan = marker == SCAN;
            at += 2 + body.len();
        }
    }

    fn ones(&self) -> &'static [u8] {
        let first = self.frame.is_progressive() && self.scans.len() == 1;
        if first { &ONES[..FEW_ONES] } else { &ONES }
    }

    fn take(&mut self, marker: u8, body: &'a [u8]) -> Result<(), String> {
        match marker {
            0xc0..=0xcf if ![0xc4, 0xc8, 0xcc].contains(&marker) => {
                if !self.frame.parts.is_empty() {
                    return Err(unsupported("a JPEG of several frames"));
                }
                self.frame =
                    Frame::parse(marker, body).ok_or_else(|| damaged("its frame header makes no sense"))?;
                self.frame.check()?;
            }
            SCAN if self.scans.len() == MOST_SCANS => {
                return Err(unsupported(format!("a JPEG of more than {MOST_SCANS} scans")));
            }
            SCAN => {
                let scan = Scan::parse(body, &self.frame.parts)
                    .ok_or_else(|| damaged("a scan header makes no sense"))?;
                self.scans.push(scan);
            }
            0xe0 if body.len() >= 12 && body.starts_with(b"JFIF\0") => self.jfif = true,
            0xe1 if body.starts_with(b"Exif\0\0") && self.exif.is_none() => self.exif = Some(&body[6..]),
            0xee if body.len() >= 12 && body.starts_with(b"Adobe") => self.adobe = Some(body[11]),
            _ => {}
        }
        Ok(())
    }

    /// Of which colours its components are, decided as libjpeg does.
    pub(super) fn colours(&self) -> ColorTransform {
        let ids: Vec<u8> = self.frame.parts.iter().map(|part| part.id).collect();
        match (ids.len(), self.adobe) {
            (1, _) => ColorTransform::Grayscale,
            (4, None | Some(0)) => ColorTransform::CMYK,
            (4, Some(_)) => ColorTransform::YCCK,
            (_, Some(0)) if !self.jfif => ColorTransform::RGB,
            (_, None) if !self.jfif && ids == b"RGB" => ColorTransform::RGB,
            _ => ColorTransform::YCbCr,
        }
    }

    /// Whether all of the image is there, and of a kind that a decoder is right about.
    pub(super) fn check(&self) -> Result<(), String> {
        let (across, down) = self.frame.most();
        for scan in self.scans.iter().filter(|scan| scan.parts.len() > 1) {
            let blocks = scan.parts.iter().map(|&i| &self.frame.parts[i]);
            let blocks: usize = blocks.map(|part| usize::from(part.across) * usize::from(part.down)).sum();
            if blocks > MOST_BLOCKS_A_UNIT {
                return Err(unsupported(format!("a JPEG of {blocks} blocks a unit")));
            }
        }
        for (i, part) in self.frame.parts.iter().enumerate() {
            if across % part.across != 0 || down % part.down != 0 {
                return Err(unsupported(
                    "a JPEG whose colours are stored at two thirds of the size, or the like",
                ));
            }
            if part.across * 2 == across && (2..=4).contains(&self.frame.width) {
                return Err(unsupported("a JPEG of 2 to 4 pixels across with half the colours"));
            }
            if !self.is_whole(i) {
                return Err(damaged("a scan of the JPEG is missing"));
            }
        }
        Ok(())
    }

    fn is_whole(&self, part: usize) -> bool {
        let mut known = [false; 64];
        for scan in self.scans.iter().filter(|scan| scan.parts.contains(&part) && scan.low == 0) {
            known[usize::from(scan.first)..=usize::from(scan.last)].fill(true);
        }
        known.iter().all(|&known| known)
    }

    /// Refuses scans of one component whose blocks the thorough decoder miscounts.
    pub(super) fn check_uneven(&self) -> Result<(), String> {
        let (across, down) = self.frame.most();
        let alone = self.scans.iter().filter(|scan| scan.parts.len() == 1);
        let uneven =
            |part: &Part| (part.across > 1 && part.across < across) || (part.down > 1 && part.down < down);
        if alone.map(|scan| &self.frame.parts[scan.parts[0]]).any(uneven) {
            return Err(unsupported("a JPEG of several scans with three sizes of components"));
        }
        Ok(())
    }
}

impl Frame {
    fn parse(marker: u8, body: &[u8]) -> Option<Self> {
        let &[bits, a, b, c, d, count, ref parts @ ..] = body else { return None };
        if parts.len() != 3 * usize::from(count) {
            return None;
        }
        let part = |part: &[u8]| Part { id: part[0], across: part[1] >> 4, down: part[1] & 15 };
        let parts: Vec<Part> = parts.chunks_exact(3).map(part).collect();
        let sampled = parts.iter().all(|part| (1..5).contains(&part.across) && (1..5).contains(&part.down));
        let (height, width) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        sampled.then_some(Self { marker, bits, width, height, parts })
    }

    fn check(&self) -> Result<(), String> {
        let kind = match self.marker {
            0xc3 => "that is lossless",
            0xc5..=0xc7 | 0xcd..=0xcf => "that is hierarchical",
            0xc9..=0xcb => "with arithmetic coding",
            _ if self.height == 0 => "whose height stands behind its pixels",
            _ if self.bits != 8 => "of 12 bits a channel",
            _ if ![1, 3, 4].contains(&self.parts.len()) => "of other than 1, 3 or 4 channels",
            _ => return Ok(()),
        };
        Err(unsupported(format!("a JPEG {kind}: save it as an ordinary JPEG or as PNG")))
    }

    pub(super) fn is_progressive(&self) -> bool {
        self.marker == PROGRESSIVE
    }

    /// The most samples across and down.
    pub(super) fn most(&self) -> (u8, u8) {
        let most = |samples: fn(&Part) -> u8| self.parts.iter().map(samples).max().unwrap_or(1);
        (most(|part| part.across), most(|part| part.down))
    }
}

impl Scan {
    fn parse(body: &[u8], known: &[Part]) -> Option<Self> {
        let (&count, rest) = body.split_first()?;
        let count = usize::from(count);
        if !(1..=4).contains(&count) || rest.len() != 2 * count + 3 {
            return None;
        }
        let (ids, last) = rest.split_at(2 * count);
        let index = |id: &[u8]| known.iter().position(|part| part.id == id[0]);
        let parts = ids.chunks_exact(2).map(index).collect::<Option<Vec<usize>>>()?;
        let (first, last, low) = (last[0], last[1], last[2] & 15);
        (first <= last && last < 64).then_some(Self { parts, first, last, low })
    }
}

/// Where the next marker begins, fill bytes included, and where its second byte is.
///
/// In coded data 0xff is followed by 0, a stuffed byte.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    loop {
        let start = at + bytes.get(at..)?.iter().position(|&byte| byte == 0xff)?;
        let code = start + bytes[start..].iter().position(|&byte| byte != 0xff)?;
        if bytes[code] != 0 {
            return Some((start, code));
        }
        at = code + 1;
    }
}
