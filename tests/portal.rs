//! What a business runs its support with: opening hours and language, canned replies, the launch checklist.

use chrono::{DateTime, Utc};
use openchat::clock::Clock;
use serde_json::{Value, json};

use crate::support::{database, server::Server};

const SETTINGS: &str = "/api/business/admin/settings";
const CONFIG: &str = "/api/public/support/config";

#[tokio::test(flavor = "multi_thread")]
async fn hours_and_language_reach_the_customers_pages() {
    // A Monday.
    let morning: DateTime<Utc> = "2026-03-02T07:30:00Z".parse().unwrap();
    let clock = Clock::at(morning);
    let server = Server::on(database().await, clock.clone()).await;
    let business = server.business("Acme").await;
    let key = business.key(json!(["support:read"])).await;
    let widget = server.anybody().with("x-api-key", &key);
    let always = widget.get(CONFIG).await.is(200);
    assert_eq!(
        (&always.body["language"], &always.body["availability"]["open"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(always.body["availability"]["opensAt"], Value::Null);

    let hours =
        json!({"timeZone": "Europe/Madrid", "week": [{"day": "mon", "from": "09:00", "to": "17:30"}]});
    let wanted = json!({"preferences": {"language": "es"}, "hours": hours});
    let saved = business.owner.post(SETTINGS, wanted).await.is(200);
    assert_eq!(saved.body["settings"]["hours"], hours);
    assert_eq!(saved.body["settings"]["preferences"]["language"], "es");
    let closed = widget.get(CONFIG).await.is(200);
    assert_eq!(closed.body["language"], "es");
    assert_eq!(closed.body["availability"]["open"], false);
    assert_eq!(closed.body["availability"]["opensAt"], "2026-03-02T08:00:00Z");
    let preflight = server.anybody().get(&format!("/api/webchat/preflight?key={key}")).await.is(200);
    assert_eq!(preflight.body["business"]["language"], "es");
    clock.advance(chrono::TimeDelta::hours(1));
    assert_eq!(widget.get(CONFIG).await.is(200).body["availability"]["open"], true);

    for (wrong, field) in [
        (json!({"timeZone": "Mars/Olympus", "week": []}), "hours.timeZone"),
        (
            json!({"timeZone": "UTC", "week": [{"day": "mon", "from": "9", "to": "10:00"}]}),
            "hours.week.0.from",
        ),
        (
            json!({"timeZone": "UTC", "week": [{"day": "mon", "from": "10:00", "to": "10:00"}]}),
            "hours.week.0.to",
        ),
    ] {
        let refused = business.owner.post(SETTINGS, json!({"hours": wrong})).await;
        let refused = refused.refused_with(422, "invalid_request");
        assert!(refused.body["fields"][field].is_string(), "{}", refused.body);
    }
    let cleared = json!({"preferences": {"language": null}, "hours": null});
    let cleared = business.owner.post(SETTINGS, cleared).await.is(200);
    assert_eq!(
        (&cleared.body["settings"]["hours"], &cleared.body["settings"]["preferences"]["language"]),
        (&Value::Null, &Value::Null)
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn canned_replies_are_managers_to_write_and_everybodys_to_use() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let jane = business.agent(&server, "Jane").await;
    let mut inbox = jane.inbox_socket(None).await;
    assert_eq!(inbox.next("hello").await["snapshot"]["replies"], json!([]));

    let reply = |name: &str| format!("/api/business/replies/{name}");
    let text = "Dear {{customer.name}}, it is on its way.";
    let saved = business.owner.put(&reply("refund"), json!({"text": text})).await.is(200);
    assert_eq!(saved.body["reply"], json!({"shortcut": "refund", "text": text}));
    business.owner.put(&reply("hours"), json!({"text": "Nine to five."})).await.is(200);
    assert_eq!(inbox.next("reply.saved").await["data"]["reply"], saved.body["reply"]);
    inbox.next("reply.saved").await;

    let listed = jane.get("/api/admin/support/replies").await.is(200);
    let names: Vec<_> = listed.body["data"].as_array().unwrap().iter().map(|it| &it["shortcut"]).collect();
    assert_eq!(names, ["hours", "refund"]);
    jane.put(&reply("refund"), json!({"text": "No."})).await.refused_with(403, "managers_only");
    business.owner.put(&reply("Refund"), json!({"text": "No."})).await.refused_with(404, "not_found");
    business.owner.put(&reply("refund"), json!({"text": " "})).await.refused_with(422, "invalid_request");

    business.owner.delete(&reply("refund")).await.is(200);
    assert_eq!(inbox.next("reply.deleted").await["data"], json!({"shortcut": "refund"}));
    business.owner.delete(&reply("refund")).await.is(200);
    let listed = jane.get("/api/admin/support/replies").await.is(200);
    assert_eq!(listed.body["data"], json!([{"shortcut": "hours", "text": "Nine to five."}]));
    let mut again = business.owner.inbox_socket(None).await;
    assert_eq!(again.next("hello").await["snapshot"]["replies"], listed.body["data"]);
    server.stop().await;
}
