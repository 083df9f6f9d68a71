//! What tests stand on: one real Postgres for the whole run, and a fresh database cloned from a migrated template.

pub(crate) mod cluster;
pub(crate) mod gate;
pub(crate) mod installation;
pub(crate) mod nats;
pub(crate) mod nginx;
pub(crate) mod postgres;
pub(crate) mod server;
pub(crate) mod socket;

use std::{
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    time::Duration,
};

use openchat::{
    clock::Clock,
    postgres::{PostgresOptions, PrivatePostgres},
    store::{Aggregates, Appender, PoolSizes, Pools, migrate},
};
use tokio_postgres::{Client, Config, NoTls};

const TEMPLATE: &str = "openchat_template";

/// A database of a test's own.
pub(crate) fn options() -> PostgresOptions {
    PostgresOptions {
        bin: std::env::var_os("OC_POSTGRES_BIN").map(PathBuf::from),
        path: std::env::var_os("PATH"),
        fsync: false,
        stop_with_process: true,
        settings: vec![("max_connections".to_owned(), "400".to_owned())],
    }
}

/// A program that is looked for on the way to programs and then in more places.
pub(crate) fn program<const N: usize>(name: &str, more: [PathBuf; N], missing: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut programs = std::env::split_paths(&path).chain(more).map(|dir| dir.join(name));
    programs.find(|program| program.is_file()).expect(missing)
}

/// A port of this machine on which nobody listens.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A directory that Postgres's own user can reach, gone with the process's temporary files.
pub(crate) fn scratch(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let dir = std::env::temp_dir().join(format!("openchat-test-{}-{name}-{n}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// The run's Postgres, with the migrated template in it.
fn server() -> &'static Config {
    static SERVER: OnceLock<Config> = OnceLock::new();
    SERVER.get_or_init(|| {
        let (send, receive) = mpsc::channel();
        // Its supervisor needs a runtime that outlives every test's own.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let postgres = PrivatePostgres::start(&scratch("postgres"), options()).await.unwrap();
                let config = postgres.connection();
                admin(&config, &format!("create database {TEMPLATE}")).await;
                let mut template = config.clone();
                migrate(template.dbname(TEMPLATE)).await.unwrap();
                send.send(config).unwrap();
                std::future::pending::<()>().await;
            });
        });
        receive.recv().unwrap()
    })
}

/// A fresh, migrated database.
pub(crate) async fn database() -> Config {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = tokio::task::spawn_blocking(server).await.unwrap();
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    admin(server, &format!("create database {name} template {TEMPLATE}")).await;
    let mut config = server.clone();
    config.dbname(&name);
    config
}

/// A copy of a database to which nobody is connected.
pub(crate) async fn copy_of(original: &Config) -> Config {
    let (original, mut config) = (original.get_dbname().unwrap(), original.clone());
    let name = format!("{original}_copy");
    let server = tokio::task::spawn_blocking(server).await.unwrap();
    admin(server, &format!("create database {name} template {original}")).await;
    config.dbname(&name);
    config
}

async fn admin(config: &Config, sql: &str) {
    client(config).await.batch_execute(sql).await.unwrap();
}

/// A connection as the owner.
pub(crate) async fn client(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Waits until so many statements wait for a lock in this database, whose owner's connection this is.
pub(crate) async fn queued(db: &Client, wanted: i64) {
    let sql = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    let count = async || db.query_one(sql, &[]).await.unwrap().get::<_, i64>(0);
    eventually("enough statements stand in line", async || count().await >= wanted).await;
}

/// Waits until something holds; half a minute is more than anything here takes on the busiest machine.
pub(crate) async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting)
        .await
        .unwrap_or_else(|_| panic!("waited in vain: {what}"));
}

/// A store without readers.
pub(crate) struct Store {
    pub(crate) config: Config,
    pub(crate) pools: Pools,
    pub(crate) appender: Appender,
    pub(crate) aggregates: Aggregates,
    pub(crate) announced:
        tokio::sync::mpsc::UnboundedReceiver<Vec<std::sync::Arc<openchat_domain::Recorded>>>,
}

impl Store {
    pub(crate) async fn new() -> Self {
        Self::on(database().await)
    }

    /// Another process's store on the same database.
    pub(crate) fn on(config: Config) -> Self {
        let pools = Pools::new(&config, PoolSizes { requests: 8, workers: 4 });
        let (announce, announced) = tokio::sync::mpsc::unbounded_channel();
        let appender = Appender::start(pools.clone(), move |events| drop(announce.send(events)));
        let aggregates = Aggregates::new(pools.clone(), appender.clone(), Clock::default());
        Self { config, pools, appender, aggregates, announced }
    }
}
