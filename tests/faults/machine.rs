//! A machine that is in a bad way: a full disk, a clock that jumps, thousands of requests that never end.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use openchat::clock::Clock;
use rustix::process::{Resource, geteuid, getrlimit, setrlimit};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    crash::{load::Journal, world::World},
    routing::begin,
    support::{
        client, cluster::Cluster, eventually, installation::Installation, postgres::Postgres, scratch,
        server::Server,
    },
};

/// How many requests are begun and never finished.
const HALF_OPEN: usize = 5_000;

/// A small disk of its own for a directory. Dropped, it is gone.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    /// None where only root may mount.
    fn mount(name: &str, size: &str) -> Option<Self> {
        let dir = scratch(name);
        let mounted = geteuid().is_root()
            && Command::new("mount")
                .args(["-t", "tmpfs", "-o", &format!("size={size},mode=755"), "tmpfs"])
                .arg(&dir)
                .status()
                .is_ok_and(|status| status.success());
        mounted.then_some(Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        let _ = fs::remove_dir(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount("full-disk", "192m") else {
        eprintln!("**** NOT TESTED: a full disk, because only root may mount a small one ****");
        return;
    };
    let postgres = Postgres::init(&disk.0).await;
    postgres.start("-c max_wal_size=16MB -c shared_buffers=16MB").await;
    client(&postgres.config("postgres")).await.batch_execute("create database openchat").await.unwrap();
    let cluster = Cluster::start(postgres.config("openchat"), 1, None).await;
    let world = World::new(cluster.at(0)).await;
    let journal = Journal::new(true);
    let (talking, listeners) = (journal.begin(world.talkers()), world.listen());
    journal.progress(30).await;

    let filler = disk.0.join("filler");
    let fill = fs::File::create(&filler).unwrap();
    // As much as there is.
    let _ = std::io::copy(&mut std::io::repeat(0), &mut &fill);
    let (full, refused) = (Instant::now(), journal.refused());
    eventually("somebody is refused", async || postgres.is_gone().await || journal.refused() > refused).await;
    eprintln!("the disk had been full for {:?} when somebody was refused", full.elapsed());
    drop(fill);
    fs::remove_file(&filler).unwrap();
    eventually("Postgres answers again or has ended", async || {
        postgres.has_ended() || !postgres.is_gone().await
    })
    .await;
    if postgres.has_ended() {
        // A log that can't be written stops Postgres: whoever looks after it starts it again.
        postgres.start("-c max_wal_size=16MB -c shared_buffers=16MB").await;
    }
    journal.progress(30).await;
    journal.end();
    talking.join_all().await;
    let found = world.judge(&client(&cluster.config).await, &journal, listeners).await;
    eprintln!("a full disk: {found}");
    drop(cluster);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_half_open_requests_stop_nobody() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, rustix::process::Rlimit { current: limit.maximum, ..limit }).unwrap();
    if limit.maximum.is_some_and(|most| most < 12_000) {
        eprintln!("**** NOT TESTED: half-open requests, because so many files may not be open ****");
        return;
    }
    let mut installation = Installation::new("half-open");
    let server = installation.start().await;
    let anybody = installation.anybody();
    let business = anybody.set_up("Acme").await;
    let backend = anybody.with("x-api-key", &business.key(json!(["support:write", "support:read"])).await);
    begin(&backend, 0).await;
    let before = server.memory();
    let mut open = Vec::with_capacity(HALF_OPEN);
    for _ in 0..HALF_OPEN {
        let mut stream = TcpStream::connect(installation.address()).await.unwrap();
        stream.write_all(b"POST /api/auth/sign-in HTTP/1.1\r\nHost: openchat\r\nContent-Le").await.unwrap();
        open.push(stream);
    }
    let mut slowest = Duration::ZERO;
    for n in 1..20 {
        let begun = Instant::now();
        begin(&backend, n).await;
        slowest = slowest.max(begun.elapsed());
    }
    let grown = server.memory().saturating_sub(before);
    eprintln!(
        "with {HALF_OPEN} half-open requests the slowest of 19 took {slowest:?}, memory grew by {grown} KiB"
    );
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
    assert!(grown < 256 * 1024, "{grown} KiB");
    // They are not waited for.
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(30), open[0].read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "the server ends them");
    server.terminate();
    assert!(server.ended().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_changes_no_order() {
    let clock = Clock::at(Clock::default().now());
    let server = Server::on(crate::support::database().await, clock.clone()).await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await;
    let mut socket = business.owner.inbox_socket(None).await;
    socket.next("hello").await;
    let conversation = begin(&backend, 1).await;
    let path = format!("/api/public/support/conversations/{conversation}/messages");
    let mut positions = Vec::new();
    for (n, jump) in
        [TimeDelta::hours(-3), TimeDelta::days(2), TimeDelta::minutes(-90), TimeDelta::seconds(1)]
            .into_iter()
            .enumerate()
    {
        clock.advance(jump);
        let text = n.to_string();
        let body = json!({"message": {"type": "text", "text": text}});
        positions.push(backend.post(&path, body).await.is(201).position());
        while socket.next("message.posted").await["data"]["message"]["text"] != text {}
    }
    assert!(positions.is_sorted(), "{positions:?}");
    server.settled(business.id).await;
    let inbox =
        business.owner.get(&format!("/api/admin/support/conversations/{conversation}/messages")).await;
    let texts: Vec<String> = inbox.is(200).body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["text"].as_str().unwrap().to_owned())
        .collect();
    let mut wanted = vec!["Question 1", "0", "1", "2", "3"];
    if texts.first().is_some_and(|first| first == "3") {
        wanted.reverse();
    }
    assert_eq!(texts, wanted);
    server.stop().await;
}
