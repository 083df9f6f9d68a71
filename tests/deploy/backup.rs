//! The guide's commands as they stand there: a database is set up, dumped while a node serves, restored on a server that
//! has never heard of OpenChat, and served from there.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::json;
use tokio::process::Command;
use tokio_postgres::Config;

use crate::{
    projector::dump,
    routing::begin,
    support::{
        client,
        cluster::Cluster,
        nats::Nats,
        postgres::{Postgres, SUPERUSER, programs},
        scratch,
    },
};

/// The user of `DATABASE_URL`.
const USER: &str = "openchat";

/// A Postgres that was set up as the guide says, and a place for files.
struct Site {
    dir: PathBuf,
    postgres: Postgres,
}

impl Site {
    async fn new(name: &str) -> Self {
        let dir = scratch(name);
        let postgres = Postgres::init(&dir).await;
        postgres.start("").await;
        let site = Self { dir, postgres };
        site.run("What it needs", 0, SUPERUSER, Path::new("/")).await;
        site
    }

    /// Runs the commands of the guide that are the nth under a heading.
    async fn run(&self, heading: &str, nth: usize, user: &str, at: &Path) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        let binary = Path::new(env!("CARGO_BIN_EXE_openchat")).parent().unwrap();
        let Output { status, stdout, stderr } = Command::new("sh")
            .args(["-ec", &commands(heading, nth)])
            .current_dir(at)
            .env("PATH", format!("{}:{}:{path}", programs().await.display(), binary.display()))
            .env("PGHOST", &self.dir)
            .env("PGUSER", user)
            .env("DATABASE_URL", format!("host={} user={USER} dbname=openchat", self.dir.display()))
            .env("OC_DATA_DIR", &self.dir)
            .env("OC_CALLS", "off")
            .env("OC_HTTP_ADDR", "127.0.0.1:0")
            .output()
            .await
            .unwrap();
        let told = [stdout, stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat();
        assert!(status.success(), "{heading}: {told}");
        told
    }

    /// The database, as OpenChat's user.
    fn config(&self) -> Config {
        let mut config = self.postgres.config("openchat");
        config.user(USER);
        config
    }

    /// Who may do what with each table, and which rows of it each may see.
    async fn locks(&self) -> Vec<String> {
        let sql = "
            select concat_ws(' ', relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner), relacl)
            from pg_class where relnamespace = 'public'::regnamespace
            union all
            select concat_ws(' ', tablename, policyname, roles, cmd, qual, with_check) from pg_policies
            union all
            select concat_ws(' ', proname, pg_get_userbyid(proowner), prosecdef, proacl)
            from pg_proc where pronamespace = 'public'::regnamespace
            order by 1";
        let db = client(&self.config()).await;
        db.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    async fn installation(&self) -> String {
        let db = client(&self.config()).await;
        db.query_one("select id::text from installation", &[]).await.unwrap().get(0)
    }
}

/// The commands that are the nth under a heading of the guide.
fn commands(heading: &str, nth: usize) -> String {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/README.md");
    let guide = fs::read_to_string(guide).unwrap();
    let (_, section) = guide.split_once(&format!("\n## {heading}\n")).expect(heading);
    let section = section.split("\n## ").next().unwrap();
    let block = section.split("```sh\n").nth(nth + 1).expect("there are so many commands");
    block.split("```").next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_restored_on_another_server_and_goes_on_there() {
    let nats = Nats::start().await;
    let old = Site::new("original").await;
    let mut original = Cluster::start(old.config(), 1, Some(&nats.url())).await;
    let business = original.at(0).set_up("Acme").await;
    let key = business.key(json!(["support:read", "support:write"])).await;
    let conversation = begin(&original.at(0).with("x-api-key", &key), 1).await;
    old.run("Backup", 0, USER, &old.dir).await;
    original.nodes[0].kill().await;

    let new = Site::new("restored").await;
    fs::copy(old.dir.join("openchat.dump"), new.dir.join("openchat.dump")).unwrap();
    let told = new.run("Restore", 0, USER, &new.dir).await;
    assert!(told.contains("ok       database"), "{told}");
    assert_eq!(new.locks().await, old.locks().await);
    assert_eq!(dump(&new.config()).await, dump(&old.config()).await);
    assert_eq!(new.installation().await, old.installation().await);
    new.run("Restore", 1, USER, &new.dir).await;
    assert_ne!(new.installation().await, old.installation().await);

    // Who had come in is in, and the conversation goes on where it was.
    let restored = Cluster::start(new.config(), 1, Some(&nats.url())).await;
    let owner = restored.at(0).with("cookie", &business.owner.header("cookie"));
    let mut socket = owner.inbox_socket(None).await;
    assert_eq!(socket.next("hello").await["snapshot"]["conversations"][0]["id"], json!(conversation));
    let backend = restored.at(0).with("x-api-key", &key);
    let path = format!("/api/public/support/conversations/{conversation}/messages");
    let body = json!({"message": {"type": "text", "text": "Still there?"}});
    let posted = backend.post(&path, body).await.is(201);
    assert_eq!(socket.next("message.posted").await["data"]["message"]["text"], "Still there?");
    let reader = owner.with("x-oc-position", &posted.position().to_string());
    let read = reader.get(&format!("/api/admin/support/conversations/{conversation}/messages")).await.is(200);
    let texts: Vec<_> = read.body["data"].as_array().unwrap().iter().map(|it| &it["text"]).collect();
    assert_eq!(texts, ["Question 1", "Still there?"]);

    drop((socket, original, restored));
    for Site { dir, postgres } in [old, new] {
        drop(postgres);
        fs::remove_dir_all(dir).unwrap();
    }
}
