//! What every agent can do in the inbox with one conversation: read its history, and write notes.

use serde_json::{Value, json};

use crate::{
    routing::{begin, events},
    support::server::Server,
};

const CONVERSATIONS: &str = "/api/admin/support/conversations";
const NOBODYS: &str = "cnv_019aafc33b7c7d80a1b2c3d4e5f60718";

#[tokio::test(flavor = "multi_thread")]
async fn every_agent_reads_a_conversations_own_events_page_by_page() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await;
    let jane = business.agent(&server, "Jane").await;
    let conversation = begin(&backend, 1).await;
    begin(&backend, 2).await;
    let path = format!("{CONVERSATIONS}/{conversation}");
    jane.post(&format!("{path}/tags"), json!({"tags": ["billing"]})).await.is(200);
    jane.post(&format!("{path}/priority"), json!({"priority": "high"})).await.is(200);
    jane.post(&format!("{path}/resolve"), json!({})).await.is(200);

    // The same entries as the managers' timeline has of it, without waiting for any view.
    let of_it = format!("/api/business/audit?about={conversation}");
    let told = business.owner.get(&of_it).await.is(200).body;
    let path = format!("{path}/events");
    let all = jane.get(&path).await.is(200).body;
    assert_eq!(all, told);
    let types = |page: &Value| -> Vec<String> {
        page["data"].as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap().to_owned()).collect()
    };
    let mut recorded: Vec<_> = events(&server, &business)
        .await
        .into_iter()
        .filter(|it| it.event.stream().aggregate_id() == conversation)
        .map(|it| it.event.event_type().to_owned())
        .collect();
    recorded.reverse();
    assert_eq!(types(&all), recorded);
    let (mut pages, mut next) = (vec![], String::new());
    loop {
        let page = jane.get(&format!("{path}?limit=2{next}")).await.is(200).body;
        pages.extend(types(&page));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(pages, recorded);

    let other = server.business("Other").await.owner;
    other.get(&path).await.refused_with(404, "conversation_not_found");
    jane.get(&path.replace(&conversation, NOBODYS)).await.refused_with(404, "conversation_not_found");
    server.anybody().get(&path).await.refused_with(401, "not_signed_in");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_that_is_sent_again_under_its_name_is_added_once() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await;
    let jane = business.agent(&server, "Jane").await;
    let conversation = begin(&backend, 1).await;
    let path = format!("{CONVERSATIONS}/{conversation}");
    let notes = format!("{path}/notes");
    let named = |text: &str| json!({"text": text, "clientMessageId": "mine-1"});
    let first = jane.post(&notes, named("Careful")).await.is(201);
    assert_eq!(first.body["message"]["clientMessageId"], "mine-1");
    let again = jane.post(&notes, named("Careful")).await.is(201);
    assert_eq!((&again.body, again.position()), (&first.body, first.position()));

    // The name is the note's and its author's: a message, a colleague's note and one without a name are others.
    let message = json!({"message": {"type": "text", "text": "Hello"}, "clientMessageId": "mine-1"});
    jane.post(&format!("{path}/messages"), message).await.is(201);
    business.owner.post(&notes, named("Yes, careful")).await.is(201);
    for _ in 0..2 {
        jane.post(&notes, json!({"text": "Very"})).await.is(201);
    }
    server.settled(business.id).await;
    let shown = jane.get(&format!("{path}/messages")).await.is(200).body;
    let shown: Vec<_> = shown["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (it["kind"].as_str().unwrap(), it["text"].as_str().unwrap(), it["clientMessageId"].as_str())
        })
        .collect();
    let expected = [
        ("message", "Question 1", None),
        ("note", "Careful", Some("mine-1")),
        ("message", "Hello", Some("mine-1")),
        ("note", "Yes, careful", Some("mine-1")),
        ("note", "Very", None),
        ("note", "Very", None),
    ];
    assert_eq!(shown, expected);
    jane.post(&notes, json!({"text": "Hm", "clientMessageId": ""}))
        .await
        .refused_with(422, "invalid_request");
    server.stop().await;
}
