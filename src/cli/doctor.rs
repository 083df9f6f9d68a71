//! `openchat doctor`: looks at everything that a server needs, and says what to do about what is wrong.

use std::{fmt, io, net::TcpListener, path::Path, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use openchat::{
    calls::{Calls, MediaOptions},
    clock::Clock,
    config::{DatabaseConfig, ServeConfig},
    nodes::Bus,
    projector,
    store::{PoolSizes, Pools, StoreError, chain, latest_migration},
};
use openchat_domain::CallId;
use openchat_projections::Db as _;
use uuid::Uuid;

use super::{
    database::{Database, DatabaseError},
    say,
};

const GIB: u64 = 1 << 30;
/// Less free space than this stops the database soon.
const DISK_LEAST: u64 = GIB;
/// Less free space than this is worth a thought.
const DISK_THOUGHT: u64 = 5 * GIB;
/// How far the database's clock may be from ours: times of events, sessions and links come from both.
const CLOCK_MOST: TimeDelta = TimeDelta::seconds(2);
/// How long another server may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    Fine,
    Note,
    Problem,
}

/// What was found about one thing.
struct Finding {
    grade: Grade,
    about: &'static str,
    text: String,
}

impl Finding {
    fn fine(about: &'static str, text: impl Into<String>) -> Self {
        Self { grade: Grade::Fine, about, text: text.into() }
    }

    fn note(about: &'static str, text: impl Into<String>) -> Self {
        Self { grade: Grade::Note, about, text: text.into() }
    }

    fn problem(about: &'static str, text: impl Into<String>) -> Self {
        Self { grade: Grade::Problem, about, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = match self.grade {
            Grade::Fine => "ok",
            Grade::Note => "note",
            Grade::Problem => "PROBLEM",
        };
        write!(f, "{grade:<8} {:<9} {}", self.about, self.text)
    }
}

/// Prints what it finds, a line each; whether a server would run well.
pub(crate) async fn doctor(config: &ServeConfig) -> io::Result<bool> {
    let mut worst = Grade::Fine;
    let mut tell = |findings: Vec<Finding>| -> io::Result<()> {
        for finding in findings {
            worst = worst.max(finding.grade);
            say(&finding.to_string())?;
        }
        Ok(())
    };
    tell(vec![address(config).await, links(config)])?;
    tell(vec![disk(&config.database), files(config).await])?;
    tell(database(&config.database).await)?;
    tell(vec![nodes(config).await, calls(config).await])?;
    Ok(worst < Grade::Problem)
}

/// Whether the address can be listened on, or is ours already.
async fn address(config: &ServeConfig) -> Finding {
    const ABOUT: &str = "address";
    let address = &config.oc_http_addr;
    match TcpListener::bind(address) {
        Ok(_) => Finding::fine(ABOUT, format!("{address} can be listened on")),
        Err(e) if e.kind() == io::ErrorKind::AddrInUse => {
            let url = format!("http://{address}/readyz");
            let answer = match reqwest::Client::builder().timeout(PATIENCE).build() {
                Ok(client) => client.get(url).send().await,
                Err(e) => Err(e),
            };
            match answer {
                Ok(answer) if answer.status().is_success() => {
                    Finding::fine(ABOUT, format!("a server answers on {address} and is ready"))
                }
                Ok(answer) => Finding::problem(
                    ABOUT,
                    format!("what answers on {address} is not ready ({}); read its log", answer.status()),
                ),
                Err(_) => Finding::problem(
                    ABOUT,
                    format!("{address} is taken by another program; stop it, or set OC_HTTP_ADDR"),
                ),
            }
        }
        Err(e) => Finding::problem(
            ABOUT,
            format!("{address} can't be listened on ({e}); set OC_HTTP_ADDR to an address of this machine"),
        ),
    }
}

/// Whether links will lead back here.
fn links(config: &ServeConfig) -> Finding {
    const ABOUT: &str = "links";
    let Some(url) = &config.oc_public_url else {
        let text =
            format!("links begin with http://{}, which only this machine can open", config.oc_http_addr);
        return Finding::note(ABOUT, text + "; set OC_PUBLIC_URL before customers come");
    };
    let origin = url.trim_end_matches('/').split_once("://");
    match origin {
        Some(("https", host)) if !host.is_empty() && !host.contains('/') => {
            Finding::fine(ABOUT, format!("links begin with {url}"))
        }
        Some(("http", host)) if !host.is_empty() && !host.contains('/') => Finding::note(
            ABOUT,
            format!("links begin with {url}: without https, browsers refuse calls and the widget's cookies"),
        ),
        _ => Finding::problem(
            ABOUT,
            format!("OC_PUBLIC_URL is {url}, which is no origin such as https://support.example.com"),
        ),
    }
}

/// Whether there is room.
fn disk(config: &DatabaseConfig) -> Finding {
    const ABOUT: &str = "disk";
    let dir = &config.oc_data_dir;
    // A directory that isn't there yet will be made in the nearest one that is.
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
    let there = absolute.ancestors().find(|it| it.exists()).unwrap_or_else(|| Path::new("/"));
    match rustix::fs::statvfs(there) {
        Ok(it) => {
            let free = it.f_bavail.saturating_mul(it.f_frsize);
            let text = format!("{:.1} GiB are free at {}", as_gib(free), there.display());
            match free {
                ..DISK_LEAST => Finding::problem(ABOUT, text + "; make room before the database stops"),
                DISK_LEAST..DISK_THOUGHT => Finding::note(ABOUT, text),
                DISK_THOUGHT.. => Finding::fine(ABOUT, text),
            }
        }
        Err(e) => Finding::problem(ABOUT, format!("{} can't be looked at: {e}", there.display())),
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people to read, with one decimal")]
fn as_gib(bytes: u64) -> f64 {
    bytes as f64 / GIB as f64
}

/// Whether attachments can be kept.
async fn files(config: &ServeConfig) -> Finding {
    const ABOUT: &str = "files";
    let Some(url) = &config.oc_files_url else {
        let folder = config.database.oc_data_dir.join("files");
        return Finding::fine(ABOUT, format!("attachments are kept in {}", folder.display()));
    };
    let looked = match config.file_place() {
        Ok(place) => match tokio::time::timeout(PATIENCE, place.look()).await {
            // The object store's errors tell their causes themselves.
            Ok(looked) => looked.map_err(|e| e.to_string()),
            Err(_) => Err(format!("nothing came within {} s", PATIENCE.as_secs())),
        },
        Err(e) => Err(chain(&e)),
    };
    match looked {
        Ok(()) => Finding::fine(ABOUT, format!("attachments are kept at {url}")),
        Err(why) => {
            let text = format!("{url} does not answer: {why}; check OC_FILES_URL and the AWS_… settings");
            Finding::problem(ABOUT, text)
        }
    }
}

/// Whether the database is there, up to date, followed, and on time.
async fn database(config: &DatabaseConfig) -> Vec<Finding> {
    const ABOUT: &str = "database";
    if config.is_fresh() {
        let text =
            format!("{} is empty; `openchat serve` sets up a database there", config.oc_data_dir.display());
        return vec![Finding::note(ABOUT, text)];
    }
    let database = match Database::join(config).await {
        Ok(database) => database,
        Err(e @ DatabaseError::Url(_)) => return vec![Finding::problem(ABOUT, chain(&e))],
        Err(e) => return vec![Finding::problem(ABOUT, format!("it can't be started: {}", chain(&e)))],
    };
    let pools = Pools::new(&database.config(), PoolSizes { requests: 1, workers: 2 });
    let mut findings = match look(&pools).await {
        Ok(findings) => findings,
        Err(e) => vec![Finding::problem(
            ABOUT,
            format!("it can't be read: {}; check DATABASE_URL and that it runs", chain(&e)),
        )],
    };
    pools.close();
    if let Err(e) = database.close().await {
        findings.push(Finding::problem(ABOUT, chain(&e)));
    }
    findings
}

async fn look(pools: &Pools) -> Result<Vec<Finding>, StoreError> {
    const ABOUT: &str = "database";
    let db = pools.worker().await?;
    let now = "select now(), current_setting('server_version'), current_setting('fsync'), \
               to_regclass('migrations') is not null";
    let Some(row) = db.query_opt(now, &[]).await? else { return Ok(vec![]) };
    let theirs: DateTime<Utc> = row.try_get(0)?;
    let (version, fsync, migrated): (String, String, bool) =
        (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    let mut findings = vec![clock(theirs)];
    if fsync != "on" {
        let text = "fsync is off: a power cut loses what was acknowledged; turn it on";
        findings.push(Finding::problem(ABOUT, text));
    }
    if !migrated {
        let text = format!("PostgreSQL {version}, empty; `openchat migrate` or `serve` sets it up");
        findings.push(Finding::note(ABOUT, text));
        return Ok(findings);
    }
    let found: Option<i32> = match db.query_opt("select max(number) from migrations", &[]).await? {
        Some(row) => row.try_get(0)?,
        None => None,
    };
    let (found, known) = (found.unwrap_or(0), latest_migration());
    findings.push(match found.cmp(&known) {
        std::cmp::Ordering::Equal => {
            Finding::fine(ABOUT, format!("PostgreSQL {version}, at migration {found}, which is the latest"))
        }
        std::cmp::Ordering::Less => {
            let text = format!("PostgreSQL {version}, at migration {found} of {known}");
            Finding::note(ABOUT, text + "; `openchat migrate` or `serve` brings it up to date")
        }
        std::cmp::Ordering::Greater => {
            let text =
                format!("it is at migration {found}, and this release knows {known}; run the newer release");
            Finding::problem(ABOUT, text)
        }
    });
    findings.push(views(pools).await?);
    Ok(findings)
}

fn clock(theirs: DateTime<Utc>) -> Finding {
    let off = (Clock::default().now() - theirs).abs();
    let millis = off.num_milliseconds();
    if off > CLOCK_MOST {
        let text = format!("this machine's clock and the database's are {millis} ms apart; run NTP on both");
        return Finding::problem("clock", text);
    }
    Finding::fine("clock", format!("within {millis} ms of the database's"))
}

/// Whether the read models follow the log.
async fn views(pools: &Pools) -> Result<Finding, StoreError> {
    const ABOUT: &str = "views";
    let parked = match pools.worker().await?.query_opt("select count(*) from parked_streams", &[]).await? {
        Some(row) => row.try_get(0)?,
        None => 0_i64,
    };
    if parked > 0 {
        let text =
            format!("{parked} streams are parked; their log lines say why, `openchat rebuild` takes them up");
        return Ok(Finding::problem(ABOUT, text));
    }
    let lag = projector::lag(pools).await?;
    if lag.events > openchat::observe::LAG_BOUND {
        let text = format!("{} events behind the log; a running server catches up", lag.events);
        return Ok(Finding::note(ABOUT, text));
    }
    Ok(Finding::fine(ABOUT, format!("{} events behind the log", lag.events)))
}

/// Whether several nodes would hear of each other at once.
async fn nodes(config: &ServeConfig) -> Finding {
    const ABOUT: &str = "nodes";
    let Some(url) = &config.oc_nats_url else {
        let text = "without a NATS, several nodes over one database find out by looking what is new";
        return Finding::fine(ABOUT, text);
    };
    match Bus::look(url, PATIENCE).await {
        Ok(()) => Finding::fine(ABOUT, "NATS answers: nodes over one database tell each other what is new"),
        Err(e) => {
            let text = format!(
                "{}; check OC_NATS_URL and that it runs; until then nodes look for what is new",
                chain(&e)
            );
            Finding::problem(ABOUT, text)
        }
    }
}

/// Whether there can be calls.
async fn calls(config: &ServeConfig) -> Finding {
    const ABOUT: &str = "calls";
    match config.call_options().media {
        MediaOptions::None => Finding::note(
            ABOUT,
            "there is no media server, so call routes answer calls_not_configured; set LIVEKIT_URL, LIVEKIT_API_KEY and \
             LIVEKIT_API_SECRET, or put livekit-server on the PATH",
        ),
        MediaOptions::Local { program, .. } => {
            let text = format!("{} will carry calls, on this machine only", program.display());
            Finding::fine(ABOUT, text)
        }
        MediaOptions::Server(server) => {
            let url = server.url.clone();
            let now = Clock::default().now();
            let asked = match Calls::new(Some(server), TimeDelta::zero()) {
                Ok(calls) => match calls.media() {
                    Some(media) => media.look(CallId::from_uuid(Uuid::nil()), now).await.map(|_| ()),
                    None => Ok(()),
                },
                Err(e) => Err(e),
            };
            match asked {
                Ok(()) => Finding::fine(ABOUT, format!("{url} answers and knows the key")),
                Err(e) => Finding::problem(
                    ABOUT,
                    format!("{url}: {}; check LIVEKIT_URL, the key and its secret", chain(&e)),
                ),
            }
        }
    }
}
