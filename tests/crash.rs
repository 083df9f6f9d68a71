//! What clients may rely on when the server or its Postgres is killed, with the real binary and a Postgres that syncs.

mod listener;
pub(crate) mod load;
pub(crate) mod verdict;
pub(crate) mod world;

use std::time::{Duration, Instant};

use openchat_domain::BusinessId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    eventually,
    gate::Gate,
    installation::{Installation, Process, gone},
    server::Client,
};
use load::Journal;
use verdict::Log;
use world::World;

/// Numbers that are all over the place and the same in every run.
fn dice(n: usize) -> usize {
    n.wrapping_mul(2_654_435_761) >> 7
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_killed_in_the_middle_of_load_loses_and_doubles_nothing() {
    const KILLS: usize = 8;
    let begun = Instant::now();
    let mut installation = Installation::new("killed");
    let mut server = installation.start().await;
    let world = World::new(installation.anybody()).await;
    let postgres = installation.postmaster();

    let journal = Journal::new(false);
    let (talking, listeners) = (journal.begin(world.talkers()), world.listen());
    for kill in 0..KILLS {
        // Once as soon as it is up, otherwise after it has done some work, never the same amount.
        if kill != 3 {
            journal.progress(15 + dice(kill) % 60).await;
        }
        server.kill().await;
        assert_eq!(installation.postmaster(), postgres, "Postgres goes on");
        server = installation.start().await;
    }
    assert_eq!(installation.postmaster(), postgres, "every start has adopted it");
    journal.progress(50).await;
    journal.end();
    talking.join_all().await;

    let found = world.judge(&installation.database().await, &journal, listeners).await;
    eprintln!("{KILLS} kills of the server in {:?}: {found}", begun.elapsed());
    server.terminate();
    assert!(server.ended().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_killed_under_a_living_server_loses_and_doubles_nothing() {
    const KILLS: usize = 4;
    let begun = Instant::now();
    let mut installation = Installation::new("postgres-killed");
    let server = installation.start().await;
    let world = World::new(installation.anybody()).await;

    let journal = Journal::new(true);
    let (talking, listeners) = (journal.begin(world.talkers()), world.listen());
    let mut slowest = Duration::ZERO;
    for kill in 0..KILLS {
        journal.progress(20 + dice(kill) % 60).await;
        let killed = Instant::now();
        let before = installation.postmaster();
        installation.kill_postgres();
        eventually("another Postgres runs", async || {
            installation.postmaster().is_some_and(|it| Some(it) != before)
        })
        .await;
        eventually("the server is ready", async || ready(&world.anybody).await).await;
        slowest = slowest.max(killed.elapsed());
    }
    journal.progress(50).await;
    journal.end();
    talking.join_all().await;

    let found = world.judge(&installation.database().await, &journal, listeners).await;
    eprintln!(
        "{KILLS} kills of Postgres in {:?}, ready again after {slowest:?} at most: {found}",
        begun.elapsed()
    );
    server.terminate();
    assert!(server.ended().await.success());
}

/// What happens to a command's statement when the server is killed.
enum Fate {
    /// It commits, and nobody hears of it.
    Recorded,
    /// It is rolled back.
    Undone,
    /// It commits long after, while the next server carries the command out again.
    Late,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_at_the_worst_moment_answers_the_next_time() {
    let begun = Instant::now();
    let mut installation = Installation::new("worst-moment");
    let mut server = installation.start().await;
    let world = World::new(installation.anybody()).await;
    let journal = Journal::new(false);
    let mut kills = 0;
    for talker in world.one_of_each() {
        for fate in [Fate::Recorded, Fate::Undone, Fate::Late] {
            let gate = Gate::close(installation.database().await, "MessagePosted").await;
            let request = tokio::spawn(talker.clone().say(journal.clone()));
            gate.reached().await;
            match fate {
                Fate::Recorded => {
                    // Stopped, it can't hear that the statement has committed, which it has when the gate is open.
                    server.pause();
                    gate.open().await;
                    server.kill().await;
                    server = installation.start().await;
                }
                Fate::Undone => {
                    server.kill().await;
                    gate.turn_away().await;
                    gate.open().await;
                    server = installation.start().await;
                }
                Fate::Late => {
                    server.kill().await;
                    server = installation.start().await;
                    // The same command stands behind its own forerunner.
                    gate.queued(2).await;
                    gate.open().await;
                }
            }
            kills += 1;
            tokio::time::timeout(Duration::from_secs(30), request).await.expect("it is answered").unwrap();
        }
    }

    let log = Log::read(&installation.database().await, world.tenant).await;
    let requests = journal.requests();
    assert_eq!(requests.iter().filter(|it| it.answer.is_some()).count(), kills);
    log.check_requests(&requests);
    journal.repeat_all().await;
    eprintln!("{kills} kills between decision and answer in {:?}", begun.elapsed());
    server.terminate();
    assert!(server.ended().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_whose_beginning_was_cut_short_is_begun_by_asking_again() {
    let mut installation = Installation::new("cut-short");
    let mut server = installation.start().await;
    let anybody = installation.anybody();
    let owner = anybody.sign_up("Olivia Owner").await;
    let set_up = ("/api/business/setup", json!({"businessName": "Acme"}));

    // Nothing of the business, then all of it but its owner's place on the team.
    for event in ["BusinessSetUp", "AgentJoined"] {
        server = killed_at(&mut installation, server, event, &owner, &set_up).await;
    }
    let tried = owner.post(set_up.0, set_up.1).await.is(201);
    let business: BusinessId = tried.text("/business/id").parse().unwrap();
    let me = owner.get("/api/auth/me").await.is(200);
    assert_eq!((me.text("/role"), me.text("/business/id")), ("owner".to_owned(), business.to_string()));

    let invite = json!({"email": "ben@example.com", "name": "Ben", "role": "agent"});
    let invited = owner.post("/api/business/agents", invite).await.is(201).text("/inviteUrl");
    let token = invited.rsplit('/').next().unwrap();
    let accept = ("/api/auth/accept-invite", json!({"token": token, "password": "correct horse battery"}));
    server = killed_at(&mut installation, server, "AgentJoined", &anybody, &accept).await;
    let accepted = anybody.post(accept.0, accept.1).await.is(200);
    assert_eq!(
        (accepted.text("/role"), accepted.text("/business/id")),
        ("agent".to_owned(), business.to_string())
    );

    let db = installation.database().await;
    let sql = "select string_agg(event_type, ' ' order by position) from events where tenant_id = $1";
    let log: String = db.query_one(sql, &[&business.uuid()]).await.unwrap().get(0);
    assert_eq!(log, "BusinessSetUp AgentJoined AgentInvited AgentJoined");
    server.terminate();
    assert!(server.ended().await.success());
}

/// Sends a request and kills the server when it is about to record an event, which it then doesn't; starts the next.
async fn killed_at(
    installation: &mut Installation,
    server: Process,
    event: &str,
    client: &Client,
    (path, body): &(&'static str, Value),
) -> Process {
    let gate = Gate::close(installation.database().await, event).await;
    let (client, path, body) = (client.clone(), *path, body.clone());
    let request = tokio::spawn(async move { client.try_send(Method::POST, path, Some(body)).await });
    gate.reached().await;
    server.kill().await;
    gate.turn_away().await;
    gate.open().await;
    assert!(request.await.unwrap().is_err(), "it was cut off");
    installation.start().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_at_a_time_and_the_next_one_adopts_what_a_killed_one_left() {
    let mut installation = Installation::new("one-at-a-time");
    let server = installation.start().await;
    let postgres = installation.postmaster();
    let business = installation.anybody().set_up("Acme").await;

    let refused = installation.start_in_vain().await;
    assert_eq!(refused.status.code(), Some(1), "{}", refused.stderr);
    let last = refused.stderr.lines().last().unwrap();
    assert!(last.starts_with("openchat: "), "{last}");
    assert!(last.contains(&format!("process {}", server.pid().as_raw_nonzero())), "{last}");
    eprintln!("refused after {:?}: {last}", refused.took);
    business.owner.get("/api/auth/me").await.is(200);

    server.kill().await;
    let server = installation.start().await;
    assert_eq!(installation.postmaster(), postgres);
    business.owner.get("/api/auth/me").await.is(200);
    server.terminate();
    assert!(server.ended().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_told_to_stop_finishes_what_it_has_begun() {
    let mut installation = Installation::new("stopped");
    let server = installation.start().await;
    let world = World::new(installation.anybody()).await;
    let postgres = installation.postmaster().unwrap();
    let mut sockets = [world.agents[0].inbox_socket(None).await, world.customers[0].chat_socket(None).await];
    for socket in &mut sockets {
        socket.next("hello").await;
    }

    let journal = Journal::new(true);
    let gate = Gate::close(installation.database().await, "MessagePosted").await;
    let request = tokio::spawn(world.talker(0, "backend", world.by_backend(0)).say(journal.clone()));
    gate.reached().await;
    let begun = Instant::now();
    server.terminate();
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, Some(4012));
    }
    eventually("nobody is let in any more", async || {
        world.anybody.try_send(Method::GET, "/healthz", None).await.is_err()
    })
    .await;
    assert!(!request.is_finished());
    gate.open().await;
    request.await.unwrap();
    assert!(journal.requests()[0].answer.is_some());
    assert!(server.ended().await.success());
    gone(postgres).await;
    assert_eq!(installation.postmaster(), None, "Postgres has put its things away");
    eprintln!("stopped after {:?}", begun.elapsed());

    let server = installation.start().await;
    let log = Log::read(&installation.database().await, world.tenant).await;
    log.check_requests(&journal.requests());
    journal.repeat_all().await;
    server.terminate();
    assert!(server.ended().await.success());
}

/// Whether the server says that it is ready; otherwise it must say why not, and for how long.
async fn ready(anybody: &Client) -> bool {
    let answer = anybody.get("/readyz").await;
    if answer.status.is_success() {
        return true;
    }
    let answer = answer.refused_with(503, "not_ready");
    assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
    false
}
