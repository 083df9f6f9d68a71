//! Attachments: taken, sent once, read by those who may read the conversation, and swept when nobody sends them.

use chrono::{DateTime, TimeDelta};
use openchat::clock::Clock;
use serde_json::{Value, json};

use crate::{
    live::customer,
    support::{
        self, database,
        installation::Installation,
        server::{Business, Client, Server},
    },
};

const BASE: &str = "/api/admin/support";
const CHAT_FILES: &str = "/api/webchat/files";
const MIB: usize = 1024 * 1024;

struct Setting {
    server: Server,
    business: Business,
    backend: Client,
    jane: Client,
    customer: Client,
}

async fn setting() -> Setting {
    on(Server::start().await).await
}

async fn on(server: Server) -> Setting {
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await;
    let jane = business.agent(&server, "Jane").await;
    let customer = customer(&server, &backend, "7").await;
    Setting { server, business, backend, jane, customer }
}

/// Something that passes for an image, of this size.
pub(crate) fn png(size: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend((bytes.len()..size).map(|n| (n % 251) as u8));
    bytes
}

async fn uploads(who: &Client, path: &str, bytes: Vec<u8>) -> Value {
    who.upload(&format!("{path}?name=photo.png"), "image/png", bytes).await.is(201).body["file"].clone()
}

fn sends(file: &Value, name: &str) -> Value {
    json!({"message": {"type": "file", "fileId": file["id"]}, "clientMessageId": name})
}

/// The customer's conversation, begun with a file.
async fn begun(setting: &Setting) -> (String, Value) {
    let file = uploads(&setting.customer, CHAT_FILES, png(100)).await;
    let said = setting.customer.post("/api/webchat/messages", sends(&file, "m-1")).await.is(201);
    (said.text("/message/conversationId"), file)
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_both_ways_and_are_told_over_sockets_too() {
    let it = setting().await;
    let (mut inbox, mut chat) = (it.jane.inbox_socket(None).await, it.customer.chat_socket(None).await);
    // More than a part of a large upload, and less than the limit.
    let bytes = png(6 * MIB);
    let name = "Gr%C3%B6%C3%9Fe.png";
    let path = format!("{CHAT_FILES}?name=C:%5Cfotos%5C{name}");
    let file = it.customer.upload(&path, "image/png", bytes.clone()).await.is(201).body["file"].clone();
    assert_eq!((&file["name"], &file["mediaType"]), (&json!("Größe.png"), &json!("image/png")));
    assert_eq!(file["size"], bytes.len());

    let said =
        it.customer.post("/api/webchat/messages", sends(&file, "m-1")).await.is(201).body["message"].clone();
    assert_eq!((&said["type"], &said["text"], &said["file"]), (&json!("file"), &json!(""), &file));
    assert_eq!(inbox.next("message.posted").await["data"]["message"], said);
    assert_eq!(chat.next("message.posted").await["data"]["message"], said);
    let conversation = said["conversationId"].as_str().unwrap();
    let talk = format!("{BASE}/conversations/{conversation}");
    it.server.settled(it.business.id).await;
    let shown = it.jane.get(&talk).await.is(200).body["conversation"].clone();
    assert_eq!(shown["lastMessage"]["text"], "Größe.png");

    // The agent answers with a file and words.
    let path = format!("{talk}/files?name=a.csv");
    let answer =
        it.jane.upload(&path, "text/csv; charset=utf-8", b"a;b".to_vec()).await.is(201).body["file"].clone();
    let body = json!({"message": {"type": "file", "fileId": answer["id"], "text": "Your numbers"}});
    let answered = it.jane.post(&format!("{talk}/messages"), body).await.is(201).body["message"].clone();
    assert_eq!(
        (&answered["text"], &answered["file"]["mediaType"]),
        (&json!("Your numbers"), &json!("text/csv"))
    );
    assert_eq!(chat.next("message.posted").await["data"]["message"]["file"], answer);

    // Both read both, whatever page they come from.
    it.server.settled(it.business.id).await;
    for (who, files) in [(&it.customer, CHAT_FILES), (&it.jane, "/api/admin/support/files")] {
        let (headers, got) = who.download(&format!("{files}/{}", file["id"].as_str().unwrap())).await;
        assert!(got == bytes);
        assert_eq!(headers["content-type"], "image/png");
        assert_eq!(headers["content-length"], bytes.len().to_string());
        assert_eq!(
            headers["content-disposition"],
            "attachment; filename=\"Gr__e.png\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.png"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["content-security-policy"], "sandbox; default-src 'none'");
        assert_eq!(headers["cache-control"], "private, max-age=31536000, immutable");
        let (_, got) = who.download(&format!("{files}/{}", answer["id"].as_str().unwrap())).await;
        assert_eq!(got, b"a;b");
    }
    let told = it.customer.get("/api/webchat/messages").await.is(200).body["data"].clone();
    assert_eq!((&told[0]["file"], &told[1]["file"]), (&file, &answer));
    let path = format!("/api/business/audit/conversations/{conversation}?asOf={}", answered["position"]);
    let then = it.business.owner.get(&path).await.is(200).body["conversation"].clone();
    assert_eq!(then["messages"][1]["file"], answer);
    it.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_sent_is_not_taken() {
    let it = setting().await;
    let (conversation, _) = begun(&it).await;
    let agents = format!("{BASE}/conversations/{conversation}/files");
    for (who, path) in [(&it.customer, CHAT_FILES), (&it.jane, &*agents)] {
        let named = format!("{path}?name=a.png");
        let refused = async |kind: &str, bytes: Vec<u8>, status, code| {
            who.upload(&named, kind, bytes).await.refused_with(status, code);
        };
        refused("image/png", png(10 * MIB + 1), 413, "file_too_large").await;
        refused("text/html", b"<html>".to_vec(), 415, "file_type_not_allowed").await;
        refused("image/svg+xml", b"<svg/>".to_vec(), 415, "file_type_not_allowed").await;
        refused("image/png", b"<html><script>alert(1)</script>".to_vec(), 415, "file_type_not_allowed").await;
        refused("application/pdf", b"PK".to_vec(), 415, "file_type_not_allowed").await;
        refused("image/png", vec![], 422, "file_empty").await;
        who.upload(path, "image/png", png(9)).await.refused_with(422, "invalid_request");
        // The largest that is taken.
        uploads(who, path, png(10 * MIB)).await;
    }
    it.server.anybody().upload(&agents, "image/png", png(9)).await.refused_with(401, "not_signed_in");
    it.server.anybody().upload(CHAT_FILES, "image/png", png(9)).await.refused_with(401, "no_session");
    let nowhere = format!("{BASE}/conversations/cnv_019aafc33b7c7d80a1b2c3d4e5f60718/files?name=a.png");
    it.jane.upload(&nowhere, "image/png", png(9)).await.refused_with(404, "conversation_not_found");
    // A backend's messages are words.
    let path = format!("/api/public/support/conversations/{conversation}/messages");
    let body = json!({"message": {"type": "file", "text": "Hi"}});
    it.backend.post(&path, body).await.refused_with(422, "invalid_request");
    it.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_cut_off_leaves_nothing() {
    let it = setting().await;
    // Larger than what is looked at to tell what it is.
    let path = format!("{CHAT_FILES}?name=a.png");
    it.customer.upload(&path, "image/png", b"no image, however long".repeat(1000)).await.is(415);
    let rows = support::client(&it.server.config).await;
    let left: i64 = rows.query_one("select count(*) from files", &[]).await.unwrap().get(0);
    assert_eq!(left, 0);
    it.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_read_the_conversation_gets_the_file() {
    let it = setting().await;
    let (conversation, file) = begun(&it).await;
    it.server.settled(it.business.id).await;
    let (own, team) = (format!("{CHAT_FILES}/{}", file["id"].as_str().unwrap()), "/api/admin/support/files");
    let team = format!("{team}/{}", file["id"].as_str().unwrap());
    it.customer.download(&own).await;
    it.jane.download(&team).await;

    let ben = customer(&it.server, &it.backend, "8").await;
    ben.get(&own).await.refused_with(404, "file_not_found");
    let other = it.server.business("Other").await;
    other.owner.get(&team).await.refused_with(404, "file_not_found");
    let theirs = customer(&it.server, &other.backend(&it.server).await, "7").await;
    theirs.get(&own).await.refused_with(404, "file_not_found");
    it.server.anybody().get(&own).await.refused_with(401, "no_session");

    // What nobody has sent can be read by nobody and sent by its uploader only.
    let unsent = uploads(&it.customer, CHAT_FILES, png(50)).await;
    let path = format!("{CHAT_FILES}/{}", unsent["id"].as_str().unwrap());
    it.customer.get(&path).await.refused_with(404, "file_not_found");
    ben.post("/api/webchat/messages", sends(&unsent, "m-1")).await.refused_with(404, "file_not_found");
    let ours = format!("{BASE}/conversations/{conversation}/messages");
    it.jane.post(&ours, sends(&unsent, "m-1")).await.refused_with(404, "file_not_found");
    theirs.post("/api/webchat/messages", sends(&unsent, "m-1")).await.refused_with(404, "file_not_found");
    // No conversation has begun by that.
    let shown = ben.get("/api/webchat/conversation").await.is(200);
    assert_eq!(shown.body["conversation"], Value::Null);
    it.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_once_however_often_it_is_asked_for() {
    let it = setting().await;
    let (conversation, file) = begun(&it).await;
    let again = it.customer.post("/api/webchat/messages", sends(&file, "m-1")).await.is(200);
    assert_eq!(again.body["message"]["file"], file);
    it.customer
        .post("/api/webchat/messages", sends(&file, "m-2"))
        .await
        .refused_with(409, "file_already_sent");

    // Uploaded anew for the same message, as a page does that was loaded anew: the first one counts.
    let twin = uploads(&it.customer, CHAT_FILES, png(100)).await;
    let again = it.customer.post("/api/webchat/messages", sends(&twin, "m-1")).await.is(200);
    assert_eq!(again.body["message"]["file"], file);

    // Without a name of the client's, the file is the name.
    let talk = format!("{BASE}/conversations/{conversation}");
    let answer = uploads(&it.jane, &format!("{talk}/files"), png(70)).await;
    let body = json!({"message": {"type": "file", "fileId": answer["id"]}});
    let path = format!("{talk}/messages");
    let (one, two) = tokio::join!(it.jane.post(&path, body.clone()), it.jane.post(&path, body));
    assert_eq!(one.is(201).body["message"], two.is(201).body["message"]);
    it.server.settled(it.business.id).await;
    let told = it.jane.get(&path).await.is(200).body["data"].clone();
    assert_eq!(told.as_array().map(Vec::len), Some(2), "{told}");
    it.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_sends_is_swept_after_a_day() {
    let clock = Clock::at(DateTime::from_timestamp(1_790_000_000, 0).unwrap());
    let it = on(Server::on(database().await, clock.clone()).await).await;
    let (_, sent) = begun(&it).await;
    let unsent = uploads(&it.customer, CHAT_FILES, png(50)).await;
    // Claimed for a message that was sent with another file.
    let twin = uploads(&it.customer, CHAT_FILES, png(60)).await;
    it.customer.post("/api/webchat/messages", sends(&twin, "m-1")).await.is(200);
    let files = &it.server.running.app.files;
    clock.advance(TimeDelta::hours(23));
    assert_eq!(files.sweep().await.unwrap(), 0);
    clock.advance(TimeDelta::minutes(90));
    let it = Setting { customer: customer(&it.server, &it.backend, "7").await, ..it };
    it.customer
        .post("/api/webchat/messages", sends(&unsent, "m-2"))
        .await
        .refused_with(404, "file_not_found");
    clock.advance(TimeDelta::hours(1));
    let files = &it.server.running.app.files;
    assert_eq!(files.sweep().await.unwrap(), 2);
    assert_eq!(files.sweep().await.unwrap(), 0);
    let (_, bytes) = it.customer.download(&format!("{CHAT_FILES}/{}", sent["id"].as_str().unwrap())).await;
    assert_eq!(bytes, png(100));
    it.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_piles_files_up() {
    let it = setting().await;
    for _ in 0..20 {
        uploads(&it.customer, CHAT_FILES, png(30)).await;
    }
    let path = format!("{CHAT_FILES}?name=a.png");
    it.customer.upload(&path, "image/png", png(30)).await.refused_with(409, "too_many_unsent_files");
    it.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_lie_in_the_data_directory_and_are_there_after_a_crash() {
    let mut installation = Installation::new("files");
    let process = installation.start().await;
    let business = installation.anybody().set_up("Acme").await;
    let backend = installation
        .anybody()
        .with("x-api-key", &business.key(json!(["support:read", "support:write"])).await);
    let customer = backend.hand_over(&installation.anybody(), "7").await;
    let file = uploads(&customer, CHAT_FILES, png(7 * MIB)).await;
    customer.post("/api/webchat/messages", sends(&file, "m-1")).await.is(201);
    process.kill().await;
    let process = installation.start().await;
    let (_, bytes) = customer.download(&format!("{CHAT_FILES}/{}", file["id"].as_str().unwrap())).await;
    assert!(bytes == png(7 * MIB));
    process.terminate();
    assert!(process.ended().await.success());
}
