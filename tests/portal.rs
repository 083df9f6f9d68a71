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
