//! What is left of a call when OpenChat, its media server, or the wish for calls is gone.

use std::time::Duration;

use openchat::calls::CallOptions;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{
    Talk,
    media::{Media, Participant},
    server_beside,
};
use crate::support::{
    eventually,
    installation::{Installation, gone},
    server::Server,
};

#[tokio::test]
async fn a_call_whose_media_server_dies_ends_and_says_why() {
    let mut media = Media::start().await;
    let server = server_beside(&media).await;
    let talk = Talk::begin(&server).await.claimed().await;
    let call = talk.call("audio").await;
    let mut customer = Participant::come(&call, &[]);
    customer.says("connected").await;
    let pass = talk.owner_does(&call, "join", json!({})).await;
    let mut agent = Participant::come(&pass, &[]);
    agent.says("connected").await;
    media.kill().await;
    assert_eq!(talk.end(&server, &call).await.0, "mediaLost");
    talk.customer
        .post("/api/webchat/calls", json!({"type": "audio"}))
        .await
        .refused_with(503, "calls_unavailable");
    server.stop().await;
}

#[tokio::test]
async fn a_call_goes_on_while_openchat_is_dead_and_is_reconciled_when_it_is_back() {
    let media = Media::start().await;
    let mut installation = Installation::new("calls")
        .with("LIVEKIT_URL", &media.server.url)
        .with("LIVEKIT_API_KEY", &media.server.key)
        .with("LIVEKIT_API_SECRET", &media.server.secret);
    let process = installation.start().await;
    let talk = Talk::with(&installation.anybody()).await;
    let call = talk.call("audio").await;
    let pass = talk.owner_does(&call, "join", json!({})).await;
    let (mut jane, mut agent) = (Participant::come(&call, &["audio"]), Participant::come(&pass, &[]));
    agent.says("heard").await;
    jane.says("connected").await;
    process.kill().await;

    // One leaves unheard, and another one hears it all the same.
    agent.leave().await;
    let mut back = Participant::come(&pass, &[]);
    back.says("heard").await;
    back.leave().await;
    let _process = installation.start().await;
    let joined = async || talk.shown().await["call"]["joined"].as_array().map_or(0, Vec::len);
    assert_eq!(joined().await, 2, "nobody has looked yet, and the call goes on");
    jane.leave().await;
    let over = async {
        while joined().await > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), over).await.expect("an empty call ends");
}

#[tokio::test]
async fn a_call_that_goes_on_when_calls_are_switched_off_is_over_and_the_first_call_stays_ticked_off() {
    let media = Media::start().await;
    let server = server_beside(&media).await;
    let talk = Talk::begin(&server).await.claimed().await;
    let first_call = async || {
        let list = talk.business.owner.get("/api/business/checklist").await.is(200).body;
        let steps = list["steps"].as_array().unwrap().clone();
        steps.into_iter().find(|it| it["name"] == "firstCall").unwrap()["doneAt"].clone()
    };
    assert_eq!(first_call().await, Value::Null);
    let call = talk.call("audio").await;
    talk.owner_does(&call, "join", json!({})).await;
    eventually("the first call is ticked off", async || first_call().await.is_string()).await;
    let config = server.config.clone();
    server.stop().await;
    let server = Server::with_calls(config, CallOptions::off()).await;
    assert_eq!(talk.end(&server, &call).await.0, "mediaLost");
    server.stop().await;
}

/// Where the real binary's own media server runs.
fn of_its_own(installation: &Installation) -> Value {
    serde_json::from_slice(&std::fs::read(installation.dir().join("livekit/running.json")).unwrap()).unwrap()
}

#[tokio::test]
async fn a_media_server_of_our_own_goes_on_when_openchat_is_killed_and_is_adopted_by_the_next() {
    let mut installation = Installation::new("own-media").with("OC_CALLS", "auto");
    let process = installation.start().await;
    let talk = Talk::with(&installation.anybody()).await;
    let call = talk.call("audio").await;
    let pass = talk.owner_does(&call, "join", json!({})).await;
    let (mut jane, mut agent) = (Participant::come(&call, &["audio"]), Participant::come(&pass, &[]));
    agent.says("heard").await;
    let left = of_its_own(&installation);
    process.kill().await;

    // Nobody serves, and the two still talk: whoever comes hears.
    agent.leave().await;
    let mut again = Participant::come(&pass, &[]);
    again.says("heard").await;
    let process = installation.start().await;
    assert_eq!(of_its_own(&installation), left, "it was adopted");
    let shown = async || talk.shown().await["call"].clone();
    // Longer than somebody may be missing before it has left.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(shown().await["joined"].as_array().map(Vec::len), Some(2));
    assert!(!jane.said_so_far().contains(&"disconnected".to_owned()));
    talk.owner_does(&call, "end", json!({})).await;
    jane.says("disconnected").await;
    again.says("disconnected").await;
    eventually("the call is over", async || shown().await.is_null()).await;

    // One that was adopted is watched, and stopped with OpenChat, like one that was started.
    let pid = |left: &Value| Pid::from_raw(left["pid"].as_i64().unwrap().try_into().unwrap()).unwrap();
    kill_process(pid(&left), Signal::KILL).unwrap();
    eventually("another one runs", async || of_its_own(&installation)["pid"] != left["pid"]).await;
    let begin = async || talk.customer.post("/api/webchat/calls", json!({"type": "audio"})).await;
    eventually("calls work again", async || begin().await.status == 201).await;
    let second = pid(&of_its_own(&installation));
    process.terminate();
    assert!(process.ended().await.success());
    gone(second).await;
    assert!(!installation.dir().join("livekit/running.json").exists());
}
