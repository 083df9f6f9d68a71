//! What a second node costs: `cargo test --release --test tests -- --ignored --nocapture nodes::ratio`.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::Setting;
use crate::support::nats::Nats;

const AT_ONCE: usize = 32;
const ROUND: Duration = Duration::from_secs(3);
const ROUNDS: usize = 5;

/// Messages per second that so many nodes take together.
async fn rate(setting: &Setting, nodes: &[usize]) -> f64 {
    let begun = Instant::now();
    let posting = join_all((0..AT_ONCE).map(async |n| {
        let mut posted = 0_u32;
        while begun.elapsed() < ROUND {
            setting.post(nodes[n % nodes.len()], &format!("{n} {posted}")).await;
            posted += 1;
        }
        posted
    }));
    f64::from(posting.await.iter().sum::<u32>()) / begun.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn two_nodes_take_nearly_what_one_takes() {
    let nats = Nats::start().await;
    let setting = Setting::new(Some(&nats)).await;
    let (_, leader) = setting.cluster.led().await;
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        let one = rate(&setting, &[leader]).await;
        let two = rate(&setting, &[0, 1]).await;
        eprintln!("round {round}: one node {one:.0}/s, two nodes {two:.0}/s");
        ratios.push(two / one);
    }
    ratios.sort_by(f64::total_cmp);
    eprintln!("two nodes take {:.2} of what one takes", ratios[ROUNDS / 2]);
}
