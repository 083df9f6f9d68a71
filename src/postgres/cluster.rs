//! One cluster on disk: where its parts lie, how `initdb` makes it, and how to connect to it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::PostgresOptions;
use super::account::{self, Account};
use super::binaries::{self, Binaries};
use super::error::PostgresError;
use super::server::{last_lines, output};

/// The database that OpenChat works in.
pub(super) const DATABASE: &str = "openchat";

/// The owner of the cluster and of everything in it.
const OWNER: &str = "openchat";

/// The port that names the socket; nothing listens on it.
pub(super) const SOCKET_PORT: u16 = 5432;

/// The longest path of a socket that every supported kernel takes (macOS: 104 bytes with the final NUL).
const SOCKET_PATH_MAX: usize = 100;

/// Where the server listens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Endpoint {
    /// On a socket in the home directory.
    Socket,
    /// On this port of 127.0.0.1.
    Loopback(u16),
}

/// A cluster that exists on disk, with everything needed to run it.
pub(super) struct Cluster {
    pub(super) home: PathBuf,
    pub(super) account: Option<Account>,
    pub(super) endpoint: Endpoint,
    pub(super) fsync: bool,
    /// Settings that win over the built-in ones.
    pub(super) settings: Vec<(String, String)>,
    binaries: Binaries,
    password: String,
}

impl Cluster {
    /// Opens the cluster of `home`, which this process has locked, and makes one when there is none.
    pub(super) async fn open(
        home: PathBuf,
        account: Option<Account>,
        options: PostgresOptions,
    ) -> Result<Self, PostgresError> {
        let data = home.join("cluster");
        let made_by =
            fs::read_to_string(data.join("PG_VERSION")).ok().and_then(|version| binaries::major(&version));
        let binaries = Binaries::find(&options, &data, made_by, account.as_ref())?;
        let password = password(&home, made_by.is_some(), account.as_ref())?;
        let endpoint = endpoint(&home)?;
        let cluster = Self {
            home,
            account,
            binaries,
            password,
            endpoint,
            fsync: options.fsync,
            settings: options.settings,
        };
        if made_by.is_none() {
            cluster.init().await?;
        }
        Ok(cluster)
    }

    /// How to connect to `database` as the owner.
    pub(super) fn connection(&self, database: &str) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        match self.endpoint {
            Endpoint::Socket => config.host_path(&self.home).port(SOCKET_PORT),
            Endpoint::Loopback(port) => config.host("127.0.0.1").port(port),
        };
        config.user(OWNER).password(&self.password).dbname(database).application_name("openchat");
        config
    }

    /// How to connect to [`DATABASE`], as a URL.
    pub(super) fn url(&self) -> String {
        let (host, port) = match self.endpoint {
            Endpoint::Socket => (percent_encoded(&self.home), SOCKET_PORT),
            Endpoint::Loopback(port) => ("127.0.0.1".to_owned(), port),
        };
        // The password is hexadecimal and needs no encoding.
        format!("postgresql://{OWNER}:{}@{host}:{port}/{DATABASE}", self.password)
    }

    /// Postgres's own directory.
    pub(super) fn data(&self) -> PathBuf {
        self.home.join("cluster")
    }

    /// The path of one of Postgres's programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.binaries.program(name)
    }

    /// A command that runs in the home directory under the account that owns it.
    pub(super) fn command_at(&self, program: &Path) -> std::process::Command {
        account::command(program, &self.home, self.account.as_ref())
    }

    /// Makes the cluster under another name first: `cluster/` is there whole or not at all.
    async fn init(&self) -> Result<(), PostgresError> {
        let new = self.home.join("cluster.new");
        if new.exists() {
            fs::remove_dir_all(&new).map_err(PostgresError::io("remove", &new))?;
        }
        let begun = Instant::now();
        let initdb = self.program("initdb");
        let mut command = self.command_at(&initdb);
        command
            .arg("-D")
            .arg(&new)
            .arg("--pwfile")
            .arg(self.home.join("password"))
            .args(["-U", OWNER, "--auth=scram-sha-256", "--encoding=UTF8"])
            .args(["--data-checksums", "--no-instructions"])
            .args(locale(self.binaries.major));
        if !self.fsync {
            command.arg("--no-sync");
        }
        let output = output(command, &initdb).await?;
        if !output.status.success() {
            return Err(PostgresError::Init { output: last_lines(&output.stderr) });
        }
        let data = self.data();
        fs::rename(&new, &data).map_err(PostgresError::io("move the new cluster to", &data))?;
        // Only now can a power cut no longer bring back the old name, which the next start would throw away.
        File::open(&self.home)
            .and_then(|home| home.sync_all())
            .map_err(PostgresError::io("sync", &self.home))?;
        tracing::info!(
            version = self.binaries.major,
            cluster = %data.display(),
            elapsed = ?begun.elapsed(),
            "initialised a private Postgres"
        );
        Ok(())
    }
}

/// The password of the cluster in `home`, made up when there is no cluster yet.
fn password(home: &Path, cluster_exists: bool, account: Option<&Account>) -> Result<String, PostgresError> {
    let path = home.join("password");
    if path.exists() {
        let password = fs::read_to_string(&path).map_err(PostgresError::io("read", &path))?;
        return Ok(password.trim().to_owned());
    }
    if cluster_exists {
        return Err(PostgresError::PasswordMissing { path });
    }
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(PostgresError::Random)?;
    let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();

    // Under its name only when it is whole.
    let new = home.join("password.new");
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| {
            writeln!(file, "{password}")?;
            file.sync_all()
        })
        .map_err(PostgresError::io("write", &new))?;
    account::give(&new, account)?;
    fs::rename(&new, &path).map_err(PostgresError::io("write", &path))?;
    Ok(password)
}

/// The socket in `home`, or where its path is too long, the port of the server that runs or else a free one.
fn endpoint(home: &Path) -> Result<Endpoint, PostgresError> {
    let socket = home.join(format!(".s.PGSQL.{SOCKET_PORT}"));
    if socket.as_os_str().len() <= SOCKET_PATH_MAX {
        return Ok(Endpoint::Socket);
    }
    let running = fs::read_to_string(home.join("cluster/postmaster.pid"))
        .ok()
        .and_then(|file| file.lines().nth(3)?.parse().ok());
    let port = match running {
        Some(port) => port,
        None => TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .map_err(PostgresError::io("find a port for the server of", home))?
            .port(),
    };
    Ok(Endpoint::Loopback(port))
}

/// `initdb`'s arguments for an order of text that is the same on every system, and for letters that are more than ASCII.
fn locale(major: u32) -> &'static [&'static str] {
    if major >= 17 {
        &["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    } else if cfg!(target_os = "linux") {
        &["--locale=C", "--lc-ctype=C.UTF-8"]
    } else {
        &["--locale=C"]
    }
}

/// A path as the host of a URL.
fn percent_encoded(path: &Path) -> String {
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .map(|&byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
