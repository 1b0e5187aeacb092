//! Files of every kind that is read against the pixels that PIL makes of them: `fixtures/decode/gen.py`.
#![allow(clippy::unwrap_used)]

use std::io::Read;

use flate2::read::ZlibDecoder;
use ganymede_files::{DecodeOptions, Frame, decode_bytes};

/// The mean and the largest difference that lossy codecs may have, in grey levels. The pictures have saturated
/// colours and hard edges; photographs are nearer.
const NEAR: (f64, u8) = (0.5, 4);

struct Case {
    name: String,
    expected: String,
    file: Vec<u8>,
    size: (u32, u32),
    /// 1 where all pixels are grey to PIL.
    channels: usize,
    /// PIL's, three for each pixel.
    rgb: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let packed = include_bytes!("../fixtures/decode/cases.z");
    let mut bytes = Vec::new();
    ZlibDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (index, files) = bytes[8..].split_at(number(0));
    let (mut files, pixels) = files.split_at(number(4));
    let case = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [len, width, height, channels, place] =
            [2, 3, 4, 5, 6].map(|i| fields[i].parse::<usize>().unwrap());
        let (file, rest) = files.split_at(len);
        files = rest;
        let levels = &pixels[place..][..width * height * channels];
        let rgb =
            levels.iter().flat_map(|&level| std::iter::repeat_n(level, if channels == 1 { 3 } else { 1 }));
        Case {
            name: fields[0].into(),
            expected: fields[1].into(),
            file: file.to_vec(),
            size: (width as u32, height as u32),
            channels,
            rgb: rgb.collect(),
        }
    };
    std::str::from_utf8(index).unwrap().lines().map(case).collect()
}

fn rgb(frame: &Frame) -> Vec<u8> {
    let repeated = 3 / frame.channels();
    frame.interleaved().iter().flat_map(|&level| std::iter::repeat_n(level, repeated)).collect()
}

/// Why a case is not as expected.
fn fault(case: &Case) -> Option<String> {
    let decoded = decode_bytes(&case.file, &DecodeOptions::pil());
    let frame = match (decoded, case.expected.strip_prefix("no: ")) {
        (Err(error), Some(words)) if error.to_string().contains(words) => return None,
        (Err(error), _) => return Some(format!("refused: {error}")),
        (Ok(decoded), Some(_)) => return Some(format!("decoded: {:?}", decoded.frame.size())),
        (Ok(decoded), None) => decoded.frame,
    };
    if frame.size() != case.size {
        return Some(format!("{:?} instead of {:?}", frame.size(), case.size));
    }
    if case.expected == "equal" && frame.channels() != case.channels {
        return Some(format!("{} channels instead of {}", frame.channels(), case.channels));
    }
    let apart: Vec<u8> = rgb(&frame).iter().zip(&case.rgb).map(|(a, b)| a.abs_diff(*b)).collect();
    let mean = apart.iter().map(|&levels| f64::from(levels)).sum::<f64>() / apart.len() as f64;
    let most = apart.into_iter().max().unwrap();
    let (mean_limit, limit) = if case.expected == "near" { NEAR } else { (0.0, 0) };
    (mean > mean_limit || most > limit).then(|| format!("{mean:.3} apart in the mean, {most} at most"))
}

#[test]
fn every_file_is_as_pil_decodes_it_or_refused_by_its_true_reason() {
    let cases = cases();
    assert!(cases.len() > 600);
    let faults: Vec<String> = cases
        .iter()
        .filter_map(|case| fault(case).map(|fault| format!("{} ({}): {fault}", case.name, case.expected)))
        .collect();
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), cases.len(), faults.join("\n"));
}
