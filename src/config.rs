//! Settings: the only place that reads the environment.

use std::{ffi::OsString, path::PathBuf};

use chrono::TimeDelta;
use clap::{Args, Parser, Subcommand, ValueEnum};
use url::Url;

use crate::files::{FilePlace, FilePlaceError};

use crate::calls::{self, CallOptions, MediaOptions, MediaServer};

/// OpenChat: customer support that other businesses plug into their own product.
#[derive(Debug, Parser)]
#[command(name = "openchat", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve customers, agents and integrators.
    Serve(ServeConfig),
    /// Build read models anew beside the old ones and switch when they have caught up; the server may go on meanwhile.
    Rebuild {
        /// Which read model; all of them when left out.
        name: Option<String>,
        /// Where the data is.
        #[command(flatten)]
        database: DatabaseConfig,
    },
    /// Bring the database's schema up to date, and stop.
    ///
    /// `serve` does the same when it starts; this is for whoever wants to see it done first. A migration that fails
    /// leaves the database as it was.
    Migrate {
        /// Where the data is.
        #[command(flatten)]
        database: DatabaseConfig,
    },
    /// Print a conversation's history from the log, and the state that it makes; the server may go on meanwhile.
    ///
    /// Every event, a line each (position, time, what happened, through which key or session), then how the
    /// conversation stood.
    Replay {
        /// Which conversation: cnv_…
        conversation: String,
        /// As of when: a time such as 2026-03-01T09:30:00Z, or a position of its business's log; now when left out.
        #[arg(long, value_name = "TIME|POSITION")]
        as_of: Option<String>,
        /// Print one JSON document instead of lines for people.
        #[arg(long)]
        json: bool,
        /// Where the data is.
        #[command(flatten)]
        database: DatabaseConfig,
    },
    /// Follow a live feed in the terminal, over the websocket that the pages use; resumes after every break.
    ///
    /// With an agent's session (the value of the cookie oc_session) it is the team's inbox, with a customer's session
    /// that customer's own conversations, and with an integration key what a new visitor of the widget is sent.
    Tail {
        /// An agent's or a customer's session, or an integration key.
        #[arg(long, env = "OC_KEY_OR_SESSION", hide_env_values = true)]
        key_or_session: String,
        /// The server's address, without TLS.
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        server: String,
        /// Print each frame as the JSON it is, a line each.
        #[arg(long)]
        json: bool,
    },
    /// Look at the settings, the database, the clock, the disk, NATS and the media server, and say what to do about what is wrong.
    ///
    /// Ends with 1 when a server would not run well. Changes nothing; a private Postgres that isn't running is started to be
    /// looked at, and stopped again.
    Doctor(ServeConfig),
    /// Print the OpenAPI document.
    Openapi,
    /// Print the JSON Schema of the websocket's messages.
    SocketSchema,
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct DatabaseConfig {
    /// A Postgres to use, with `sslmode=require` in TLS (its certificate checked against `sslrootcert` or the system's
    /// roots); without one, OpenChat runs a private one in its data directory.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Where the private Postgres and other files are kept.
    #[arg(long, env = "OC_DATA_DIR", default_value = "./data")]
    pub oc_data_dir: PathBuf,
    /// The folder with Postgres's own programs, when it is not to be searched for.
    #[arg(long, env = "OC_POSTGRES_BIN")]
    pub oc_postgres_bin: Option<PathBuf>,
    /// Where programs are looked for.
    #[arg(long, env = "PATH", hide = true)]
    pub path: Option<OsString>,
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub struct ServeConfig {
    /// Where the data is.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// The address to listen on; port 0 picks a free one and logs it.
    #[arg(long, env = "OC_HTTP_ADDR", default_value = "127.0.0.1:8080")]
    pub oc_http_addr: String,
    /// The origin that goes into links, such as `https://support.example.com`; without it, http and the address
    #[arg(long, env = "OC_PUBLIC_URL")]
    pub oc_public_url: Option<String>,
    /// A NATS server through which several nodes over one database tell each other what is new, such as
    /// nats://nats.example.com:4222; without one they look for it
    #[arg(long, env = "OC_NATS_URL", hide_env_values = true)]
    pub oc_nats_url: Option<String>,
    /// Where the files are kept that people send each other, such as `s3://bucket/prefix`; without it, in the data
    /// directory. How to come in is told by the object store's own settings, such as AWS_REGION and AWS_ACCESS_KEY_ID
    #[arg(long, env = "OC_FILES_URL")]
    pub oc_files_url: Option<Url>,
    /// The form of log lines.
    #[arg(long, env = "OC_LOG", value_enum, default_value_t = LogFormat::Text)]
    pub oc_log: LogFormat,
    /// Which log lines to write, in the syntax of tracing's `EnvFilter`, e.g. info or openchat=debug
    #[arg(long, env = "RUST_LOG", default_value = "info")]
    pub rust_log: String,
    /// Serve a lively sample business and its shop from a database that is thrown away at the end; nothing else is touched.
    #[arg(long)]
    pub demo: bool,
    /// What different clients may ask per second.
    #[command(flatten)]
    pub limits: Limits,
    /// Calls.
    #[command(flatten)]
    pub calls: CallsConfig,
}

/// Calls: by a LiveKit that somebody runs, or by one of our own.
#[derive(Debug, Clone, Args)]
pub struct CallsConfig {
    /// A LiveKit server to use, ws:// or wss:// as browsers reach it; without one, OpenChat runs its own if it finds the
    /// program
    #[arg(long, env = "LIVEKIT_URL", requires_all = ["livekit_api_key", "livekit_api_secret"])]
    pub livekit_url: Option<String>,
    /// Where OpenChat itself asks the LiveKit server, http://… or https://…, when that is another address
    #[arg(long, env = "OC_LIVEKIT_API_URL", requires = "livekit_url")]
    pub oc_livekit_api_url: Option<String>,
    /// The name of the LiveKit server's key.
    #[arg(long, env = "LIVEKIT_API_KEY", requires = "livekit_url")]
    pub livekit_api_key: Option<String>,
    /// The secret of the LiveKit server's key.
    #[arg(long, env = "LIVEKIT_API_SECRET", hide_env_values = true, requires = "livekit_url")]
    pub livekit_api_secret: Option<String>,
    /// The livekit-server program, when it is not to be searched for.
    #[arg(long, env = "OC_LIVEKIT_BIN")]
    pub oc_livekit_bin: Option<PathBuf>,
    /// Whether a LiveKit of our own is looked for when none is named.
    #[arg(long, env = "OC_CALLS", value_enum, default_value_t = CallsMode::Auto)]
    pub oc_calls: CallsMode,
    /// How many seconds a call rings before it counts as missed.
    #[arg(long, env = "OC_CALL_RING_SECONDS", default_value_t = 45, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub oc_call_ring_seconds: u32,
}

impl ServeConfig {
    /// How calls are carried.
    #[must_use]
    pub fn call_options(&self) -> CallOptions {
        let it = &self.calls;
        let media = match (&it.livekit_url, &it.livekit_api_key, &it.livekit_api_secret) {
            (Some(url), Some(key), Some(secret)) => MediaOptions::Server(MediaServer {
                url: url.clone(),
                api_url: it.oc_livekit_api_url.clone(),
                key: key.clone(),
                secret: secret.clone(),
            }),
            _ if it.oc_calls == CallsMode::Off => MediaOptions::None,
            _ => calls::find(it.oc_livekit_bin.as_deref(), self.database.path.as_deref()).map_or(
                MediaOptions::None,
                |program| {
                    let folder = Some(self.database.oc_data_dir.join("livekit"));
                    MediaOptions::Local { program, folder }
                },
            ),
        };
        CallOptions { media, ring: TimeDelta::seconds(it.oc_call_ring_seconds.into()) }
    }
}

impl DatabaseConfig {
    /// Whether nothing has been kept here yet.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.database_url.is_none() && !self.oc_data_dir.join("postgres").exists()
    }
}

impl ServeConfig {
    /// Where the files are kept that people send each other.
    ///
    /// # Errors
    /// [`FilePlaceError`].
    pub fn file_place(&self) -> Result<FilePlace, FilePlaceError> {
        match &self.oc_files_url {
            Some(url) => FilePlace::url(url, object_store_settings()),
            None => FilePlace::folder(&self.database.oc_data_dir.join("files")),
        }
    }
}

/// The settings that AWS's own programs read, too.
fn object_store_settings() -> Vec<(String, String)> {
    let set = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    set.filter(|(name, _)| name.starts_with("AWS_")).collect()
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Whether a LiveKit of our own is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CallsMode {
    /// It is used when it is there.
    Auto,
    /// There are no calls but by a LiveKit that is named.
    Off,
}

/// Rate limits. Each is per key, per customer session or per account, never per address:
/// behind a captive portal everybody shares one.
#[derive(Debug, Clone, Args)]
pub struct Limits {
    /// Requests per second of one integration key.
    #[arg(long, env = "OC_KEY_RATE", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub oc_key_rate: u32,
    /// How many requests one integration key may save up.
    #[arg(long, env = "OC_KEY_BURST", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub oc_key_burst: u32,
    /// Requests per second of one customer session.
    #[arg(long, env = "OC_CUSTOMER_RATE", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub oc_customer_rate: u32,
    /// How many requests one customer session may save up.
    #[arg(long, env = "OC_CUSTOMER_BURST", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub oc_customer_burst: u32,
    /// Sign-in attempts per minute of one account.
    #[arg(long, env = "OC_SIGN_IN_RATE", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub oc_sign_in_rate: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            oc_key_rate: 100,
            oc_key_burst: 200,
            oc_customer_rate: 5,
            oc_customer_burst: 20,
            oc_sign_in_rate: 5,
        }
    }
}
