//! Certificates, keys, passwords and tokens of the clients of PostgreSQL, Kafka and Redis.
//!
//! All of them may come from files that another program replaces: a certificate manager, a secret
//! operator, the kubelet. Files are read at start and again for each new connection
//! ([`Reloaded`]), so a rotation needs no restart. Open connections are not closed. A file that is
//! missing or invalid after the start does not end a service: the last valid contents remain in
//! use, and a warning names the file.

mod client;
mod error;
mod identity;
mod optional;
mod reloaded;
mod secret;
mod tls_files;
mod trust;

pub use client::{Verification, client_config};
pub use error::CredentialsError;
pub use optional::optional_path;
pub use reloaded::Reloaded;
pub use secret::{Secret, text};
pub use tls_files::{TlsFileSettings, TlsFiles};
