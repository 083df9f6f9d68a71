//! Connections, by the role they run as: requests see one tenant, workers see all.

use std::time::Duration;

use deadpool_postgres::{
    ClientWrapper, GenericClient, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError,
    RecyclingMethod, Runtime,
};
use futures_util::future::{join, join_all, join3, try_join_all};
use openchat_domain::BusinessId;
use openchat_projections::{Db, DbError, Sql, Write};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, IsolationLevel, Row, types::ToSql};

use crate::tls;

/// A worker that hangs in the middle of a transaction must not hold its locks against the one that takes its place.
const WORKER: &str = "set role openchat_worker; set idle_in_transaction_session_timeout = '2s'";

/// A pooled connection bound to one tenant.
pub type TenantDb = Conn<Object>;
/// A pooled connection that sees every tenant; for the log's own machinery and for asking who is there.
pub type WorkerDb = Conn<Object>;

/// The pools of one database.
#[derive(Debug, Clone)]
pub struct Pools {
    requests: Pool,
    workers: Pool,
}

/// A connection or transaction with prepared statements, perhaps bound to a tenant.
#[derive(Debug)]
pub struct Conn<C> {
    client: C,
    tenant: Option<String>,
}

/// What becomes of writes that are carried out together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// They are visible, and durable with the next commit that waits for the disk.
    Early,
    /// They are undone: they were only tried.
    Undone,
}

/// How many connections of each kind a process may hold.
#[derive(Debug, Clone, Copy)]
pub struct PoolSizes {
    /// For requests.
    pub requests: usize,
    /// For the appender, the projector and reactions.
    pub workers: usize,
}

impl Default for PoolSizes {
    fn default() -> Self {
        Self { requests: 16, workers: 12 }
    }
}

impl Pools {
    /// Prepares the pools; connections are made when first needed.
    #[must_use]
    pub fn new(config: &tokio_postgres::Config, sizes: PoolSizes) -> Self {
        Self {
            requests: pool(
                config,
                sizes.requests,
                "set role openchat_request; set statement_timeout = '15s'",
            ),
            workers: pool(config, sizes.workers, WORKER),
        }
    }

    /// Closes every connection; none can be had from here on.
    pub fn close(&self) {
        self.requests.close();
        self.workers.close();
    }

    /// A connection for one tenant's request.
    ///
    /// # Errors
    /// When none can be had in time.
    pub async fn tenant(&self, tenant: BusinessId) -> Result<TenantDb, PoolError> {
        Ok(Conn { client: self.requests.get().await?, tenant: Some(tenant.uuid().to_string()) })
    }

    /// A connection for work that spans tenants.
    ///
    /// # Errors
    /// When none can be had in time.
    pub async fn worker(&self) -> Result<WorkerDb, PoolError> {
        Ok(Conn { client: self.workers.get().await?, tenant: None })
    }
}

/// A connection as the database's owner, and the task that drives it to its end.
pub(crate) async fn connect(
    config: &tokio_postgres::Config,
) -> Result<(Client, JoinHandle<Result<(), DbError>>), DbError> {
    let (config, tls) = tls::database(config);
    let (client, connection) = config.connect(tls).await?;
    Ok((client, tokio::spawn(connection)))
}

fn pool(config: &tokio_postgres::Config, size: usize, on_connect: &'static str) -> Pool {
    let (mut config, tls) = tls::database(config);
    config.application_name("openchat").connect_timeout(Duration::from_secs(5));
    let manager =
        Manager::from_config(config, tls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    let set_up = Hook::async_fn(move |client: &mut ClientWrapper, _| {
        Box::pin(async move { client.batch_execute(on_connect).await.map_err(HookError::Backend) })
    });
    let wait = Some(Duration::from_secs(10));
    Pool::builder(manager)
        .max_size(size.max(1))
        .wait_timeout(wait)
        .create_timeout(wait)
        .recycle_timeout(wait)
        .runtime(Runtime::Tokio1)
        .post_create(set_up)
        .build()
        .unwrap_or_else(|_| unreachable!("a runtime is given, and nothing else can be missing"))
}

impl Conn<Object> {
    /// Begins a read-only transaction in which every statement sees the same moment.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin_snapshot(&mut self) -> Result<Conn<deadpool_postgres::Transaction<'_>>, DbError> {
        let tx = self.client.build_transaction();
        let client = tx.isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
        Conn::within(client, self.tenant.as_ref()).await
    }

    /// Runs statements that take no parameters and return nothing.
    ///
    /// # Errors
    /// The database's.
    pub async fn batch(&self, sql: &str) -> Result<(), DbError> {
        self.client.batch_execute(sql).await
    }

    /// Carries out writes as one transaction, all or none. All of it travels at once: it takes one round trip when this
    /// connection has carried out these statements before.
    ///
    /// # Errors
    /// The database's, for the first write that failed; it is unknown whether they were made when the connection broke.
    pub async fn write(&self, writes: &[Write], fate: Fate) -> Result<(), DbError> {
        let (begin, end) = match fate {
            Fate::Early => ("begin; set local synchronous_commit = off", "commit"),
            Fate::Undone => ("begin", "rollback"),
        };
        let client = &self.client;
        let statements = try_join_all(writes.iter().map(|it| client.prepare_cached(it.sql()))).await?;
        let all = statements
            .iter()
            .zip(writes)
            .map(|(statement, write)| async move { client.execute(statement, &write.params()).await });
        // Each is on its way when it is first looked at, so in this order; behind one that fails, nothing counts.
        let (begun, done, ended) =
            join3(client.batch_execute(begin), join_all(all), client.batch_execute(end)).await;
        begun?;
        done.into_iter().collect::<Result<Vec<_>, _>>()?;
        ended
    }

    /// Closes the connection instead of giving it back, after a failure that may have left something in it.
    pub fn discard(self) {
        drop(Object::take(self.client));
    }
}

impl<'a> Conn<deadpool_postgres::Transaction<'a>> {
    async fn within(
        client: deadpool_postgres::Transaction<'a>,
        tenant: Option<&String>,
    ) -> Result<Self, DbError> {
        if let Some(tenant) = tenant {
            client.execute("select set_config('oc.tenant', $1, true)", &[tenant]).await?;
        }
        Ok(Self { client, tenant: None })
    }
}

impl<C: GenericClient> Conn<C> {
    /// Binds the tenant in the same round trip in which `run`'s statement travels.
    async fn bound<T>(&self, run: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
        let Some(tenant) = &self.tenant else { return run.await };
        let bind = self.client.prepare_cached("select set_config('oc.tenant', $1, false)").await?;
        let params: [&(dyn ToSql + Sync); 1] = [tenant];
        let (bound, result) = join(self.client.execute(&bind, &params), run).await;
        bound?;
        result
    }
}

impl<C: GenericClient> Db for Conn<C> {
    async fn query(&self, sql: &'static str, params: &Sql<'_>) -> Result<Vec<Row>, DbError> {
        let statement = self.client.prepare_cached(sql).await?;
        self.bound(self.client.query(&statement, params)).await
    }

    async fn execute(&self, sql: &'static str, params: &Sql<'_>) -> Result<u64, DbError> {
        let statement = self.client.prepare_cached(sql).await?;
        self.bound(self.client.execute(&statement, params)).await
    }
}
