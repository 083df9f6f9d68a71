//! The projector: exactly once in effect, fenced, past what it can't follow, and rebuilt while the server goes on.

use std::{sync::Arc, time::Duration};

use openchat::{
    clock::Clock,
    nodes::{self, Bus, LogNews},
    projector::{self, Projector, ProjectorStatus, Rebuilt, Sources, Views},
    store::Context,
};
use openchat_domain::{BusinessId, ConversationId, conversation::Conversation};
use openchat_projections::Projection;
use tokio::sync::mpsc;
use tokio_postgres::Config;
use tokio_util::sync::CancellationToken;

use crate::{
    log::{context, conversation, customer, open, post, tenant},
    support::{Store, client, eventually},
};

/// A projector that follows a store of its own, like one node's.
struct Node {
    store: Store,
    views: Views,
    status: ProjectorStatus,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    /// What other nodes say goes in here.
    tell: mpsc::UnboundedSender<LogNews>,
}

impl Node {
    fn on(config: Config) -> Self {
        let mut store = Store::on(config);
        let (views, status, stop) = (Views::default(), ProjectorStatus::default(), CancellationToken::new());
        let (_, nothing) = mpsc::unbounded_channel();
        let announced = std::mem::replace(&mut store.announced, nothing);
        let node = nodes::Node::new(Clock::default().uuid());
        tokio::spawn(node.clone().run(store.pools.clone(), stop.clone()));
        let projector = Projector::new(
            store.pools.clone(),
            Clock::default(),
            views.clone(),
            status.clone(),
            vec![],
            (node, Bus::default()),
        );
        let (tell, heard) = mpsc::unbounded_channel();
        let task = tokio::spawn(projector.run(Sources { announced, heard }, stop.clone()));
        Self { store, views, status, stop, task, tell }
    }

    async fn open(&self, tenant: BusinessId) -> ConversationId {
        let id = conversation();
        self.store
            .aggregates
            .execute::<Conversation>(&context(tenant), id, &open(&customer()))
            .await
            .unwrap();
        id
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// Waits until the read models have folded the whole log, by the database.
pub(crate) async fn caught_up(config: &Config) {
    let db = client(config).await;
    let behind = "select count(*) from log_heads h left join checkpoints c on c.reader = 'views' and
                  c.tenant_id = h.tenant_id where h.position > coalesce(c.position, 0)";
    let done = async {
        while db.query_one(behind, &[]).await.unwrap().get::<_, i64>(0) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), done).await.expect("the projector catches up");
}

async fn rebuild(config: &Config, projections: &[Projection]) -> Vec<Rebuilt> {
    projector::rebuild(config, projections, Clock::default().now()).await.unwrap()
}

/// Every row of every read model, in a fixed order.
pub(crate) async fn dump(config: &Config) -> Vec<(String, Vec<String>)> {
    let db = client(config).await;
    let mut tables = Vec::new();
    for table in Projection::ALL.iter().flat_map(|p| p.tables()) {
        let sql = format!("select to_jsonb(t)::text from {table} t order by 1");
        let rows = db.query(&sql, &[]).await.unwrap();
        tables.push(((*table).to_owned(), rows.iter().map(|row| row.get(0)).collect()));
    }
    tables
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_appended_is_seen_at_once_and_after_a_restart_from_the_log() {
    let node = Node::on(crate::support::database().await);
    let tenant = tenant();
    let id = node.open(tenant).await;
    node.views.wait(tenant, 2, Duration::from_secs(10)).await.unwrap();
    let config = node.store.config.clone();
    let before = dump(&config).await;
    assert_eq!(before.iter().find(|(table, _)| table == "inbox").unwrap().1.len(), 1);
    node.stop().await;
    // Nobody folds while this is appended.
    let silent = Store::on(config.clone());
    silent
        .aggregates
        .execute::<Conversation>(&context(tenant), id, &post(&customer(), "Anybody?"))
        .await
        .unwrap();
    let later = Node::on(config.clone());
    caught_up(&config).await;
    later.views.wait(tenant, 3, Duration::from_secs(10)).await.unwrap();
    assert_eq!(dump(&config).await.iter().find(|(table, _)| table == "transcript").unwrap().1.len(), 2);
    later.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_node_tells_is_folded_from_memory_and_what_it_lacks_from_the_log() {
    let node = Node::on(crate::support::database().await);
    let tenant = tenant();
    let id = node.open(tenant).await;
    node.views.wait(tenant, 2, Duration::from_secs(10)).await.unwrap();
    let mut other = Store::on(node.store.config.clone());
    let mut news = Vec::new();
    for text in ["three", "four", "five"] {
        let said = post(&customer(), text);
        other.aggregates.execute::<Conversation>(&context(tenant), id, &said).await.unwrap();
        let events = other.announced.recv().await.unwrap();
        news.push(LogNews::Appended { tenant, position: events.last().unwrap().position, events });
    }
    let [three, four, five] = news.try_into().unwrap();
    let mut db = client(&other.config).await;
    let lock = db.transaction().await.unwrap();
    lock.batch_execute("lock table events").await.unwrap();
    node.tell.send(three).unwrap();
    node.views.wait(tenant, 3, Duration::from_secs(10)).await.expect("the log isn't read");
    lock.rollback().await.unwrap();
    node.tell.send(five).unwrap();
    node.views.wait(tenant, 5, Duration::from_secs(10)).await.expect("four is in the log");
    node.tell.send(four).unwrap();
    node.open(tenant).await;
    node.views.wait(tenant, 7, Duration::from_secs(10)).await.unwrap();
    let config = node.store.config.clone();
    node.stop().await;
    let live = dump(&config).await;
    rebuild(&config, Projection::ALL).await;
    assert_eq!(dump(&config).await, live);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_projectors_fold_each_event_once_between_them() {
    let one = Node::on(crate::support::database().await);
    let config = one.store.config.clone();
    let two = Node::on(config.clone());
    let tenants: Vec<_> = (0..5).map(|_| tenant()).collect();
    for round in 0..20 {
        for tenant in &tenants {
            let node = if round % 2 == 0 { &one } else { &two };
            node.open(*tenant).await;
        }
    }
    caught_up(&config).await;
    let live = dump(&config).await;
    one.stop().await;
    two.stop().await;
    rebuild(&config, Projection::ALL).await;
    assert_eq!(dump(&config).await, live);
    assert_eq!(live.iter().find(|(table, _)| table == "transcript").unwrap().1.len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_gives_the_same_while_the_server_goes_on() {
    let node = Arc::new(Node::on(crate::support::database().await));
    let config = node.store.config.clone();
    let tenants: Vec<_> = (0..3).map(|_| tenant()).collect();
    for tenant in &tenants {
        node.open(*tenant).await;
    }
    caught_up(&config).await;
    let (writer, written_for) = (Arc::clone(&node), tenants.clone());
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let writing = tokio::spawn(async move {
        let mut written = 0;
        while !stopped.is_cancelled() {
            for tenant in &written_for {
                writer.open(*tenant).await;
                written += 1;
            }
        }
        written
    });
    let rebuilt = rebuild(&config, Projection::ALL).await;
    assert!(rebuilt.iter().map(|it| it.projection).eq(Projection::ALL.iter().copied()));
    assert!(rebuilt.iter().all(|it| it.events > 0 && it.parked == 0));
    stop.cancel();
    let written = writing.await.unwrap();
    caught_up(&config).await;
    let live = dump(&config).await;
    assert_eq!(live.iter().find(|(table, _)| table == "inbox").unwrap().1.len(), 3 + written);
    // One by one they become the same.
    for &projection in Projection::ALL {
        rebuild(&config, &[projection]).await;
    }
    assert_eq!(dump(&config).await, live);
    assert_eq!(node.status.failing(), None);
    // The fresh tables are behind row-level security again.
    let db = node.store.pools.tenant(tenants[0]).await.unwrap();
    let rows =
        openchat_projections::Db::query(&db, "select distinct tenant_id from inbox", &[]).await.unwrap();
    assert_eq!(rows.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_table_has_the_settings_keys_and_indexes_of_the_old_one() {
    let config = crate::support::database().await;
    let db = client(&config).await;
    let shape = async || {
        let sql = "select t.relname || coalesce(t.reloptions::text, '') || string_agg(pg_get_indexdef(i.indexrelid), '; '
                       order by i.indexrelid::regclass::text) from pg_class t join pg_index i on i.indrelid = t.oid
                   where t.relnamespace = 'public'::regnamespace group by t.oid order by t.relname";
        let rows = db.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect::<Vec<String>>()
    };
    let before = shape().await;
    rebuild(&config, Projection::ALL).await;
    assert_eq!(shape().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_gives_way_to_a_reader_that_wants_one_table_after_another() {
    let config = crate::support::database().await;
    let (mut reader, db) = (client(&config).await, client(&config).await);
    let reading = reader.transaction().await.unwrap();
    reading.query("select from canned_replies", &[]).await.unwrap();
    let rebuilding = {
        let config = config.clone();
        tokio::spawn(async move { rebuild(&config, Projection::ALL).await })
    };
    // It has the inbox, and waits for the reader.
    let waits =
        "select from pg_locks held join pg_locks wanted using (pid) where held.relation = 'inbox'::regclass
                   and held.mode = 'AccessExclusiveLock' and held.granted
                   and wanted.relation = 'canned_replies'::regclass and not wanted.granted";
    eventually("the switch waits for the reader", async || !db.query(waits, &[]).await.unwrap().is_empty())
        .await;
    reading.query("select from inbox", &[]).await.expect("the reader isn't the one who gives way");
    reading.commit().await.unwrap();
    assert_eq!(rebuilding.await.unwrap().len(), Projection::ALL.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_cant_be_followed_is_parked_and_stops_nobody() {
    let node = Node::on(crate::support::database().await);
    let config = node.store.config.clone();
    let tenant = tenant();
    let poisoned = node.open(tenant).await;
    caught_up(&config).await;
    // An event that no fold can read, appended behind the server's back.
    let db = client(&config).await;
    db.batch_execute(&format!(
        "with head as (update log_heads set position = position + 1 where tenant_id = '{0}' returning position)
         insert into events select '{0}', head.position, 'conversation', '{poisoned}', 3, 'MessagePosted', '1',
             '{{\"type\": \"messagePosted\", \"broken\": true}}', metadata, recorded_at, gen_random_uuid(), 0,
             salt, digest from events e join head on true where e.tenant_id = '{0}' and e.position = 1",
        tenant.uuid()
    ))
    .await
    .unwrap();
    let healthy = node.open(tenant).await;
    caught_up(&config).await;
    node.views.wait(tenant, 5, Duration::from_secs(10)).await.unwrap();
    assert_eq!(node.status.parked(), Projection::ALL.len());
    let parked: i64 = db
        .query_one(
            "select count(*) from parked_streams where aggregate_id = $1 and position = 3",
            &[&poisoned.to_string()],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(usize::try_from(parked).unwrap(), Projection::ALL.len());
    let inbox: i64 = db.query_one("select count(*) from inbox", &[]).await.unwrap().get(0);
    assert_eq!(inbox, 2, "{healthy} came through, {poisoned} is as it was");
    // Once the cause is mended, a rebuild takes the stream in again, while the server goes on.
    db.batch_execute(
        "alter table events disable trigger all;
         update events set payload = (select payload from events where position = 2) where position = 3;
         alter table events enable trigger all",
    )
    .await
    .unwrap();
    assert!(rebuild(&config, Projection::ALL).await.iter().all(|it| it.parked == 0));
    let mended = Context::system(tenant, "test");
    let repost = post(&customer(), "Through again");
    node.store.aggregates.execute::<Conversation>(&mended, poisoned, &repost).await.unwrap();
    caught_up(&config).await;
    let messages: i64 = db
        .query_one("select count(*) from transcript where conversation_id = $1", &[&poisoned.uuid()])
        .await
        .unwrap()
        .get(0);
    assert_eq!(messages, 3);
    assert_eq!(node.status.parked(), 0);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_failed_batch_has_left_at_hand_counts_for_nothing() {
    let node = Node::on(crate::support::database().await);
    let config = node.store.config.clone();
    let tenant = tenant();
    let (healthy, poisoned) = (node.open(tenant).await, node.open(tenant).await);
    caught_up(&config).await;
    node.stop().await;
    let db = client(&config).await;
    let refuse =
        format!("alter table inbox add check (conversation_id <> '{}' or position <= 4)", poisoned.uuid());
    db.batch_execute(&refuse).await.unwrap();
    // Both in one batch, which fails.
    let silent = Store::on(config.clone());
    for id in [healthy, poisoned] {
        let post = post(&customer(), "Anybody?");
        silent.aggregates.execute::<Conversation>(&context(tenant), id, &post).await.unwrap();
    }
    let node = Node::on(config.clone());
    caught_up(&config).await;
    let rows = db.query("select conversation_id, position from inbox order by position", &[]).await.unwrap();
    let rows: Vec<(uuid::Uuid, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(rows, [(poisoned.uuid(), 4), (healthy.uuid(), 5)]);
    assert_eq!(node.status.parked(), 1);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_at_hand_of_a_read_model_that_is_built_anew_counts_for_nothing() {
    let config = crate::support::database().await;
    let node = Node::on(config.clone());
    let tenant = tenant();
    let id = node.open(tenant).await;
    caught_up(&config).await;
    node.stop().await;
    let db = client(&config).await;
    db.batch_execute(
        r#"update inbox set data = replace(data::text, '"tags":[]', '"tags":["damaged"]')::json"#,
    )
    .await
    .unwrap();
    let node = Node::on(config.clone());
    let tags = async || {
        let post = post(&customer(), "Anybody?");
        node.store.aggregates.execute::<Conversation>(&context(tenant), id, &post).await.unwrap();
        caught_up(&config).await;
        db.query_one("select data->>'tags' from inbox", &[]).await.unwrap().get::<_, String>(0)
    };
    assert_eq!(tags().await, r#"["damaged"]"#);
    rebuild(&config, &[Projection::Inbox]).await;
    assert_eq!(tags().await, "[]");
    assert!(node.status.failing().is_none());
    node.stop().await;
}
