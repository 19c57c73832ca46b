//! A connection to a broker, and requests over it.

use super::encoding::{error_at, put_length, put_string};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The time limit of a request. Transaction coordinators take a moment to start.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A connection to one broker.
pub struct Connection(TcpStream);

impl Connection {
    /// Connects to `host:port`.
    ///
    /// # Panics
    /// When the broker cannot be reached. All methods panic on errors, including those that the
    /// broker returns.
    #[must_use]
    pub fn open(broker: &str) -> Self {
        let stream = TcpStream::connect(broker).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        Self(stream)
    }

    /// Repeats a request whose response begins with a throttle time and an error code, until it
    /// succeeds.
    pub(super) fn request_until_accepted(&mut self, api: i16, version: i16, body: &[u8]) -> Vec<u8> {
        let end = Instant::now() + TIMEOUT;
        loop {
            let response = self.request(api, version, body);
            let error = error_at(&response, 4);
            if error == 0 {
                return response;
            }
            assert!(Instant::now() < end, "request {api} refused with {error}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends a request; returns the response without its length and correlation id.
    pub(super) fn request(&mut self, api: i16, version: i16, body: &[u8]) -> Vec<u8> {
        let mut request = Vec::new();
        request.extend(api.to_be_bytes());
        request.extend(version.to_be_bytes());
        request.extend(7_i32.to_be_bytes());
        put_string(&mut request, "raw");
        request.extend(body);
        let mut framed = Vec::new();
        put_length(&mut framed, request.len());
        framed.extend(request);
        self.0.write_all(&framed).unwrap();

        let mut length = [0; 4];
        self.0.read_exact(&mut length).unwrap();
        let mut response = vec![0; usize::try_from(i32::from_be_bytes(length)).unwrap()];
        self.0.read_exact(&mut response).unwrap();
        response.split_off(4)
    }
}
