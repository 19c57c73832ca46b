//! A server with TLS, and clients of it.

use credentials::TlsFileSettings;
use std::error::Error;
use std::path::{Path, PathBuf};
use storage::{Database, DatabaseSettings, PooledConnection, SslMode};
use testkit::certificates::{Authority, Certificate};
use testkit::postgres_server::PostgresServer;

/// The name in the server's certificate; clients reach it on loopback.
pub const NAME: &str = "db.example";

/// Rules that accept TLS only, without a password.
pub const TLS_ONLY: &str = "hostssl all all 127.0.0.1/32 trust\n";

/// A server with its authority, and a folder for the files of clients.
pub struct Encrypted {
    pub server: PostgresServer,
    pub authority: Authority,
    pub files: tempfile::TempDir,
}

impl Encrypted {
    pub fn start(rules: &str) -> Self {
        let authority = Authority::new();
        let server = PostgresServer::with_tls(rules, &authority.server(&[NAME]), &authority.pem);
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("ca.crt"), &authority.pem).unwrap();
        Self { server, authority, files }
    }

    /// The URL of the server by `name`, for `user`.
    pub fn url(&self, user: &str, name: &str) -> String {
        format!("postgres://{user}@{name}:{}/postgres?hostaddr=127.0.0.1", self.server.port)
    }

    /// Settings that trust the server's authority.
    pub fn settings(&self, sslmode: SslMode) -> DatabaseSettings {
        let url = self.url("charging", NAME);
        DatabaseSettings {
            sslmode,
            tls_files: TlsFileSettings { ca_file: Some(self.file("ca.crt")), ..TlsFileSettings::default() },
            allow_plaintext: false,
            ..DatabaseSettings::without_tls(url.into())
        }
    }

    /// The same with the certificate of a client.
    pub fn with_certificate(&self, certificate: &Certificate) -> DatabaseSettings {
        self.write("client.crt", &certificate.pem);
        self.write("client.key", &certificate.key);
        DatabaseSettings {
            tls_files: TlsFileSettings {
                ca_file: Some(self.file("ca.crt")),
                certificate_file: Some(self.file("client.crt")),
                key_file: Some(self.file("client.key")),
            },
            ..self.settings(SslMode::VerifyFull)
        }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        // As rotations do: a file is never half written.
        let part = self.file("part");
        std::fs::write(&part, text).unwrap();
        std::fs::rename(part, self.file(name)).unwrap();
    }
}

/// Opens the first connection of a new pool; the error has all causes.
pub async fn connect(settings: &DatabaseSettings) -> Result<PooledConnection, String> {
    another(&Database::new(settings).map_err(|error| error.to_string())?).await
}

/// A further connection of a pool; a new one while the others are held.
pub async fn another(database: &Database) -> Result<PooledConnection, String> {
    database.connection().await.map_err(|error| {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        text
    })
}

/// Asserts that a connection can be opened.
pub async fn accepted(settings: &DatabaseSettings) {
    drop(connect(settings).await.unwrap());
}

/// Asserts that the connection fails for a reason that contains `why`.
pub async fn refused(settings: &DatabaseSettings, why: &str) {
    match connect(settings).await {
        Err(error) => assert!(error.contains(why), "{error}"),
        Ok(_) => panic!("the connection is accepted; expected: {why}"),
    }
}

/// The same settings with another file of authorities.
pub fn trusting(settings: DatabaseSettings, ca_file: &Path) -> DatabaseSettings {
    let tls_files = TlsFileSettings { ca_file: Some(ca_file.to_owned()), ..settings.tls_files };
    DatabaseSettings { tls_files, ..settings }
}
