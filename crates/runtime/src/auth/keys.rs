//! A cache of the issuer's keys. They are read on first use, and again when they are old or a token
//! names an unknown key. Reads are rate-limited, so that invalid tokens cannot overload the issuer.

use super::AuthSettings;
use super::key_set::KeySet;
use crate::causes;
use crate::lock::RwLockExt as _;
use anyhow::{Context as _, bail, ensure};
use jsonwebtoken::{Algorithm, DecodingKey};
use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// Least time between two reads.
const PAUSE: Duration = Duration::from_secs(5);
/// The largest key document, in bytes.
const MAX_DOCUMENT: usize = 512 * 1024;

/// The issuer's keys, cached. Cheap to clone.
#[derive(Clone)]
pub(super) struct Keys(Arc<Inner>);

struct Inner {
    source: Source,
    timeout: Duration,
    max_age: Duration,
    held: RwLock<Option<Held>>,
    /// When the keys were last requested. Locked during a read, so that concurrent requests share
    /// its result.
    asked: Mutex<Option<Instant>>,
    /// The runtime of the process, not of an HTTP worker.
    runtime: Handle,
}

enum Source {
    Url(reqwest::Client, reqwest::Url),
    File(PathBuf),
}

struct Held {
    keys: KeySet,
    read_at: Instant,
}

/// No keys are available: none could be read so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoKeys;

impl Keys {
    /// Reads keys according to `settings`: a file at once, a URL when the first token arrives.
    ///
    /// # Errors
    /// If neither or both sources are set, the file cannot be read, or the URL would be fetched
    /// unencrypted over a network.
    pub(super) fn new(settings: &AuthSettings) -> anyhow::Result<Self> {
        let file = &settings.jwks_file;
        let (source, held) = match (settings.jwks_url.as_str(), file.as_os_str().is_empty()) {
            ("", false) => {
                let held = Held::parse(&read_file(file)?).with_context(|| file.display().to_string())?;
                (Source::File(file.clone()), Some(held))
            }
            ("", true) => bail!("auth.mode = \"jwt\" needs one of auth.jwks_url and auth.jwks_file"),
            (_, false) => bail!("auth.jwks_url and auth.jwks_file exclude each other; unset one of them"),
            (url, true) => (url_source(url, settings)?, None),
        };
        Ok(Self(Arc::new(Inner {
            source,
            timeout: Duration::from_millis(settings.jwks_timeout_ms),
            max_age: Duration::from_secs(settings.jwks_max_age_s),
            held: RwLock::new(held),
            asked: Mutex::default(),
            runtime: Handle::current(),
        })))
    }

    /// The key that a token names; `None` if the issuer has no such key.
    ///
    /// # Errors
    /// If no keys are available at all.
    pub(super) async fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Arc<DecodingKey>>, NoKeys> {
        let (found, age) = self.held(id, algorithm);
        match (found, age) {
            (Some(key), Some(age)) => {
                if age > self.0.max_age {
                    // Refreshed in the background: the cached keys are still valid.
                    self.0.runtime.spawn(self.clone().read_again());
                }
                Ok(Some(key))
            }
            _ => {
                let reading = self.0.runtime.spawn(self.clone().read_again());
                let _panicked = reading.await;
                let (found, age) = self.held(id, algorithm);
                age.map(|_| found).ok_or(NoKeys)
            }
        }
    }

    fn held(&self, id: Option<&str>, algorithm: Algorithm) -> (Option<Arc<DecodingKey>>, Option<Duration>) {
        let held = self.0.held.reading();
        let found = held.as_ref().and_then(|held| held.keys.find(id, algorithm));
        (found, held.as_ref().map(|held| held.read_at.elapsed()))
    }

    /// Reads the keys, unless the last attempt was less than [`PAUSE`] ago. On failure the cached
    /// keys are kept.
    async fn read_again(self) {
        let mut asked = self.0.asked.lock().await;
        if asked.is_some_and(|at| at.elapsed() < PAUSE) {
            return;
        }
        *asked = Some(Instant::now());
        match self.read().await {
            Ok(held) => *self.0.held.writing() = Some(held),
            Err(error) => tracing::warn!(
                error = causes(&*error),
                "cannot read the issuer's keys; the cached keys stay in use"
            ),
        }
    }

    async fn read(&self) -> anyhow::Result<Held> {
        let document = match &self.0.source {
            Source::File(path) => {
                let path = path.clone();
                self.0.runtime.spawn_blocking(move || read_file(&path)).await??
            }
            Source::Url(client, url) => {
                let fetched = timeout(self.0.timeout, fetch(client, url.clone())).await;
                fetched.with_context(|| format!("no answer from {url} within auth.jwks_timeout_ms"))??
            }
        };
        Held::parse(&document)
    }
}

impl Held {
    fn parse(document: &[u8]) -> anyhow::Result<Self> {
        let keys = KeySet::parse(document).map_err(anyhow::Error::msg)?;
        Ok(Self { keys, read_at: Instant::now() })
    }
}

fn url_source(url: &str, settings: &AuthSettings) -> anyhow::Result<Source> {
    let url: reqwest::Url =
        url.parse().with_context(|| format!("auth.jwks_url {url:?} is not a valid URL"))?;
    let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    ensure!(
        url.scheme() == "https" || url.scheme() == "http" && loopback,
        "auth.jwks_url must be https: an attacker who can replace the keys in transit can forge tokens"
    );
    let client = reqwest::Client::builder()
        .timeout(Duration::from_millis(settings.jwks_timeout_ms))
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .build()?;
    Ok(Source::Url(client, url))
}

fn read_file(path: &PathBuf) -> anyhow::Result<Vec<u8>> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut document = Vec::new();
    let limit = u64::try_from(MAX_DOCUMENT)? + 1;
    file.take(limit).read_to_end(&mut document).with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(document.len() <= MAX_DOCUMENT, "{} is larger than {MAX_DOCUMENT} bytes", path.display());
    Ok(document)
}

async fn fetch(client: &reqwest::Client, url: reqwest::Url) -> anyhow::Result<Vec<u8>> {
    let mut response = client.get(url).send().await?.error_for_status()?;
    let mut document = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        ensure!(document.len() + chunk.len() <= MAX_DOCUMENT, "more than {MAX_DOCUMENT} bytes");
        document.extend_from_slice(&chunk);
    }
    Ok(document)
}
