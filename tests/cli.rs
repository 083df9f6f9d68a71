//! The subcommands beside `serve`, as whoever operates a server uses them: while it runs, after it was killed, and on nothing.

use std::{
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{ChildStdout, Command},
    time::timeout,
};

use crate::support::{installation::Installation, server::Client};

/// How long a subcommand, or a line of a feed, may take on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// What a subcommand printed, and whether it ended well.
struct Printed {
    well: bool,
    stdout: String,
    stderr: String,
}

async fn run(command: &mut Command) -> Printed {
    let Output { status, stdout, stderr } = timeout(SOON, command.output()).await.expect("it ends").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Printed { well: status.success(), stdout: text(stdout), stderr: text(stderr) }
}

/// A conversation in which the customer asks, and the agent answers and resolves it.
async fn conversation(anybody: &Client) -> (Client, String, String) {
    let business = anybody.set_up("Acme").await;
    let key = business.key(json!(["support:read", "support:write"])).await;
    let backend = anybody.with("x-api-key", &key);
    let body = json!({
        "customer": {"externalUserId": "c", "name": "Jane"},
        "message": {"type": "text", "text": "Where is it?"}
    });
    let opened = backend.post("/api/public/support/conversations", body).await.is(201);
    let id = opened.text("/conversation/id");
    (business.owner, key, id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_is_replayed_as_of_any_moment() {
    let mut installation = Installation::new("cli-replay");
    let server = installation.start().await;
    let (owner, _, id) = conversation(&installation.anybody()).await;
    let at = format!("/api/admin/support/conversations/{id}");
    let said = json!({"message": {"type": "text", "text": "On its way."}});
    let answered = owner.post(&format!("{at}/messages"), said).await.is(201);
    let before_end = answered.body["message"]["position"].to_string();
    owner.post(&format!("{at}/resolve"), json!({})).await.is(200);

    let replay = |args: &[&str]| {
        let mut command = installation.subcommand("replay");
        command.arg(&id).args(args);
        command
    };
    let now = run(&mut replay(&[])).await;
    assert!(now.well, "{}", now.stderr);
    assert!(now.stdout.contains("status         resolved"), "{}", now.stdout);
    assert!(now.stdout.contains("[via key_") && now.stdout.contains("[via ses_"), "{}", now.stdout);

    let then = run(&mut replay(&["--as-of", &before_end, "--json"])).await;
    let then: Value = serde_json::from_str(&then.stdout).unwrap();
    assert_eq!(then["conversation"]["status"], "open");
    assert_eq!(then["conversation"]["messages"][1]["text"], "On its way.");
    assert_eq!(then["asOf"].to_string(), before_end);
    assert!(then["history"].as_array().unwrap().iter().all(|it| it["type"] != "ConversationResolved"));

    // The log is there without its server, too.
    server.kill().await;
    assert!(run(&mut replay(&[])).await.stdout.contains("On its way"), "from the log alone");
    for (args, why) in [
        (vec!["--as-of", "2001-01-01T00:00:00Z"], "had not begun"),
        (vec!["--as-of", "yesterday"], "that is no moment"),
    ] {
        let refused = run(&mut replay(&args)).await;
        assert!(!refused.well && refused.stderr.contains(why), "{}", refused.stderr);
    }
    let unknown = run(installation.subcommand("replay").arg("cnv_019aafc33b7c7d80a1b2c3d4e5f60718")).await;
    assert!(!unknown.well && unknown.stderr.contains("no business has"), "{}", unknown.stderr);
    let wrong = run(installation.subcommand("replay").arg("42")).await;
    assert!(!wrong.well && wrong.stderr.contains("is not a conversation's id"), "{}", wrong.stderr);
}

/// A feed in a terminal.
struct Tail {
    lines: Lines<BufReader<ChildStdout>>,
    _process: tokio::process::Child,
}

impl Tail {
    fn of(installation: &Installation, server: &Client, secret: &str) -> Self {
        let mut command = installation.subcommand("tail");
        command.args(["--key-or-session", secret, "--server", server.base()]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { lines, _process: process }
    }

    /// The lines up to the next one with a text, and it.
    async fn until(&mut self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = timeout(SOON, self.lines.next_line()).await.expect("a line comes").unwrap();
            lines.push(line.expect("the feed goes on"));
            if lines.iter().any(|line| line.contains(text)) {
                return lines;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_is_followed_in_the_terminal_and_resumed_after_a_crash() {
    let mut installation = Installation::new("cli-tail");
    let server = installation.start().await;
    let anybody = installation.anybody();
    let (owner, key, id) = conversation(&anybody).await;
    let backend = anybody.with("x-api-key", &key);
    let say = async |text: &str| {
        let body = json!({"message": {"type": "text", "text": text}});
        backend.post(&format!("/api/public/support/conversations/{id}/messages"), body).await.is(201);
    };
    let mut tail = Tail::of(&installation, &anybody, owner.cookie());
    let greeting = tail.until(&id).await;
    assert!(greeting[0].contains("Acme, as of position"), "{greeting:?}");
    say("One").await;
    tail.until("Jane: One").await;

    server.kill().await;
    let server = installation.start().await;
    say("Two").await;
    say("Three").await;
    let lines = tail.until("Jane: Three").await;
    assert_eq!(lines.iter().filter(|line| line.contains("Jane: Two")).count(), 1, "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("Jane: One")), "{lines:?}");

    Tail::of(&installation, &anybody, &key).until("Acme, as of position").await;
    for secret in ["oc_live_abc", "nobody"] {
        let args = ["--key-or-session", secret, "--server", anybody.base()];
        let refused = run(installation.subcommand("tail").args(args)).await;
        assert!(!refused.well && refused.stderr.contains("knows neither"), "{}", refused.stderr);
    }
    server.terminate();
    server.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_looked_over_before_during_and_after_its_life() {
    let mut installation = Installation::new("cli-doctor");
    let fresh = run(&mut installation.subcommand("doctor")).await;
    assert!(fresh.well && fresh.stdout.contains("is empty"), "{}{}", fresh.stdout, fresh.stderr);
    let migrate = async || run(&mut installation.subcommand("migrate")).await;
    let migrated = migrate().await;
    assert!(migrated.well && !migrated.stdout.starts_with("0 "), "{}{}", migrated.stdout, migrated.stderr);
    assert!(migrate().await.stdout.starts_with("0 migrations"));

    let server = installation.start().await;
    let serving = run(&mut installation.subcommand("doctor")).await;
    assert!(serving.well && serving.stdout.contains("is ready"), "{}{}", serving.stdout, serving.stderr);
    assert!(serving.stdout.contains("which is the latest"), "{}", serving.stdout);
    let database = installation.database().await;
    let park = "insert into parked_streams values ('views', gen_random_uuid(), 'cnv_x', 1, 'poison', now())";
    database.batch_execute(park).await.unwrap();
    let parked = run(&mut installation.subcommand("doctor")).await;
    assert!(!parked.well && parked.stdout.contains("PROBLEM  views"), "{}", parked.stdout);
    drop(database);
    server.terminate();
    server.ended().await;

    let lost = run(installation.subcommand("doctor").env("OC_PUBLIC_URL", "support.example.com")).await;
    assert!(!lost.well && lost.stdout.contains("is no origin"), "{}", lost.stdout);
    let astray = run(installation.subcommand("doctor").env("OC_FILES_URL", "ftp://files.example.com")).await;
    assert!(!astray.well && astray.stdout.contains("PROBLEM  files"), "{}", astray.stdout);
    let alone = run(installation.subcommand("doctor").env("OC_NATS_URL", "nats://127.0.0.1:1")).await;
    assert!(!alone.well && alone.stdout.contains("check OC_NATS_URL"), "{}", alone.stdout);
    let nowhere = "postgres://127.0.0.1:1/none";
    let unreachable = run(installation.subcommand("doctor").env("DATABASE_URL", nowhere)).await;
    assert!(!unreachable.well && unreachable.stdout.contains("check DATABASE_URL"), "{}", unreachable.stdout);
}
