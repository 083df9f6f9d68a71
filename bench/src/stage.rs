//! What is measured on: a throw-away Postgres that syncs, a store on it, and a whole server beside it.

use std::path::{Path, PathBuf};

use openchat::{
    app::{self, Options, Running},
    calls::CallOptions,
    clock::Clock,
    config::Limits,
    files::FilePlace,
    postgres::{PostgresOptions, PrivatePostgres},
    store::{Aggregates, Appender, PoolSizes, Pools, migrate},
};
use openchat_domain::BusinessId;
use serde_json::{Value, json};
use tokio_postgres::{Client, Config, NoTls};

use crate::{BenchError, client::Backend, scenarios::fresh};

/// Nobody is held back.
const LIMITS: Limits = Limits {
    oc_key_rate: 1_000_000,
    oc_key_burst: 1_000_000,
    oc_customer_rate: 1_000_000,
    oc_customer_burst: 1_000_000,
    oc_sign_in_rate: 1_000_000,
};

/// A Postgres of our own, gone with its folder at the end.
pub(crate) struct Stage {
    postgres: PrivatePostgres,
    dir: PathBuf,
}

impl Stage {
    pub(crate) async fn set() -> Result<Self, BenchError> {
        let dir = std::env::temp_dir().join(format!("openchat-bench-{}", std::process::id()));
        let options = PostgresOptions {
            path: std::env::var_os("PATH"),
            stop_with_process: true,
            settings: vec![("max_connections".to_owned(), "300".to_owned())],
            ..PostgresOptions::default()
        };
        let postgres = PrivatePostgres::start(&dir, options).await?;
        Ok(Self { postgres, dir })
    }

    /// A fresh database with our schema in it.
    pub(crate) async fn database(&self, name: &str) -> Result<Config, BenchError> {
        let config = self.empty_database(name).await?;
        migrate(&config).await?;
        Ok(config)
    }

    /// A fresh database with nothing in it.
    pub(crate) async fn empty_database(&self, name: &str) -> Result<Config, BenchError> {
        let mut config = self.postgres.connection();
        connect(&config).await?.batch_execute(&format!("create database {name}")).await?;
        config.dbname(name);
        Ok(config)
    }

    /// A database as other programs want it named.
    pub(crate) fn url(&self, name: &str) -> String {
        let url = self.postgres.url();
        url.rsplit_once('/').map_or_else(|| url.clone(), |(server, _)| format!("{server}/{name}"))
    }

    /// One of the programs beside this Postgres.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.postgres.program(name)
    }

    /// Where to put what is thrown away with the stage.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) async fn strike(self) -> Result<(), BenchError> {
        self.postgres.stop().await?;
        Ok(std::fs::remove_dir_all(self.dir)?)
    }
}

/// A connection as the owner.
pub(crate) async fn connect(config: &Config) -> Result<Client, BenchError> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The store alone; what it announces goes nowhere.
pub(crate) fn store(config: &Config) -> Aggregates {
    let pools = Pools::new(config, PoolSizes::default());
    Aggregates::new(pools.clone(), Appender::start(pools, |_| {}), Clock::default())
}

/// A whole server in this process, with a business on it.
pub(crate) struct Served {
    pub(crate) running: Running,
    pub(crate) business: Business,
}

impl Served {
    pub(crate) async fn start(config: Config) -> Result<Self, BenchError> {
        Self::of(options(config)).await
    }

    pub(crate) async fn of(options: Options) -> Result<Self, BenchError> {
        let running = app::start(options).await?;
        let business = Business::sign_up(format!("http://{}", running.address)).await?;
        Ok(Self { running, business })
    }

    /// The business's backend, on a connection of its own.
    pub(crate) fn backend(&self) -> Backend {
        Backend::new(self.running.address, &self.business.key)
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await;
    }
}

/// A business on a server: its owner and its backend.
pub(crate) struct Business {
    pub(crate) url: String,
    http: reqwest::Client,
    pub(crate) key: String,
    pub(crate) tenant: BusinessId,
    pub(crate) session: String,
}

impl Business {
    pub(crate) async fn sign_up(url: String) -> Result<Self, BenchError> {
        openchat::tls::settle();
        let http = reqwest::Client::new();
        let tenant = BusinessId::from_uuid(uuid::Uuid::nil());
        let mut it = Self { url, http, key: String::new(), tenant, session: String::new() };
        let email = format!("ada.{}@example.com", fresh());
        let sign_up = json!({"name": "Ada", "email": email, "password": "correct horse battery"});
        let answer = it.http.post(format!("{}/api/auth/sign-up", it.url)).json(&sign_up).send().await?;
        let cookie = answer.headers().get("set-cookie").and_then(|it| it.to_str().ok()).unwrap_or_default();
        it.session = cookie.split(';').next().unwrap_or_default().to_owned();
        let set_up = json!({"businessName": "Acme", "domain": "https://acme.example"});
        let business = text(&it.post("/api/business/setup", &set_up).await?, "/business/id")?;
        it.tenant = business.parse().map_err(|_| BenchError::Refused(business))?;
        let key = json!({"name": "Bench", "permissions": ["support:read", "support:write"], "originMode": "hotspot",
            "allowedOrigins": []});
        it.key = text(&it.post("/api/business/keys", &key).await?, "/key")?;
        Ok(it)
    }

    /// Asks as the owner and as the backend at once: each route looks at what concerns it.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, BenchError> {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        let request = if path.starts_with("/api/public/") {
            request.header("x-api-key", &self.key)
        } else {
            request.header("cookie", &self.session)
        };
        let answer = request.send().await?;
        let fine = answer.status().is_success();
        let body: Value = answer.json().await?;
        if fine { Ok(body) } else { Err(BenchError::Refused(body.to_string())) }
    }

    /// A fresh conversation of a customer's own.
    pub(crate) async fn conversation(&self, customer: usize) -> Result<String, BenchError> {
        let body =
            json!({"customer": {"externalUserId": customer}, "message": {"type": "text", "text": "Hello"}});
        text(&self.post("/api/public/support/conversations", &body).await?, "/conversation/id")
    }
}

fn text(body: &Value, pointer: &str) -> Result<String, BenchError> {
    let found = body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| BenchError::Refused(body.to_string()))
}

/// How a server is started on a database.
pub(crate) fn options(config: Config) -> Options {
    Options {
        database: config,
        pool_sizes: PoolSizes::default(),
        listen: "127.0.0.1:0".to_owned(),
        public_url: None,
        nats: None,
        files: FilePlace::memory(),
        calls: CallOptions::off(),
        limits: LIMITS,
        clock: Clock::default(),
        demo: None,
    }
}
