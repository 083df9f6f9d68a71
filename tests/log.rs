//! The log: dense positions, one outcome per command, and what two writers may not do to each other.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use openchat::{
    clock::Clock,
    store::{Aggregates, Append, Appended, Condition, Context, ExecuteError, Facts, Others},
};
use openchat_domain::{
    Actor, AgentId, BusinessId, CommandId, ConversationId, CustomerId, DomainEvent, EventMetadata, MessageId,
    MessageText, Name, Recorded, Stream, Via,
    conversation::{
        AgentRef, Author, Channel, Conversation, ConversationCommand, ConversationEvent, ConversationRefusal,
        CustomerRef, MessageBody, NewMessage,
    },
    customer::{Customer, CustomerCommand, ProfileChanges},
};

use crate::support::{Store, client, queued};

fn clock() -> Clock {
    Clock::default()
}

pub(crate) fn tenant() -> BusinessId {
    BusinessId::from_uuid(clock().uuid())
}

pub(crate) fn conversation() -> ConversationId {
    ConversationId::from_uuid(clock().uuid())
}

pub(crate) fn customer() -> CustomerRef {
    CustomerRef {
        id: CustomerId::from_uuid(clock().uuid()),
        external_user_id: None,
        name: Some(Name::new("Jane").unwrap()),
        email: None,
        phone: None,
        metadata: openchat_domain::Metadata::default(),
    }
}

pub(crate) fn agent(name: &str) -> AgentRef {
    AgentRef { id: AgentId::from_uuid(clock().uuid()), name: Name::new(name).unwrap() }
}

fn message(text: &str) -> NewMessage {
    NewMessage {
        id: MessageId::from_uuid(clock().uuid()),
        body: MessageBody::Text { text: MessageText::new(text).unwrap() },
        client_message_id: None,
    }
}

pub(crate) fn open(customer: &CustomerRef) -> ConversationCommand {
    ConversationCommand::Open {
        customer: customer.clone(),
        channel: Channel::Api,
        subject: None,
        message: Some(message("Hello")),
    }
}

pub(crate) fn post(customer: &CustomerRef, text: &str) -> ConversationCommand {
    ConversationCommand::PostMessage { author: customer.into(), message: message(text) }
}

pub(crate) fn context(tenant: BusinessId) -> Context {
    Context::system(tenant, "test")
}

/// The positions and sequences of everything that a tenant's log holds.
async fn rows(store: &Store, tenant: BusinessId) -> Vec<(i64, String, i64)> {
    let db = client(&store.config).await;
    let rows = db
        .query(
            "select position, aggregate_id, sequence from events where tenant_id = $1 order by position",
            &[&tenant.uuid()],
        )
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

/// Asserts 1, 2, 3, … for the log and for each stream in it, and that the head agrees.
async fn assert_dense(store: &Store, tenant: BusinessId) -> usize {
    let rows = rows(store, tenant).await;
    let mut sequences: HashMap<&str, i64> = HashMap::new();
    for (n, (position, stream, sequence)) in (1..).zip(&rows) {
        assert_eq!(*position, n);
        let last = sequences.entry(stream).or_default();
        *last += 1;
        assert_eq!(sequence, last);
    }
    let db = client(&store.config).await;
    let head: i64 = db
        .query_one("select position from log_heads where tenant_id = $1", &[&tenant.uuid()])
        .await
        .unwrap()
        .get(0);
    assert_eq!(usize::try_from(head).unwrap(), rows.len());
    rows.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_commands_on_one_conversation_are_contiguous_and_none_is_lost() {
    let store = Store::new().await;
    let (tenant, id, customer) = (tenant(), conversation(), customer());
    store.aggregates.execute::<Conversation>(&context(tenant), id, &open(&customer)).await.unwrap();
    let posted = join_all((0..32).map(|n| {
        let (store, customer) = (&store, &customer);
        async move {
            let command = post(customer, &format!("message {n}"));
            store.aggregates.execute::<Conversation>(&context(tenant), id, &command).await.unwrap().position
        }
    }))
    .await;
    let mut positions = posted.clone();
    positions.sort_unstable();
    positions.dedup();
    assert_eq!(positions.len(), 32);
    assert_eq!(assert_dense(&store, tenant).await, 34);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_the_same_conversations_lose_nothing() {
    let one = Store::new().await;
    let two = Store::on(one.config.clone());
    let (tenant, customer) = (tenant(), customer());
    let ids: Vec<_> = (0..2).map(|_| conversation()).collect();
    for id in &ids {
        one.aggregates.execute::<Conversation>(&context(tenant), *id, &open(&customer)).await.unwrap();
    }
    let posts = (0..600).map(|n| {
        let (store, id, customer) = (if n % 2 == 0 { &one } else { &two }, ids[n % ids.len()], &customer);
        async move {
            // Whoever is slower gets its turn, too.
            let said = post(customer, &n.to_string());
            store.aggregates.execute::<Conversation>(&context(tenant), id, &said).await.unwrap().position
        }
    });
    let mut positions = join_all(posts).await;
    positions.sort_unstable();
    positions.dedup();
    assert_eq!(positions.len(), 600);
    assert_eq!(assert_dense(&one, tenant).await, 4 + 600);
}

/// A customer whom two nodes know: one that hears of what the other records, when the test says so.
struct Known {
    hearing: Aggregates,
    others: Others,
    telling: Store,
    tenant: BusinessId,
    id: CustomerId,
}

impl Known {
    async fn new() -> Self {
        let one = Store::new().await;
        let others = Others::default();
        others.note(vec![clock().uuid()], Instant::now());
        let known = Self {
            hearing: one.aggregates.clone().beside(others.clone()),
            others,
            telling: Store::on(one.config.clone()),
            tenant: tenant(),
            id: customer().id,
        };
        known.record(known.id, CustomerCommand::Arrive { profile: named("Jane") }).await;
        // What is heard counts from the first thing heard, and so does what is read after it.
        known.hearing.state::<Customer>(known.tenant, known.id).await.unwrap();
        known
    }

    /// Records something on the node that hears, which takes note of it like its appender does.
    async fn record(&self, id: CustomerId, command: CustomerCommand) {
        let done = self.hearing.execute::<Customer>(&context(self.tenant), id, &command).await.unwrap();
        self.others.hear(self.tenant, done.events.iter().map(|event| event.position));
    }

    /// Renames on the other node; answers what that one tells.
    async fn rename(&mut self, name: &str) -> Vec<Arc<Recorded>> {
        let command = CustomerCommand::ChangeProfile { changes: named(name) };
        self.telling.aggregates.execute::<Customer>(&context(self.tenant), self.id, &command).await.unwrap();
        self.telling.announced.recv().await.unwrap()
    }

    async fn name(&self) -> String {
        match self.hearing.recent::<Customer>(self.tenant, self.id).await.unwrap() {
            Customer::Anonymous { profile } => profile.name.unwrap().as_str().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    /// The same while the log can't be read.
    async fn name_unasked(&self) -> String {
        let mut db = client(&self.telling.config).await;
        let lock = db.transaction().await.unwrap();
        lock.batch_execute("lock table events").await.unwrap();
        let name = tokio::time::timeout(Duration::from_secs(5), self.name()).await;
        lock.rollback().await.unwrap();
        name.expect("the log isn't asked")
    }
}

fn named(name: &str) -> ProfileChanges {
    ProfileChanges { name: Some(Some(Name::new(name).unwrap())), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_is_looked_at_again_only_beside_another_writer() {
    let mut known = Known::new().await;
    known.rename("Jane Doe").await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    known.others.note(vec![], Instant::now());
    assert_eq!(known.name().await, "Jane");
    known.others.note(vec![clock().uuid()], Instant::now());
    assert_eq!(known.name().await, "Jane Doe");
    // What was said of the others is believed for as long as a state is.
    known.others.note(vec![], Instant::now());
    known.rename("Jane").await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(known.name().await, "Jane");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_node_tells_is_known_without_a_look() {
    let mut known = Known::new().await;
    let told = known.rename("Jane Doe").await;
    assert_eq!(known.name().await, "Jane", "nobody has told, and a second is not over");
    known.hearing.hear(known.tenant, &told);
    assert_eq!(known.name_unasked().await, "Jane Doe");
    // Told twice is told once.
    known.hearing.hear(known.tenant, &told);

    // Longer ago than is believed by itself; but something recorded since shows that nothing has been missed.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    known.record(customer().id, CustomerCommand::Arrive { profile: named("Joe") }).await;
    assert_eq!(known.name_unasked().await, "Jane Doe");

    // Something that isn't told leaves a hole, and the log is asked.
    known.rename("Jane Roe").await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    known.record(customer().id, CustomerCommand::Arrive { profile: named("Jim") }).await;
    assert_eq!(known.name().await, "Jane Roe");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_told_of_what_comes_later_asks_for_what_is_missing() {
    let mut known = Known::new().await;
    known.rename("Jane Doe").await;
    let told = known.rename("Jane Roe").await;
    known.hearing.hear(known.tenant, &told);
    assert_eq!(known.name().await, "Jane Roe", "although a second is not over");
    known.rename("Jane Poe").await;
    let told = known.rename("Jane Doe").await;
    known.hearing.hear(known.tenant, &told);
    known.record(known.id, CustomerCommand::ChangeProfile { changes: named("Jane") }).await;
    assert_eq!(known.name().await, "Jane");
    let store = Store::on(known.telling.config.clone());
    assert_eq!(assert_dense(&store, known.tenant).await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tenants_in_one_batch_stay_dense_each() {
    let store = Store::new().await;
    let customer = customer();
    let tenants: Vec<_> = (0..20).map(|_| tenant()).collect();
    join_all(tenants.iter().flat_map(|tenant| (0..10).map(move |_| *tenant)).map(|tenant| {
        let (store, customer) = (&store, &customer);
        async move {
            store
                .aggregates
                .execute::<Conversation>(&context(tenant), conversation(), &open(customer))
                .await
                .unwrap();
        }
    }))
    .await;
    for tenant in tenants {
        assert_eq!(assert_dense(&store, tenant).await, 20);
    }
}

#[tokio::test]
async fn who_was_just_answered_goes_with_those_who_came_too_late_for_that_batch() {
    const EACH: usize = 20;
    let mut store = Store::new().await;
    let tenant = tenant();
    let fresh = move || raw(tenant, conversation(), 0, CommandId::from_uuid(clock().uuid()));
    assert!(matches!(store.appender.append(fresh()).await, Ok(Appended::Recorded(_))));
    let appending = || {
        let appender = store.appender.clone();
        tokio::spawn(async move {
            for _ in 0..EACH {
                assert!(matches!(appender.append(fresh()).await, Ok(Appended::Recorded(_))));
            }
        })
    };

    // One is on its way, and held up, when the others come.
    let db = client(&store.config).await;
    db.batch_execute("begin").await.unwrap();
    db.execute("select from log_heads where tenant_id = $1 for update", &[&tenant.uuid()]).await.unwrap();
    let mut all = vec![appending()];
    queued(&client(&store.config).await, 1).await;
    all.extend((1..8).map(|_| appending()));
    db.batch_execute("commit").await.unwrap();
    for appending in all {
        appending.await.unwrap();
    }

    let mut batches = Vec::new();
    while let Ok(events) = store.announced.try_recv() {
        batches.push(events.len());
    }
    // They would be in two batches for each round, the one and the seven by turns.
    assert!(batches.len() <= EACH + 5, "{batches:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_whose_log_is_locked_holds_no_other_up() {
    let store = Store::new().await;
    let (stuck, other) = (tenant(), tenant());
    let appended = |tenant| {
        let append = raw(tenant, conversation(), 0, CommandId::from_uuid(clock().uuid()));
        let appender = store.appender.clone();
        tokio::spawn(async move { appender.append(append).await })
    };
    for tenant in [stuck, other] {
        assert!(matches!(appended(tenant).await, Ok(Ok(Appended::Recorded(_)))));
    }
    let db = client(&store.config).await;
    db.batch_execute("begin").await.unwrap();
    db.execute("select from log_heads where tenant_id = $1 for update", &[&stuck.uuid()]).await.unwrap();
    let waiting = [appended(stuck), appended(stuck)];
    queued(&client(&store.config).await, 1).await;
    for _ in 0..10 {
        let passed = tokio::time::timeout(Duration::from_secs(1), appended(other)).await;
        assert!(matches!(passed, Ok(Ok(Ok(Appended::Recorded(_))))));
    }
    assert!(!waiting.iter().any(tokio::task::JoinHandle::is_finished));
    db.batch_execute("commit").await.unwrap();
    for appended in waiting {
        assert!(matches!(appended.await, Ok(Ok(Appended::Recorded(_)))));
    }
    assert_eq!((assert_dense(&store, stuck).await, assert_dense(&store, other).await), (3, 11));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_id_happens_once_and_answers_the_same_ever_after() {
    let store = Store::new().await;
    let (tenant, id, customer) = (tenant(), conversation(), customer());
    store.aggregates.execute::<Conversation>(&context(tenant), id, &open(&customer)).await.unwrap();
    let once = context(tenant).once(CommandId::derive(tenant, &["the same"]));
    let answers =
        join_all((0..8).map(|_| {
            let (store, customer, once) = (&store, &customer, &once);
            async move {
                store.aggregates.execute::<Conversation>(once, id, &post(customer, "Hello?")).await.unwrap()
            }
        }))
        .await;
    let first: &[Arc<Recorded>] = &answers.iter().find(|a| !a.replayed).unwrap().events;
    assert_eq!(answers.iter().filter(|a| !a.replayed).count(), 1);
    assert!(answers.iter().all(|a| a.events == first));
    // The same intent after the process has been restarted, and aimed at another aggregate by mistake.
    let later = Store::on(store.config.clone());
    let again =
        later.aggregates.execute::<Conversation>(&once, conversation(), &open(&customer)).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.events, first);
    assert_eq!(assert_dense(&store, tenant).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_command_is_recognised_even_when_the_state_would_refuse_it_now() {
    let store = Store::new().await;
    let (tenant, id, customer) = (tenant(), conversation(), customer());
    let once = context(tenant).once(CommandId::derive(tenant, &["open"]));
    let first = store.aggregates.execute::<Conversation>(&once, id, &open(&customer)).await.unwrap();
    let again = store.aggregates.execute::<Conversation>(&once, id, &open(&customer)).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.events, first.events);
    let other = store.aggregates.execute::<Conversation>(&context(tenant), id, &open(&customer)).await;
    assert!(matches!(other, Err(ExecuteError::Refused(ConversationRefusal::AlreadyOpened))));
}

fn raw(tenant: BusinessId, id: ConversationId, expected: i64, command: CommandId) -> Append {
    let system = Actor::System("test");
    Append {
        tenant,
        stream: Stream::Conversation(id),
        expected,
        command,
        metadata: EventMetadata::new(tenant, system, Via::Internal, command),
        at: clock().now(),
        condition: None,
        fence: None,
        events: vec![DomainEvent::Conversation(
            id,
            ConversationEvent::MessagePosted {
                message_id: MessageId::from_uuid(clock().uuid()),
                author: Author::System,
                body: MessageBody::Text { text: MessageText::new("raw").unwrap() },
                client_message_id: None,
            },
        )],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_command_in_a_batch_never_fails_its_neighbours() {
    let store = Store::new().await;
    let tenant = tenant();
    let fresh = || CommandId::from_uuid(clock().uuid());
    let done = raw(tenant, conversation(), 0, fresh());
    let (done_id, touched) = (done.command, done.stream);
    assert!(matches!(store.appender.append(done).await, Ok(Appended::Recorded(_))));
    // All of these wait while the first batch commits, so they go out together.
    let mut batch: Vec<Append> = (0..30).map(|_| raw(tenant, conversation(), 0, fresh())).collect();
    batch.insert(7, raw(tenant, conversation(), 5, fresh()));
    batch.insert(13, raw(tenant, conversation(), 0, done_id));
    let mut unmet = raw(tenant, conversation(), 0, fresh());
    unmet.condition = Some(Condition { after: 0, facts: Facts::Types("Nothing,MessagePosted") });
    batch.insert(21, unmet);
    let mut met = raw(tenant, conversation(), 0, fresh());
    met.condition = Some(Condition { after: 0, facts: Facts::Types("Nothing") });
    batch.push(met);
    for after in [0, 1] {
        let mut resting = raw(tenant, conversation(), 0, fresh());
        resting.condition = Some(Condition { after, facts: Facts::Stream(touched) });
        batch.push(resting);
    }
    let outcomes = join_all(batch.into_iter().map(|append| store.appender.append(append))).await;
    let kinds: Vec<_> = outcomes
        .iter()
        .map(|o| match o {
            Ok(Appended::Recorded(_)) => 'r',
            Ok(Appended::Conflict) => 'c',
            Ok(Appended::Done(1)) => 'd',
            Ok(Appended::Unmet) => 'u',
            other => panic!("{other:?}"),
        })
        .collect();
    let expected: String = (0..36)
        .map(|n| match n {
            7 => 'c',
            13 => 'd',
            21 | 34 => 'u',
            _ => 'r',
        })
        .collect();
    assert_eq!(kinds.into_iter().collect::<String>(), expected);
    assert_eq!(assert_dense(&store, tenant).await, 1 + 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_can_be_neither_changed_nor_deleted() {
    let store = Store::new().await;
    let tenant = tenant();
    store
        .aggregates
        .execute::<Conversation>(&context(tenant), conversation(), &open(&customer()))
        .await
        .unwrap();
    let db = client(&store.config).await;
    for sql in ["update events set position = 9", "delete from events", "truncate events"] {
        let refused = db.batch_execute(sql).await.unwrap_err();
        assert!(refused.as_db_error().unwrap().message().contains("append-only"), "{sql}: {refused}");
    }
    assert_dense(&store, tenant).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_sees_its_tenants_rows_only_whatever_it_asks_for() {
    use openchat_projections::Db;
    let store = Store::new().await;
    let (mine, other) = (tenant(), tenant());
    for tenant in [mine, other] {
        store
            .aggregates
            .execute::<Conversation>(&context(tenant), conversation(), &open(&customer()))
            .await
            .unwrap();
    }
    for tenant in [mine, other, mine] {
        let db = store.pools.tenant(tenant).await.unwrap();
        let rows = db.query("select distinct tenant_id from events", &[]).await.unwrap();
        let seen: Vec<uuid::Uuid> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(seen, [tenant.uuid()]);
        let foreign = if tenant == mine { other } else { mine };
        let into = "insert into snapshots values ($1, 'cnv_x', 1, 1, 1, '{}')";
        let refused = db.execute(into, &[&foreign.uuid()]).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "42501", "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_and_the_events_after_it_give_the_state_that_all_events_give() {
    let store = Store::new().await;
    let (tenant, customer) = (tenant(), CustomerId::from_uuid(clock().uuid()));
    let arrive = CustomerCommand::Arrive { profile: ProfileChanges::default() };
    store.aggregates.execute::<Customer>(&context(tenant), customer, &arrive).await.unwrap();
    let named = |n: u32| ProfileChanges {
        name: Some(Some(Name::new(&format!("Name {n}")).unwrap())),
        ..ProfileChanges::default()
    };
    for n in 0..250 {
        let command = CustomerCommand::ChangeProfile { changes: named(n) };
        store.aggregates.execute::<Customer>(&context(tenant), customer, &command).await.unwrap();
    }
    let db = client(&store.config).await;
    let saved = async {
        loop {
            let row = db.query_opt("select sequence from snapshots", &[]).await.unwrap();
            if row.is_some_and(|row| row.get::<_, i64>(0) == 200) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), saved).await.unwrap();
    let live = store.aggregates.state::<Customer>(tenant, customer).await.unwrap();
    let loaded =
        Store::on(store.config.clone()).aggregates.state::<Customer>(tenant, customer).await.unwrap();
    assert_eq!(loaded, live);
    // The snapshot is really used: without the events that it stands for, the state is still whole.
    db.batch_execute("alter table events disable trigger all; delete from events where sequence <= 200;")
        .await
        .unwrap();
    let from_snapshot =
        Store::on(store.config.clone()).aggregates.state::<Customer>(tenant, customer).await.unwrap();
    assert_eq!(from_snapshot, live);
    // And thrown away when its form is another version's.
    db.batch_execute("update snapshots set snapshot_version = 0").await.unwrap();
    let without =
        Store::on(store.config.clone()).aggregates.state::<Customer>(tenant, customer).await.unwrap();
    assert_ne!(without, live);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_on_a_stale_state_is_decided_again() {
    let one = Store::new().await;
    let two = Store::on(one.config.clone());
    let (tenant, id, customer, jane, joe) =
        (tenant(), conversation(), customer(), agent("Jane"), agent("Joe"));
    one.aggregates.execute::<Conversation>(&context(tenant), id, &open(&customer)).await.unwrap();
    let claim = |who: &AgentRef| ConversationCommand::Assign { to: who.clone(), by: who.id, from: None };
    // Both have the waiting conversation at hand; the second claim meets the first one's event.
    two.aggregates.state::<Conversation>(tenant, id).await.unwrap();
    one.aggregates.execute::<Conversation>(&context(tenant), id, &claim(&jane)).await.unwrap();
    let second = two.aggregates.execute::<Conversation>(&context(tenant), id, &claim(&joe)).await;
    let Err(ExecuteError::Refused(refusal)) = second else { panic!("{second:?}") };
    assert_eq!(refusal, ConversationRefusal::AlreadyAssigned { assignee: jane.id });
    // What seems to be done already on a stale state isn't taken for done.
    let now = clock().now();
    let resolve = ConversationCommand::Resolve { by: jane.clone(), now };
    one.aggregates.execute::<Conversation>(&context(tenant), id, &resolve).await.unwrap();
    two.aggregates.execute::<Conversation>(&context(tenant), id, &post(&customer, "Again")).await.unwrap();
    let again = one.aggregates.execute::<Conversation>(&context(tenant), id, &resolve).await.unwrap();
    assert_eq!(again.events.len(), 1);
}
