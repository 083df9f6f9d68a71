//! People on several nodes: an agent is there while any of its sockets is, and everybody sees who types and who looks.

use std::time::Duration;

use serde_json::json;

use super::Setting;
use crate::support::{
    client,
    nats::Nats,
    socket::{Frame, Socket},
};

const AVAILABILITY: &str = "/api/admin/support/me/availability";

/// Waits until a socket is told whether an agent is there.
async fn sees(socket: &mut Socket, agent: &str, online: bool) {
    loop {
        let presence = socket.next("presence").await;
        if presence["agentId"] == agent && presence["online"] == online {
            return;
        }
    }
}

async fn an_agent_is_there_while_any_socket_is(nats: Option<&Nats>) {
    let mut setting = Setting::new(nats).await;
    let settings = json!({"preferences": {"offlineGraceSeconds": 5}});
    setting.business.owner.post("/api/business/admin/settings", settings).await.is(200);
    let jane = setting.business.team_mate(&setting.cluster.at(0), "Jane").await;
    let me = jane.get("/api/auth/me").await.is(200).text("/agent/id");
    let mut watcher = setting.socket(0).await;
    let janes = |node: usize| setting.cluster.at(node).with("cookie", &jane.header("cookie"));
    let mut here = janes(0).inbox_socket(None).await;
    here.next("hello").await;
    let mut there = janes(1).inbox_socket(None).await;
    there.next("hello").await;
    sees(&mut watcher, &me, true).await;
    jane.put(AVAILABILITY, json!({"availability": "online"})).await.is(200);

    // Her last socket here is gone, the one on the other node is not.
    let mut other_watcher = setting.socket(1).await;
    sees(&mut other_watcher, &me, true).await;
    drop(here);
    tokio::time::sleep(Duration::from_secs(7)).await;
    let is = async |node| {
        let answer = setting.owner(node).get("/api/business/agents").await.is(200);
        let agents = answer.body["data"].as_array().unwrap().clone();
        agents.iter().find(|it| it["id"] == json!(me)).unwrap()["availability"].clone()
    };
    assert_eq!(is(0).await, "online");
    // The node with the other one dies: she has the grace period to come back, and doesn't.
    setting.cluster.nodes[1].kill().await;
    sees(&mut watcher, &me, false).await;
    goes_offline(&mut watcher).await;
    drop(there);
}

/// Waits until a socket is told that somebody is offline because nobody saw them for too long.
async fn goes_offline(socket: &mut Socket) {
    let told = async {
        loop {
            let Frame::Json(frame) = socket.frame_ever().await else { panic!("the socket closed") };
            if frame["type"] == "agent.availability" && frame["data"]["availability"] == "offline" {
                return frame["data"]["reason"].clone();
            }
        }
    };
    // A dead node's term, a look around and the grace period.
    let told = tokio::time::timeout(Duration::from_secs(30), told).await;
    assert_eq!(told.expect("somebody goes offline"), "disconnected");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_there_while_any_socket_on_any_node_is() {
    an_agent_is_there_while_any_socket_is(Some(&Nats::start().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_without_nats() {
    an_agent_is_there_while_any_socket_is(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_left_a_node_that_dies_within_the_grace_period_is_missed_all_the_same() {
    let setting = Setting::new(None).await;
    let settings = json!({"preferences": {"offlineGraceSeconds": 5}});
    setting.business.owner.post("/api/business/admin/settings", settings).await.is(200);
    let jane = setting.business.team_mate(&setting.cluster.at(0), "Jane").await;
    let mut watcher = setting.socket(0).await;
    jane.put(AVAILABILITY, json!({"availability": "online"})).await.is(200);
    // What a node leaves behind that has seen her go, and died before it missed her: itself.
    let db = client(&setting.cluster.config).await;
    db.execute("insert into nodes values (gen_random_uuid(), clock_timestamp())", &[]).await.unwrap();
    goes_offline(&mut watcher).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_and_viewing_are_seen_on_the_other_node() {
    let nats = Nats::start().await;
    let setting = Setting::new(Some(&nats)).await;
    let mut sockets = [setting.socket(0).await, setting.socket(1).await];
    let [here, there] = &mut sockets;
    let at = json!(setting.conversation);
    here.send(json!({"type": "typing", "conversationId": at, "typing": true})).await;
    let seen = there.next("typing").await;
    assert_eq!((&seen["conversationId"], &seen["typing"]), (&at, &json!(true)));
    here.send(json!({"type": "viewing", "conversationId": at})).await;
    let seen = there.next("viewing").await;
    assert_eq!((&seen["conversationId"], &seen["viewing"]), (&at, &json!(true)));
    // The window is closed.
    let [here, mut there] = sockets;
    drop(here);
    assert_eq!(there.next("viewing").await["viewing"], false);
}
