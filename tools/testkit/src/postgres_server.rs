//! PostgreSQL servers that belong to one test, which may stop them, give them certificates, and
//! make a standby of one the primary. On loopback only; they stop when their value is dropped, also
//! when the test fails.

use crate::certificates::Certificate;
use crate::ports::free_port;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The time within which a server must respond after its start.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// The greatest number of ports that are tried when other processes take them.
const ATTEMPTS: u32 = 3;
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// The user that the tests' own commands use, a superuser.
pub const SUPERUSER: &str = "charging";

/// The rules of a server that trusts everyone on this machine.
pub const TRUST: &str = "host all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n";

/// A server; stopped when dropped.
pub struct PostgresServer {
    /// The port on loopback.
    pub port: u16,
    /// Owned by the user of the server.
    folder: PathBuf,
    process: Child,
}

impl PostgresServer {
    /// A new server with these rules in `pg_hba.conf` for connections over TCP, and these lines in
    /// `postgresql.conf`.
    ///
    /// # Panics
    /// When PostgreSQL is not installed, or does not start.
    #[must_use]
    pub fn start(rules: &str, settings: &str) -> Self {
        let folder = new_folder();
        let data = folder.join("data");
        let mut initdb = command(&folder, "initdb");
        initdb.args(["--auth=trust", "--locale=C", "--encoding=UTF8", "--no-sync", "--username", SUPERUSER]);
        run(initdb.arg("--pgdata").arg(&data));
        write(
            &folder,
            "data/pg_hba.conf",
            &format!("local all all trust\nlocal replication all trust\n{rules}"),
        );
        Self::launch(&folder, settings)
    }

    /// A new server with TLS.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn with_tls(rules: &str, certificate: &Certificate, ca: &str) -> Self {
        let server = Self::start(rules, "");
        server.install(certificate, ca);
        server.sql("alter system set ssl_ca_file = 'ca.crt'");
        server.sql("alter system set ssl = on");
        server.reload();
        server
    }

    /// A standby of this server, with these lines in `postgresql.conf`.
    ///
    /// # Panics
    /// When the base backup fails, or the standby does not start.
    #[must_use]
    pub fn standby(&self, settings: &str) -> Self {
        let folder = new_folder();
        let mut backup = command(&folder, "pg_basebackup");
        backup.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--wal-method=stream"]);
        backup.args(["--host", "127.0.0.1", "--username", SUPERUSER, "--port", &self.port.to_string()]);
        run(backup.arg("--pgdata").arg(folder.join("data")));
        Self::launch(&folder, settings)
    }

    fn launch(folder: &Path, settings: &str) -> Self {
        let configured = read(folder, "data/postgresql.conf");
        for _ in 0..ATTEMPTS {
            let port = free_port();
            let sockets = folder.display();
            // Later lines take precedence over those of a copied file.
            let own = format!(
                "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{sockets}'\n\
                 fsync = off\nshared_buffers = 16MB\nmax_connections = 60\nlc_messages = 'C'\n{settings}\n"
            );
            write(folder, "data/postgresql.conf", &format!("{configured}\n{own}"));
            let mut postgres = command(folder, "postgres");
            let process = postgres
                .arg("-D")
                .arg(folder.join("data"))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("start postgres");
            let mut server = Self { port, folder: folder.to_owned(), process };
            if server.wait_until_ready() {
                return server;
            }
            // The folder is needed for the next attempt.
            server.folder = PathBuf::new();
        }
        panic!("PostgreSQL does not start in {}", folder.display())
    }

    /// Waits until it responds; false if it has exited, as it does when its port is taken.
    fn wait_until_ready(&mut self) -> bool {
        let begun = Instant::now();
        while self.process.try_wait().unwrap().is_none() {
            if self.try_sql("select 1").is_some() {
                return true;
            }
            assert!(
                begun.elapsed() < START_TIMEOUT,
                "PostgreSQL does not respond in {}",
                self.folder.display()
            );
            std::thread::sleep(POLL_INTERVAL);
        }
        false
    }

    /// The result of a statement as text, over the Unix socket, which needs no TLS.
    ///
    /// # Panics
    /// When it fails.
    pub fn sql(&self, statement: &str) -> String {
        self.try_sql(statement).unwrap_or_else(|| panic!("{statement} failed"))
    }

    /// The result of a statement as text; `None` if it fails.
    #[must_use]
    pub fn try_sql(&self, statement: &str) -> Option<String> {
        let output = command(&self.folder, "psql")
            .args(["--no-psqlrc", "--no-password", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set", "ON_ERROR_STOP=1", "--username", SUPERUSER, "--dbname", "postgres"])
            .arg("--host")
            .arg(&self.folder)
            .args(["--port", &self.port.to_string(), "--command", statement])
            .stdin(Stdio::null())
            .output()
            .expect("start psql");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// Replaces the server's certificate, and the authority of its clients.
    ///
    /// # Panics
    /// When the files cannot be written.
    pub fn install(&self, certificate: &Certificate, ca: &str) {
        write(&self.folder, "data/server.crt", &certificate.pem);
        write(&self.folder, "data/server.key", &certificate.key);
        write(&self.folder, "data/ca.crt", ca);
    }

    /// Makes the server read its settings and certificates again, and waits until it has.
    ///
    /// # Panics
    /// When it does not respond.
    pub fn reload(&self) {
        let before = self.sql("select pg_conf_load_time()");
        self.sql("select pg_reload_conf()");
        let begun = Instant::now();
        while self.sql("select pg_conf_load_time()") == before {
            assert!(begun.elapsed() < START_TIMEOUT, "PostgreSQL does not read its settings again");
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    /// Makes a standby the primary, and waits until it is.
    ///
    /// # Panics
    /// When it is not promoted.
    pub fn promote(&self) {
        assert_eq!(self.sql("select pg_promote(true, 60)"), "t");
    }

    /// Waits until this standby has everything of `primary`, then ends its replication: it lacks what
    /// `primary` writes from then on.
    ///
    /// # Panics
    /// When replication does not catch up, or does not end.
    pub fn cut_off(&self, primary: &Self) {
        let written = primary.sql("select pg_current_wal_lsn()");
        self.wait_for(&format!("select pg_last_wal_replay_lsn() >= '{written}'::pg_lsn"));
        self.sql("alter system set primary_conninfo = ''");
        self.reload();
        self.wait_for("select not exists (select from pg_stat_wal_receiver)");
    }

    fn wait_for(&self, condition: &str) {
        let begun = Instant::now();
        while self.sql(condition) != "t" {
            assert!(begun.elapsed() < START_TIMEOUT, "it does not become true: {condition}");
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    /// Stops the server as a crash does: sessions end at once, and nothing is written.
    ///
    /// # Panics
    /// When it has already exited.
    pub fn crash(&mut self) {
        kill_process(self.pid(), Signal::QUIT).unwrap();
        self.process.wait().unwrap();
    }

    /// The URL for a user on loopback.
    #[must_use]
    pub fn url(&self, user: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/postgres", self.port)
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.process.id().cast_signed()).unwrap()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Ok(None) = self.process.try_wait() {
            let _exited = kill_process(self.pid(), Signal::QUIT);
            drop(self.process.wait());
        }
        if !self.folder.as_os_str().is_empty() {
            drop(std::fs::remove_dir_all(&self.folder));
        }
    }
}

/// A folder that the user of the server owns.
fn new_folder() -> PathBuf {
    let folder = Path::new("/tmp").join(crate::unique("postgres"));
    run(as_owner(Path::new("mkdir")).args(["--mode", "700"]).arg(&folder));
    folder
}

/// A program of PostgreSQL's newest version that has a server here.
fn command(folder: &Path, program: &str) -> Command {
    let mut versions: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .expect("PostgreSQL is not installed in /usr/lib/postgresql")
        .map(|version| version.unwrap().path().join("bin"))
        .filter(|binaries| binaries.join("initdb").exists())
        .collect();
    let number = |path: &PathBuf| -> Option<u32> { path.parent()?.file_name()?.to_str()?.parse().ok() };
    versions.sort_by_key(number);
    let binaries = versions.last().expect("no version of PostgreSQL has initdb");
    let mut command = as_owner(&binaries.join(program));
    command.current_dir(folder);
    command
}

/// A command as a user that PostgreSQL accepts: it refuses to run as root.
fn as_owner(program: &Path) -> Command {
    if !geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--", "env", "HOME=/"])
        .arg(program);
    command.current_dir("/");
    command
}

/// Writes a file that only the user of the server can read, which PostgreSQL requires of keys.
fn write(folder: &Path, name: &str, text: &str) {
    let script = "umask 077 && cat >\"$1.part\" && mv \"$1.part\" \"$1\"";
    let mut shell = as_owner(Path::new("/bin/sh"))
        .args(["-c", script, "sh"])
        .arg(folder.join(name))
        .stdin(Stdio::piped())
        .spawn()
        .expect("start sh");
    shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success(), "{name} cannot be written");
}

fn read(folder: &Path, name: &str) -> String {
    let output = as_owner(Path::new("cat")).arg(folder.join(name)).output().expect("start cat");
    assert!(output.status.success(), "{name} cannot be read");
    String::from_utf8(output.stdout).unwrap()
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("start a program");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
