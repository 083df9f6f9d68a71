//! A copy of a database beside the original, over one NATS and under one name: a mistake that must cost nothing but wake-ups.

use openchat_domain::DomainEvent;
use serde_json::json;

use super::{Setting, same_as_rebuilt};
use crate::{
    projector::caught_up,
    routing::events_of,
    support::{cluster::Cluster, copy_of, nats::Nats},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_nodes_of_a_copy_tell_is_not_taken_for_ones_own() {
    let nats = Nats::start().await;
    let mut setting = Setting::new(Some(&nats)).await;
    setting.post(0, "in both").await;
    for node in &mut setting.cluster.nodes {
        node.kill().await;
    }
    let copy = copy_of(&setting.cluster.config).await;
    for node in &mut setting.cluster.nodes {
        node.start().await;
    }
    let copy = Cluster::start(copy, 2, Some(&nats.url())).await;
    let path = format!("/api/public/support/conversations/{}/messages", setting.conversation);
    let there = [0, 1].map(|node| copy.at(node).with("x-api-key", &setting.backends[0].header("x-api-key")));
    for n in 0..20 {
        let body = json!({"message": {"type": "text", "text": format!("copy {n}")}});
        there[n % 2].post(&path, body).await.is(201);
        if n % 5 == 4 {
            setting.post(n % 2, &format!("original {n}")).await;
        }
    }
    for cluster in [&setting.cluster, &copy] {
        let events = events_of(&cluster.config, setting.business.id).await;
        let sequences: Vec<i64> = events
            .iter()
            .filter(|it| matches!(it.event, DomainEvent::Conversation(..)))
            .map(|it| it.sequence)
            .collect();
        let dense: Vec<i64> = (1..).take(sequences.len()).collect();
        assert_eq!(sequences, dense);
        caught_up(&cluster.config).await;
        same_as_rebuilt(cluster).await;
    }
}
