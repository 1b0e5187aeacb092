//! Pictures that follow one another in time.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use image::RgbImage;

use crate::drawing::{KEYWORD, TEXT};

/// How often the colours of a GIF's frame are looked at to choose its palette, from 1, the most, to 30.
const PALETTE_SPEED: i32 = 10;

/// The format of an animation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnimationKind {
    /// A PNG with several images: every colour, and in programs that know nothing of it the first frame.
    Apng,
    /// At most 256 colours a frame, chosen for each, and shown everywhere.
    Gif,
}

impl AnimationKind {
    /// What names of such files end in.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Apng => "png",
            Self::Gif => "gif",
        }
    }
}

impl fmt::Display for AnimationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Apng => "apng",
            Self::Gif => "gif",
        })
    }
}

impl FromStr for AnimationKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "apng" => Ok(Self::Apng),
            "gif" => Ok(Self::Gif),
            _ => Err("give apng or gif".to_owned()),
        }
    }
}

/// What an animation looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnimationConfig {
    /// The format.
    pub kind: AnimationKind,
    /// Width and height of every frame.
    pub size: (u32, u32),
    /// How many frames there will be.
    pub frames: u32,
    /// Frames a second, from 1 to 100. GIF counts hundredths of a second: it shows 24 a second as 25.
    pub fps: u16,
}

/// Writes an animation frame by frame, which is shown again and again. A PNG carries the mark of
/// [`encode_drawing`](crate::encode_drawing); no data set reads a GIF.
///
/// ```
/// use ganymede_files::{AnimationConfig, AnimationEncoder, AnimationKind};
/// let config = AnimationConfig { kind: AnimationKind::Apng, size: (2, 1), frames: 2, fps: 10 };
/// let mut bytes = Vec::new();
/// let mut encoder = AnimationEncoder::new(&mut bytes, config)?;
/// for grey in [0, 200] {
///     encoder.push(&image::RgbImage::from_pixel(2, 1, image::Rgb([grey; 3])))?;
/// }
/// encoder.finish()?;
/// assert!(ganymede_files::is_drawing(&bytes));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct AnimationEncoder<W: Write> {
    config: AnimationConfig,
    inner: Inner<W>,
    left: u32,
}

enum Inner<W: Write> {
    Apng(png::Writer<W>),
    Gif(gif::Encoder<W>),
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

fn of_png(error: png::EncodingError) -> io::Error {
    match error {
        png::EncodingError::IoError(error) => error,
        other => invalid(other.to_string()),
    }
}

fn of_gif(error: gif::EncodingError) -> io::Error {
    match error {
        gif::EncodingError::Io(error) => error,
        other => invalid(other.to_string()),
    }
}

impl<W: Write> AnimationEncoder<W> {
    /// Begins an animation.
    ///
    /// # Errors
    /// Nothing can be written; frames without pixels, or of more than 65,535 along a side; no frame; fps out of range.
    pub fn new(out: W, config: AnimationConfig) -> io::Result<Self> {
        let AnimationConfig { kind, size: (width, height), frames, fps } = config;
        let side = |side: u32| u16::try_from(side).ok().filter(|side| *side > 0);
        let (Some(w), Some(h)) = (side(width), side(height)) else {
            return Err(invalid(format!("an animation of {width}×{height} pixels: 1 to 65535 along a side")));
        };
        if frames == 0 || !(1..=100).contains(&fps) {
            return Err(invalid(format!(
                "an animation of {frames} frames, {fps} a second: 1 or more, 1 to 100"
            )));
        }
        let inner = match kind {
            AnimationKind::Apng => Inner::Apng(apng(out, config).map_err(of_png)?),
            AnimationKind::Gif => {
                let mut encoder = gif::Encoder::new(out, w, h, &[]).map_err(of_gif)?;
                encoder.set_repeat(gif::Repeat::Infinite).map_err(of_gif)?;
                Inner::Gif(encoder)
            }
        };
        Ok(Self { config, inner, left: frames })
    }

    /// Writes the next frame.
    ///
    /// # Errors
    /// It has another size, or is one too many; the disk is full.
    pub fn push(&mut self, picture: &RgbImage) -> io::Result<()> {
        if picture.dimensions() != self.config.size || self.left == 0 {
            let (found, size, left) = (picture.dimensions(), self.config.size, self.left);
            return Err(invalid(format!(
                "a frame of {found:?} pixels, where {left} of {size:?} are expected"
            )));
        }
        self.left -= 1;
        match &mut self.inner {
            Inner::Apng(writer) => writer.write_image_data(picture.as_raw()).map_err(of_png),
            Inner::Gif(encoder) => {
                let (width, height) = (picture.width() as u16, picture.height() as u16);
                let mut frame = gif::Frame::from_rgb_speed(width, height, picture.as_raw(), PALETTE_SPEED);
                frame.delay = (100 + self.config.fps / 2) / self.config.fps;
                encoder.write_frame(&frame).map_err(of_gif)
            }
        }
    }

    /// Writes the end.
    ///
    /// # Errors
    /// Frames are missing; the disk is full.
    pub fn finish(self) -> io::Result<()> {
        if self.left > 0 {
            return Err(invalid(format!("{} of {} frames are missing", self.left, self.config.frames)));
        }
        match self.inner {
            Inner::Apng(writer) => writer.finish().map_err(of_png),
            Inner::Gif(encoder) => encoder.into_inner().map_err(of_gif)?.flush(),
        }
    }
}

impl<W: Write> fmt::Debug for AnimationEncoder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnimationEncoder({:?}, {} frames left)", self.config, self.left)
    }
}

fn apng<W: Write>(out: W, config: AnimationConfig) -> Result<png::Writer<W>, png::EncodingError> {
    let (width, height) = config.size;
    let mut info = png::Info::with_size(width, height);
    info.color_type = png::ColorType::Rgb;
    info.bit_depth = png::BitDepth::Eight;
    let mut encoder = png::Encoder::with_info(out, info)?;
    // One frame is a still, which the format has no animation of.
    if config.frames > 1 {
        encoder.set_animated(config.frames, 0)?;
        encoder.set_frame_delay(1, config.fps)?;
    }
    encoder.add_text_chunk(KEYWORD.into(), TEXT.into())?;
    encoder.write_header()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::is_drawing;
    use crate::testing::picture;

    fn config(kind: AnimationKind, frames: u32) -> AnimationConfig {
        AnimationConfig { kind, size: (9, 5), frames, fps: 25 }
    }

    fn encoded(kind: AnimationKind, frames: &[RgbImage]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = AnimationEncoder::new(&mut bytes, config(kind, frames.len() as u32)).unwrap();
        frames.iter().for_each(|frame| encoder.push(frame).unwrap());
        encoder.finish().unwrap();
        bytes
    }

    /// Frames of few colours, which a GIF keeps.
    fn frames() -> [RgbImage; 3] {
        let grey = |level: u8| RgbImage::from_fn(9, 5, |x, y| image::Rgb([level + x as u8, level, y as u8]));
        [grey(0), grey(100), grey(200)]
    }

    #[test]
    fn an_apng_holds_its_frames_and_the_mark() {
        let bytes = encoded(AnimationKind::Apng, &frames());
        assert!(is_drawing(&bytes));
        assert_eq!(image::load_from_memory(&bytes).unwrap().to_rgb8(), frames()[0]);
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
        let about = *reader.info().animation_control().unwrap();
        assert_eq!((about.num_frames, about.num_plays), (3, 0));
        for frame in frames() {
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut pixels).unwrap();
            let shown = reader.info().frame_control().unwrap();
            assert_eq!((shown.delay_num, shown.delay_den), (1, 25));
            assert_eq!(&pixels, frame.as_raw());
        }
        // A single frame is a picture like any other.
        let one = encoded(AnimationKind::Apng, &[picture(9, 5)]);
        assert!(is_drawing(&one) && image::load_from_memory(&one).unwrap().to_rgb8() == picture(9, 5));
    }

    #[test]
    fn a_gif_holds_its_frames() {
        let bytes = encoded(AnimationKind::Gif, &frames());
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(&bytes[..]).unwrap();
        for frame in frames() {
            let read = decoder.read_next_frame().unwrap().unwrap();
            assert_eq!(read.delay, 4);
            let rgb: Vec<u8> = read.buffer.chunks_exact(4).flat_map(|pixel| pixel[..3].to_vec()).collect();
            assert_eq!(&rgb, frame.as_raw());
        }
        assert!(decoder.read_next_frame().unwrap().is_none());
        assert_eq!(decoder.repeat(), gif::Repeat::Infinite);
    }

    #[test]
    fn what_cannot_be_an_animation_is_refused() {
        for kind in [AnimationKind::Apng, AnimationKind::Gif] {
            let usual = config(kind, 2);
            for wrong in [
                AnimationConfig { size: (0, 5), ..usual },
                AnimationConfig { size: (9, 65_536), ..usual },
                AnimationConfig { frames: 0, ..usual },
                AnimationConfig { fps: 0, ..usual },
                AnimationConfig { fps: 101, ..usual },
            ] {
                assert!(AnimationEncoder::new(Vec::new(), wrong).is_err(), "{wrong:?}");
            }
            let mut encoder = AnimationEncoder::new(Vec::new(), usual).unwrap();
            assert!(encoder.push(&picture(5, 9)).is_err());
            encoder.push(&picture(9, 5)).unwrap();
            encoder.push(&picture(9, 5)).unwrap();
            assert!(encoder.push(&picture(9, 5)).is_err());
            let mut short = AnimationEncoder::new(Vec::new(), usual).unwrap();
            short.push(&picture(9, 5)).unwrap();
            assert!(short.finish().unwrap_err().to_string().contains("1 of 2 frames are missing"));
        }
        assert_eq!("gif".parse(), Ok(AnimationKind::Gif));
        assert!("webp".parse::<AnimationKind>().unwrap_err().contains("apng"));
    }
}
