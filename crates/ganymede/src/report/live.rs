//! `train --live`: the page of a run, served while it trains.
//!
//! Whoever can reach the address may look, and nobody can do anything else: requests are answered from the files of the
//! run folder, and only those that ask for the page, its data or a picture. A page of another site that lets its name lead
//! here (DNS rebinding) is told apart by the name that it asks for.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use ganymede_files::sha256;
use sysinfo::System;
use tiny_http::{Header, Method, Request, Response, Server};

use super::page::Report;
use super::pictures;
use super::run::{Pictures, RunReader};
use crate::words::Misuse;

/// Where nothing else is asked for.
const PORT: u16 = 8321;
/// Seconds between two looks of a page.
const POLL: u64 = 2;
/// Requests that are answered at once: one that is slow does not keep the others waiting.
const THREADS: usize = 3;
/// How long the end of a run waits for a page that looks on to see it.
const LAST_LOOK: Duration = Duration::from_secs(POLL + 2);
/// A page that has not asked for so long has been closed.
const GONE: Duration = Duration::from_secs(3 * POLL);

/// An address to serve at, as typed: `8000`, `0.0.0.0:8000`, `[::1]:8000`, `name:8000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveAddress {
    host: String,
    port: u16,
}

impl Default for LiveAddress {
    fn default() -> Self {
        Self { host: Ipv4Addr::LOCALHOST.to_string(), port: PORT }
    }
}

impl FromStr for LiveAddress {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        if typed.is_empty() {
            return Ok(Self::default());
        }
        let (host, port) = match typed.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() => (host.trim_matches(['[', ']']).to_owned(), port),
            Some((_, port)) => (Self::default().host, port),
            None => (Self::default().host, typed),
        };
        let port = port.parse().map_err(|_| {
            "expected a port, such as 8000, or an address and a port, such as 0.0.0.0:8000; a preset comes before --live"
                .to_owned()
        })?;
        Ok(Self { host, port })
    }
}

/// An address that is taken, at which nothing is answered yet.
pub(crate) struct Live {
    server: Server,
    bound: SocketAddr,
    host: String,
}

impl Live {
    /// Takes the address, so that a run does not begin that nobody could look at.
    ///
    /// # Errors
    /// It is in use, or is none of this machine.
    pub(crate) fn bind(address: &LiveAddress) -> Result<Self> {
        let LiveAddress { host, port } = address;
        let refused = |error: io::Error| {
            let reason = match error.kind() {
                io::ErrorKind::AddrInUse => {
                    format!("port {port} of {host} is in use; name another, such as --live {}", next(*port))
                }
                io::ErrorKind::PermissionDenied => {
                    format!("port {port} needs rights that this user does not have; name one above 1023")
                }
                _ => format!("{host}:{port} is no address to serve at: {error}"),
            };
            Misuse(format!("--live: {reason}"))
        };
        let addresses: Vec<SocketAddr> = (host.as_str(), *port).to_socket_addrs().map_err(refused)?.collect();
        let listener = TcpListener::bind(&addresses[..]).map_err(refused)?;
        let bound = listener.local_addr().map_err(refused)?;
        let server = Server::from_listener(listener, None)
            .map_err(|error| Misuse(format!("--live: {host}:{port} cannot be served at: {error}")))?;
        Ok(Self { server, bound, host: host.to_lowercase() })
    }

    /// Where to look.
    pub(crate) fn url(&self) -> String {
        let host = match self.bound.ip() {
            ip if ip.is_unspecified() => System::host_name().unwrap_or_else(|_| ip.to_string()),
            IpAddr::V6(ip) => format!("[{ip}]"),
            ip => ip.to_string(),
        };
        format!("http://{host}:{}/", self.bound.port())
    }

    /// Answers from now on.
    ///
    /// # Errors
    /// There is no run in the folder, or no thread to be had.
    pub(crate) fn serve(self, folder: &Path) -> Result<Serving> {
        let shared = Arc::new(Shared {
            reader: Mutex::new(RunReader::open(folder)?),
            looks: Mutex::new(Looks::default()),
            looked: Condvar::new(),
            bound: self.bound.ip(),
            host: self.host,
        });
        let server = Arc::new(self.server);
        for _ in 0..THREADS {
            let (shared, server) = (Arc::clone(&shared), Arc::clone(&server));
            std::thread::Builder::new().name("live page".into()).spawn(move || {
                while let Ok(request) = server.recv() {
                    shared.answer(request);
                }
            })?;
        }
        Ok(Serving { shared })
    }
}

/// Another port to try.
fn next(port: u16) -> u16 {
    port.checked_add(1).unwrap_or(PORT)
}

/// A page that is being served.
pub(crate) struct Serving {
    shared: Arc<Shared>,
}

impl Serving {
    /// The run has ended: waits, not for long, until a page that looks on has seen how.
    pub(crate) fn finish(self) {
        let begun = Instant::now();
        let mut looks = self.shared.looks();
        looks.ended = true;
        let is_looked_at = looks.last.is_some_and(|last| last.elapsed() < GONE);
        while is_looked_at && !looks.seen_end && begun.elapsed() < LAST_LOOK {
            let left = LAST_LOOK.saturating_sub(begun.elapsed());
            let waited = self.shared.looked.wait_timeout(looks, left);
            looks = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

struct Shared {
    reader: Mutex<RunReader>,
    looks: Mutex<Looks>,
    looked: Condvar,
    bound: IpAddr,
    host: String,
}

/// Who looks on.
#[derive(Default)]
struct Looks {
    last: Option<Instant>,
    ended: bool,
    seen_end: bool,
}

/// An answer: its status, its kind and its bytes.
type Answer = (u16, &'static str, Vec<u8>);

impl Shared {
    fn looks(&self) -> std::sync::MutexGuard<'_, Looks> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: Request) {
        let path = request.url().split(['?', '#']).next().unwrap_or_default().to_owned();
        let (ended, is_data) = (self.looks().ended, path == "/data.json");
        let (mut status, kind, mut bytes) = if !is_served(header(&request, "Host"), self.bound, &self.host) {
            plain(403, "this name is not served here; use the address that `ganymede train --live` has said")
        } else if *request.method() != Method::Get {
            plain(405, "this page can only be looked at")
        } else {
            self.find(&path, !ended)
        };
        let mut tag = None;
        if is_data && status == 200 {
            let (_, hash) = sha256(&bytes[..], u64::MAX - 1).unwrap_or_default();
            let hash = format!("\"{hash}\"");
            if header(&request, "If-None-Match") == Some(hash.as_str()) {
                (status, bytes) = (304, Vec::new());
            }
            tag = Some(hash);
        }
        let mut response = Response::from_data(bytes).with_status_code(status);
        let headers = [
            ("Content-Type", kind),
            ("Cache-Control", "no-cache"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ];
        let tag = tag.as_deref().map(|tag| ("ETag", tag));
        let allow = (status == 405).then_some(("Allow", "GET"));
        for (name, value) in headers.into_iter().chain(tag).chain(allow) {
            let header = Header::from_bytes(name, value);
            response.add_header(header.expect("names and values are ASCII"));
        }
        // Who has gone away misses it.
        let sent = request.respond(response);
        if is_data && sent.is_ok() {
            let mut looks = self.looks();
            looks.last = Some(Instant::now());
            looks.seen_end |= ended;
            self.looked.notify_all();
        }
    }

    fn find(&self, path: &str, training: bool) -> Answer {
        const HTML: &str = "text/html; charset=utf-8";
        match path {
            "/" => (200, HTML, self.report(training).to_html().into_bytes()),
            "/data.json" => (200, "application/json", self.report(training).to_json().into_bytes()),
            _ => match self.picture(path) {
                Some(bytes) => (200, "image/png", bytes),
                None => plain(404, "there is no such page"),
            },
        }
    }

    fn report(&self, training: bool) -> Report {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        Report::new(vec![reader.read(Pictures::Served, training)], Some(POLL))
    }

    /// A picture by the number of its step: no name that was sent becomes one of a file.
    fn picture(&self, path: &str) -> Option<Vec<u8>> {
        let name = path.strip_prefix("/picture/")?;
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match name {
            "real" => reader.folder().real_picture(),
            step => reader.folder().picture(step.parse().ok()?),
        };
        drop(reader);
        pictures::read(&file)
    }
}

fn plain(status: u16, words: &str) -> Answer {
    (status, "text/plain; charset=utf-8", format!("{words}\n").into_bytes())
}

fn header<'a>(request: &'a Request, name: &'static str) -> Option<&'a str> {
    let mut found = request.headers().iter().filter(|header| header.field.equiv(name));
    let header = found.next()?;
    // Two of them are a trick.
    found.next().is_none().then(|| header.value.as_str())
}

/// Whether a request that came for `host` is meant for the address that is served. The port may be another: that of a
/// tunnel. An address or `localhost` cannot be made to lead here by somebody else, a name can.
fn is_served(host: Option<&str>, bound: IpAddr, typed: &str) -> bool {
    let Some(host) = host else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.trim_end_matches('.').to_lowercase();
    if name == "localhost" {
        return true;
    }
    if let Ok(address) = name.parse::<IpAddr>() {
        return address.is_loopback() || !bound.is_loopback();
    }
    let own = System::host_name().map(|own| own.to_lowercase());
    !name.is_empty() && (name == typed || (!bound.is_loopback() && own.is_ok_and(|own| own == name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_a_port_or_a_host_with_one() {
        let parse = |typed: &str| typed.parse::<LiveAddress>().map(|address| (address.host, address.port));
        assert_eq!(parse(""), Ok(("127.0.0.1".into(), PORT)));
        assert_eq!(parse("8000"), Ok(("127.0.0.1".into(), 8000)));
        assert_eq!(parse(":8000"), Ok(("127.0.0.1".into(), 8000)));
        assert_eq!(parse("0.0.0.0:8000"), Ok(("0.0.0.0".into(), 8000)));
        assert_eq!(parse("[::1]:8000"), Ok(("::1".into(), 8000)));
        assert_eq!(parse("box.local:8000"), Ok(("box.local".into(), 8000)));
        for wrong in ["quickstart", "70000", "1.2.3.4:", "-1"] {
            assert!(parse(wrong).unwrap_err().contains("a preset comes before --live"), "{wrong}");
        }
    }

    #[test]
    fn only_the_address_that_is_served_is_answered() {
        let [loopback, all] = ["127.0.0.1", "0.0.0.0"].map(|ip| ip.parse::<IpAddr>().unwrap());
        let check = |host: &str, bound, typed: &str| is_served(Some(host), bound, typed);
        for host in ["127.0.0.1:8321", "localhost:9000", "LOCALHOST", "[::1]:8321", "127.0.0.1", "localhost."]
        {
            assert!(check(host, loopback, "127.0.0.1"), "{host}");
        }
        let others = [
            "evil.example",
            "evil.example:8321",
            "127.0.0.1.evil.example",
            "10.0.0.7:8321",
            "",
            "[",
            ":8321",
        ];
        for host in others {
            assert!(!check(host, loopback, "127.0.0.1"), "{host}");
        }
        assert!(!is_served(None, loopback, "127.0.0.1") && !is_served(None, all, "0.0.0.0"));
        assert!(check("10.0.0.7:8000", all, "0.0.0.0") && !check("evil.example:8000", all, "0.0.0.0"));
        assert!(check("box.local:8000", all, "box.local"));
    }

    #[test]
    fn an_address_in_use_is_told_of() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let address = LiveAddress { host: "127.0.0.1".into(), port };
        let error = Live::bind(&address).err().unwrap().to_string();
        assert!(error.contains(&format!("port {port} of 127.0.0.1 is in use")), "{error}");
        let nowhere = LiveAddress { host: "192.0.2.1".into(), port: 1 };
        assert!(Live::bind(&nowhere).err().unwrap().to_string().contains("--live: "));
    }
}
