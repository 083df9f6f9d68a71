//! An event that a read model can't follow, and leaders that are killed while they are at it.

use openchat::clock::Clock;
use openchat_projections::Projection;
use serde_json::json;
use tokio_postgres::Client as Database;

use super::{Setting, same_as_rebuilt};
use crate::{
    routing::begin,
    support::{client, eventually},
};

/// What is said in the poisoned stream.
const STREAM: [&str; 5] = ["Question 1", "poison", "after", "later", "mended"];
/// What a test holds closed where a leader is to stand.
const LOCK: i64 = 4712;

/// Where a leader is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// While it folds the event for the so-and-so-many-th time.
    Try(i64),
    /// While it writes down that the stream is parked.
    Parking,
}

/// Lets the transcript refuse messages with a text, and whoever comes to the moment stand there.
async fn poison(db: &Database, moment: Moment) {
    let (stands_at, table) = match moment {
        Moment::Try(n) => (n, "transcript"),
        Moment::Parking => (1, "parked_streams"),
    };
    db.batch_execute(&format!(
        "create sequence test_tries;
         grant usage on sequence test_tries to public;
         create function test_stand() returns trigger language plpgsql as $$
         begin
             if nextval('test_tries') = {stands_at} then perform pg_advisory_xact_lock_shared({LOCK}); end if;
             return new;
         end $$;
         create function test_refuse() returns trigger language plpgsql as $$
         begin raise exception 'poison' using errcode = '22000'; end $$;
         create trigger a_stand before insert on {table} for each row execute function test_stand();
         create trigger b_refuse before insert on transcript for each row
         when (new.data->>'text' = 'poison') execute function test_refuse();
         select pg_advisory_lock({LOCK})"
    ))
    .await
    .unwrap();
}

/// Takes all of that away again.
async fn mend(db: &Database) {
    db.batch_execute(
        "drop function test_stand cascade; drop function test_refuse cascade; drop sequence test_tries",
    )
    .await
    .unwrap();
}

/// Which streams are parked, by which read model and where.
async fn parked(db: &Database) -> Vec<(String, String, i64)> {
    let sql = "select reader, aggregate_id, position from parked_streams order by position";
    let rows = db.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

/// Kills the leader when it has come to the moment; the other one must park the stream, once, and go on.
async fn killed_at(moment: Moment) {
    let mut setting = Setting::new(None).await;
    let db = client(&setting.cluster.config).await;
    let first = setting.cluster.led().await;
    let other = 1 - first.1;
    let mut socket = setting.socket(other).await;
    let healthy = begin(&setting.backends[other], 2).await;
    socket.next("conversation.opened").await;
    poison(&db, moment).await;

    setting.post(first.1, "poison").await;
    eventually("the leader stands there", async || {
        let sql = "select count(*) from pg_locks where locktype = 'advisory' and not granted";
        db.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 0
    })
    .await;
    assert_eq!(parked(&db).await, [], "it has committed nothing");
    setting.cluster.nodes[first.1].kill().await;
    db.batch_execute("select pg_advisory_unlock_all()").await.unwrap();
    eventually("the next leader parks the stream", async || !parked(&db).await.is_empty()).await;
    assert_eq!(setting.cluster.led().await, (first.0 + 1, other));

    // The stream's other read models go on, and so does everybody else.
    let path = format!("/api/public/support/conversations/{healthy}/messages");
    let body = json!({"message": {"type": "text", "text": "healthy"}});
    setting.backends[other].post(&path, body).await.is(201);
    setting.post(other, "after").await;
    assert_eq!(socket.hear(4).await, ["Question 2", "poison", "healthy", "after"]);
    setting.cluster.nodes[first.1].start().await;
    setting.cluster.nodes[other].kill().await;
    eventually("the first leads again", async || {
        setting.cluster.leader().await.is_some_and(|(_, node)| node == first.1)
    })
    .await;
    setting.post(first.1, "later").await;
    let stream = [(Projection::Transcript.name().to_owned(), setting.conversation.clone())];
    let is: Vec<_> = parked(&db).await.into_iter().map(|(reader, stream, _)| (reader, stream)).collect();
    assert_eq!(is, stream, "{moment:?}");

    mend(&db).await;
    let now = Clock::default().now();
    let rebuilt = openchat::projector::rebuild(&setting.cluster.config, &[Projection::Transcript], now).await;
    assert_eq!(rebuilt.unwrap()[0].parked, 0);
    assert_eq!(parked(&db).await, []);
    setting.post(first.1, "mended").await;
    let path = format!("/api/public/support/conversations/{}/messages", setting.conversation);
    eventually("the stream is there", async || {
        let read = setting.backends[first.1].get(&path).await.is(200).body;
        let mut texts: Vec<_> =
            read["data"].as_array().unwrap().iter().map(|it| it["text"].clone()).collect();
        texts.sort_by_key(|text| STREAM.iter().position(|it| text == it));
        texts == STREAM
    })
    .await;
    same_as_rebuilt(&setting.cluster).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_killed_while_it_folds_poison_leaves_the_stream_to_the_next_to_park() {
    killed_at(Moment::Try(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_killed_while_it_tries_poison_again_leaves_the_stream_to_the_next_to_park() {
    killed_at(Moment::Try(4)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_killed_while_it_parks_a_stream_leaves_it_to_the_next_to_park() {
    killed_at(Moment::Parking).await;
}
