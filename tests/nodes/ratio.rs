//! What a second node costs: `cargo test --release --test tests -- --ignored --nocapture nodes::ratio`.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use serde_json::json;

use super::Setting;
use crate::{routing::begin, support::nats::Nats};

const AT_ONCE: usize = 32;
const ROUND: Duration = Duration::from_secs(3);
const ROUNDS: usize = 5;

/// Messages per second that so many nodes take together; each conversation's go to all of them in turn.
async fn rate(setting: &Setting, conversations: &[String], nodes: &[usize]) -> f64 {
    let begun = Instant::now();
    let posting = join_all(conversations.iter().map(async |conversation| {
        let path = format!("/api/public/support/conversations/{conversation}/messages");
        let mut posted = 0;
        while begun.elapsed() < ROUND {
            let body = json!({"message": {"type": "text", "text": posted.to_string()}});
            setting.backends[nodes[posted % nodes.len()]].post(&path, body).await.is(201);
            posted += 1;
        }
        posted
    }));
    let posted: usize = posting.await.into_iter().sum();
    f64::from(u32::try_from(posted).unwrap()) / begun.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn two_nodes_take_nearly_what_one_takes() {
    let nats = Nats::start().await;
    let setting = Setting::new(Some(&nats)).await;
    let (_, leader) = setting.cluster.led().await;
    let mut conversations = Vec::new();
    for n in 0..AT_ONCE {
        conversations.push(begin(&setting.backends[0], n + 2).await);
    }
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        let one = rate(&setting, &conversations, &[leader]).await;
        let two = rate(&setting, &conversations, &[0, 1]).await;
        eprintln!("round {round}: one node {one:.0}/s, two nodes {two:.0}/s");
        ratios.push(two / one);
    }
    ratios.sort_by(f64::total_cmp);
    eprintln!("two nodes take {:.2} of what one takes", ratios[ROUNDS / 2]);
}
