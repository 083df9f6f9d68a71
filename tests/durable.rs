//! Nothing is read, answered or announced before it is durable: with a standby that never comes, every commit waits until
//! the test lets it go.

use std::{fs, path::PathBuf, pin::pin, time::Duration};

use futures_util::{FutureExt as _, future::join_all};
use openchat::{
    postgres::PrivatePostgres,
    store::{Context, Executed, migrate},
};
use openchat_domain::{
    BusinessId, CommandId, ConversationId,
    conversation::{Conversation, ConversationCommand, CustomerRef, Reader},
};
use rustix::process::{Pid, Signal, kill_process};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls};

use crate::{
    log::{context, conversation, customer, open, post, tenant},
    support::{Store, client, eventually, options, scratch},
};

/// Longer than any answer takes that needn't wait.
const A_WHILE: Duration = Duration::from_millis(300);

/// A Postgres whose commits can be kept from being durable.
struct Disk {
    dir: PathBuf,
    _postgres: PrivatePostgres,
    config: Config,
    owner: Client,
}

impl Disk {
    async fn new() -> Self {
        let dir = scratch("durable");
        let postgres = PrivatePostgres::start(&dir, options()).await.unwrap();
        let config = postgres.connection();
        migrate(&config).await.unwrap();
        let owner = client(&config).await;
        owner.batch_execute("set synchronous_commit = local").await.unwrap();
        Self { dir, _postgres: postgres, config, owner }
    }

    /// From here on no commit that is to be durable comes back.
    async fn hold(&self) {
        self.set("'nobody'").await;
        self.reload().await;
        let probe = client(&self.config).await;
        // Postgres takes note in a process of its own.
        let commit = || probe.batch_execute("select pg_logical_emit_message(true, 'probe', '')");
        while tokio::time::timeout(A_WHILE, commit()).await.is_ok() {}
    }

    async fn release(&self) {
        self.set("''").await;
        self.reload().await;
    }

    async fn set(&self, standby: &str) {
        let sql = format!("alter system set synchronous_standby_names = {standby}");
        self.owner.batch_execute(&sql).await.unwrap();
    }

    async fn reload(&self) {
        self.owner.batch_execute("select pg_reload_conf()").await.unwrap();
    }

    /// Waits until so many commits wait to be durable, besides the one that was a probe.
    async fn waiting(&self, count: i64) {
        eventually("commits wait", async || {
            let sql = "select count(*) from pg_stat_activity
                where wait_event = 'SyncRep' and query not like '%probe%'";
            self.owner.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) >= count
        })
        .await;
    }

    /// Kills the Postgres, which starts anew.
    fn crash(&self) {
        let file = fs::read_to_string(self.dir.join("postgres/cluster/postmaster.pid")).unwrap();
        let postmaster = Pid::from_raw(file.lines().next().unwrap().parse().unwrap()).unwrap();
        kill_process(postmaster, Signal::KILL).unwrap();
    }

    async fn wait_for_restart(&mut self) {
        let (config, owner) = (&self.config, &mut self.owner);
        *owner = loop {
            if let Ok((client, connection)) = config.connect(NoTls).await {
                tokio::spawn(connection);
                break client;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        owner.batch_execute("set synchronous_commit = local").await.unwrap();
    }

    async fn events(&self, tenant: BusinessId) -> i64 {
        let sql = "select count(*) from events where tenant_id = $1";
        client(&self.config).await.query_one(sql, &[&tenant.uuid()]).await.unwrap().get(0)
    }
}

/// A conversation in a log of its own.
struct Talk {
    context: Context,
    id: ConversationId,
    customer: CustomerRef,
}

impl Talk {
    async fn begin(store: &Store) -> Self {
        let it = Self { context: context(tenant()), id: conversation(), customer: customer() };
        store.aggregates.execute::<Conversation>(&it.context, it.id, &open(&it.customer)).await.unwrap();
        it
    }

    /// Posts a message, which then waits to be durable.
    async fn says(&self, text: &str, store: &Store, disk: &Disk) -> JoinHandle<Executed> {
        let (context, id, message) = (self.context.clone(), self.id, post(&self.customer, text));
        let aggregates = store.aggregates.clone();
        let posting =
            tokio::spawn(
                async move { aggregates.execute::<Conversation>(&context, id, &message).await.unwrap() },
            );
        disk.waiting(1).await;
        posting
    }
}

fn read() -> ConversationCommand {
    ConversationCommand::MarkRead { reader: Reader::Customer, up_to: 2 }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_answered_or_announced_before_it_is_durable() {
    let disk = Disk::new().await;
    let mut one = Store::on(disk.config.clone());
    let other = Store::on(disk.config.clone());
    let (talk, beside) = (Talk::begin(&one).await, Talk::begin(&one).await);
    while one.announced.try_recv().is_ok() {}
    disk.hold().await;

    // The second command is another tenant's, and doesn't wait for the first.
    let first = talk.says("once", &one, &disk).await;
    let read = read();
    let mut second = pin!(one.aggregates.execute::<Conversation>(&beside.context, beside.id, &read));
    assert!(second.as_mut().now_or_never().is_none());
    disk.waiting(2).await;

    // Another node does the same, because it can't know. Which of them has done it shows when one is durable.
    let mut again = pin!(other.aggregates.execute::<Conversation>(&beside.context, beside.id, &read));
    assert!(tokio::time::timeout(A_WHILE, again.as_mut()).await.is_err());
    assert!(!first.is_finished());
    assert!(second.as_mut().now_or_never().is_none());
    assert!(one.announced.try_recv().is_err());
    assert_eq!((disk.events(talk.context.tenant).await, disk.events(beside.context.tenant).await), (2, 2));

    disk.release().await;
    assert_eq!(first.await.unwrap().events.len(), 1);
    assert_eq!((second.await.unwrap().events.len(), disk.events(beside.context.tenant).await), (1, 3));
    let again = again.await.unwrap();
    assert_eq!((again.events.len(), again.position), (0, 3));
    let mut announced =
        [one.announced.recv().await.unwrap()[0].tenant, one.announced.recv().await.unwrap()[0].tenant];
    announced.sort();
    let mut tenants = [talk.context.tenant, beside.context.tenant];
    tenants.sort();
    assert_eq!(announced, tenants);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_a_name_is_done_once_when_nobody_heard_that_it_was_done() {
    let disk = Disk::new().await;
    let store = Store::on(disk.config.clone());
    let talk = Talk::begin(&store).await;
    disk.hold().await;
    let posted = talk.says("once", &store, &disk).await;
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'";
    disk.owner.execute(cut, &[]).await.unwrap();
    disk.release().await;
    assert_eq!(posted.await.unwrap().events.len(), 1);
    assert_eq!(disk.events(talk.context.tenant).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_durable_is_written_again_when_the_database_dies() {
    let disk = Disk::new().await;
    let store = Store::on(disk.config.clone());
    let talk = Talk::begin(&store).await;
    let beside = Talk::begin(&store).await;
    disk.hold().await;
    let first = talk.says("once", &store, &disk).await;
    let others = join_all((0..5).map(|n| {
        let (aggregates, beside) = (&store.aggregates, &beside);
        let context = beside.context.once(CommandId::derive(beside.context.tenant, &[&n.to_string()]));
        async move {
            let message = post(&beside.customer, &format!("beside {n}"));
            aggregates.execute::<Conversation>(&context, beside.id, &message).await.unwrap().events.len()
        }
    }));
    let mut others = pin!(others);
    assert!(others.as_mut().now_or_never().is_none());
    disk.waiting(2).await;

    disk.set("''").await;
    disk.crash();

    assert_eq!(first.await.unwrap().events.len(), 1);
    assert_eq!(others.await, [1; 5]);
    assert_eq!(disk.events(talk.context.tenant).await, 3);
    assert_eq!(disk.events(beside.context.tenant).await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_a_repetition_is_answered_only_when_what_it_repeats_is_durable() {
    let mut disk = Disk::new().await;
    let (one, other) = (Store::on(disk.config.clone()), Store::on(disk.config.clone()));
    let talk = Talk::begin(&one).await;
    let context = talk.context.once(CommandId::derive(talk.context.tenant, &["once"]));
    disk.hold().await;
    let read = read();
    let mut first = pin!(one.aggregates.execute::<Conversation>(&context, talk.id, &read));
    assert!(first.as_mut().now_or_never().is_none());
    disk.waiting(1).await;

    disk.crash();
    disk.wait_for_restart().await;
    assert_eq!(disk.events(talk.context.tenant).await, 3, "it can be read");
    let mut again = pin!(other.aggregates.execute::<Conversation>(&context, talk.id, &read));
    assert!(tokio::time::timeout(A_WHILE, again.as_mut()).await.is_err());

    disk.release().await;
    assert_eq!((first.await.unwrap().position, again.await.unwrap().position), (3, 3));
}
