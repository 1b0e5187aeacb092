//! For tests: files made on the spot, a web server, and a disk that is soon full.
#![expect(clippy::unwrap_used, reason = "only tests call this, and a panic is how they fail")]

mod archives;
mod small_disk;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Cursor, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use image::codecs::pnm::{PnmEncoder, PnmSubtype, SampleEncoding};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

pub use archives::{deflate, tar, tar_entry, zip};
pub use small_disk::{fill_but, on_small_disk};

/// A picture in which every pixel differs from its neighbours and which no symmetry maps to itself.
pub fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let ramp = |value: u32, size: u32| (value * 255 / size.max(2).saturating_sub(1)) as u8;
        Rgb([ramp(x, width), ramp(y, height), ((x * 7 + y * 13) % 256) as u8])
    })
}

/// An image, encoded.
pub fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    if format == ImageFormat::Pnm {
        // Left to itself the encoder writes a PAM, which PIL does not read.
        let binary = SampleEncoding::Binary;
        let kind =
            if image.color().has_color() { PnmSubtype::Pixmap(binary) } else { PnmSubtype::Graymap(binary) };
        image.write_with_encoder(PnmEncoder::new(&mut bytes).with_subtype(kind)).unwrap();
        return bytes.into_inner();
    }
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// [`picture`], encoded.
pub fn encoded_picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    encode(&DynamicImage::ImageRgb8(picture(width, height)), format)
}

/// Writes a file and the folders on the way to it.
pub fn put(dir: &Path, relative: &str, bytes: &[u8]) {
    let path = dir.join(relative);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// A PNG from its parts: what the header says need not be what the rows hold.
pub fn png(
    width: u32,
    height: u32,
    depth: u8,
    colour: u8,
    extra: &[(&[u8; 4], &[u8])],
    rows: &[u8],
) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8], data: &[u8]| {
        out.extend((data.len() as u32).to_be_bytes());
        out.extend(kind);
        out.extend(data);
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(data);
        out.extend(crc.sum().to_be_bytes());
    };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat();
    chunk(b"IHDR", &header);
    for (kind, data) in extra {
        chunk(*kind, data);
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(rows).unwrap();
    chunk(b"IDAT", &packed.finish().unwrap());
    chunk(b"IEND", &[]);
    out
}

/// `bytes`, gzipped.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// The message of an error, and that it names what it should.
#[track_caller]
pub fn assert_says<T: std::fmt::Debug, E: std::fmt::Display>(result: Result<T, E>, words: &[&str]) {
    let message = match result {
        Ok(value) => panic!("expected an error, got {value:?}"),
        Err(error) => error.to_string(),
    };
    for word in words {
        assert!(message.contains(word), "`{word}` is not in: {message}");
    }
}

/// How the server treats one address.
#[derive(Clone, Default)]
pub struct Served {
    /// The file.
    pub body: Vec<u8>,
    /// Break the connection after so many bytes of the body, [`Served::breaks`] times.
    pub break_after: Option<usize>,
    /// How often it still breaks.
    pub breaks: usize,
    /// Answer every request from the first byte.
    pub no_ranges: bool,
}

/// A web server on this machine for one test; it goes with the process.
pub struct Server {
    base: String,
    files: Arc<Mutex<HashMap<String, Served>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts it at a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let (files, requests) = (Arc::<Mutex<HashMap<_, _>>>::default(), Arc::<Mutex<Vec<_>>>::default());
        let server = Self { base, files: Arc::clone(&files), requests: Arc::clone(&requests) };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &files, &requests);
            }
        });
        server
    }

    /// Its address, with the slash.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Answers requests for `/name`.
    pub fn serve(&self, name: &str, served: Served) {
        self.files.lock().unwrap().insert(format!("/{name}"), served);
    }

    /// The requests since the last call: the path and the first byte asked for, or `-`.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

fn answer(mut stream: TcpStream, files: &Mutex<HashMap<String, Served>>, requests: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let path = lines.next().unwrap().unwrap().split(' ').nth(1).unwrap().to_owned();
    let mut start = None;
    for line in lines.map(Result::unwrap).take_while(|line| !line.is_empty()) {
        if let Some(range) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            start = range.trim_end_matches('-').parse::<usize>().ok();
        }
    }
    requests.lock().unwrap().push(format!("{path} {}", start.map_or("-".into(), |start| start.to_string())));
    let mut files = files.lock().unwrap();
    let head = |status: &str, more: String| format!("HTTP/1.1 {status}\r\nConnection: close\r\n{more}\r\n");
    let Some(served) = files.get_mut(&path) else {
        return stream.write_all(head("404 Not Found", "Content-Length: 0\r\n".into()).as_bytes()).unwrap();
    };
    let start = start.filter(|_| !served.no_ranges);
    let total = served.body.len();
    let (status, from) = match start {
        Some(start) if start >= total => ("416 Range Not Satisfiable", total),
        Some(start) => ("206 Partial Content", start),
        None => ("200 OK", 0),
    };
    let mut more = format!("Content-Length: {}\r\n", total - from);
    if status.starts_with("206") {
        more += &format!("Content-Range: bytes {from}-{}/{total}\r\n", total - 1);
    }
    stream.write_all(head(status, more).as_bytes()).unwrap();
    let mut body = &served.body[from..];
    if let Some(limit) = served.break_after.filter(|_| served.breaks > 0) {
        served.breaks -= 1;
        body = &body[..limit.min(body.len())];
    }
    // The client may have hung up on a body that it does not want.
    let _ = stream.write_all(body);
}
