//! The private Postgres on the real programs, in directories of its own: whoever runs these tests, root included.

use std::fmt::Debug;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpgid, kill_process, test_kill_process};
use tokio_postgres::{Client, NoTls};

use super::account::{self, Account};
use super::binaries::{self, Binaries};
use super::{PostgresError, PostgresOptions, PrivatePostgres};

/// A directory that every account may enter, removed at the end of the test.
struct TestDir(PathBuf);

impl TestDir {
    fn new() -> Self {
        Self::named("")
    }

    fn named(rest: &str) -> Self {
        let name = format!("openchat-test-{}{rest}", crate::clock::Clock::default().uuid().simple());
        let dir = std::env::temp_dir().join(name);
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        Self(dir)
    }

    fn home(&self, rest: &str) -> PathBuf {
        self.0.join("postgres").join(rest)
    }

    async fn start(&self) -> Result<PrivatePostgres, PostgresError> {
        PrivatePostgres::start(&self.0, options()).await
    }

    /// The server's process id, while its pid file is there.
    fn pid(&self) -> Option<Pid> {
        let file = fs::read_to_string(self.home("cluster/postmaster.pid")).ok()?;
        Pid::from_raw(file.lines().next()?.parse().ok()?)
    }
}

impl Drop for TestDir {
    fn drop(&mut self) {
        // A test that failed may have left a server that is still writing here.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn options() -> PostgresOptions {
    PostgresOptions {
        path: std::env::var_os("PATH"),
        bin: std::env::var_os("OC_POSTGRES_BIN").map(PathBuf::from),
        fsync: false,
        ..PostgresOptions::default()
    }
}

async fn connect(config: &tokio_postgres::Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn value(client: &Client, sql: &str) -> String {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Waits, for at most half a minute, until `condition` holds.
async fn until(what: impl Debug, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let outcome = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    assert!(outcome.is_ok(), "still waiting: {what:?}");
}

/// What the shell calls `kill -9`.
fn kill(pid: Pid) {
    kill_process(pid, Signal::KILL).unwrap();
}

fn is_alive(pid: Pid) -> bool {
    test_kill_process(pid).is_ok()
}

async fn write_note(postgres: &PrivatePostgres, text: &str) {
    let client = connect(&postgres.connection()).await.unwrap();
    client.batch_execute("CREATE TABLE IF NOT EXISTS notes (text text NOT NULL)").await.unwrap();
    client.execute("INSERT INTO notes VALUES ($1)", &[&text]).await.unwrap();
}

async fn notes(postgres: &PrivatePostgres) -> String {
    let client = connect(&postgres.connection()).await.unwrap();
    value(&client, "SELECT string_agg(text, ',' ORDER BY text) FROM notes").await
}

/// The error of a start that must not succeed.
fn refusal(outcome: Result<PrivatePostgres, PostgresError>) -> PostgresError {
    outcome.err().expect("a start that is refused")
}

#[tokio::test]
async fn starts_from_nothing_and_stops() {
    let dir = TestDir::new();
    let postgres = dir.start().await.unwrap();
    let pid = dir.pid().unwrap();
    // Ctrl-C in a terminal goes to our whole process group, and the server has to outlive our draining.
    assert_eq!(getpgid(Some(pid)).unwrap(), pid);

    let client = connect(&postgres.connection()).await.unwrap();
    assert_eq!(value(&client, "SELECT current_database()::text").await, "openchat");
    assert_eq!(value(&client, "SHOW listen_addresses").await, "");
    assert_eq!(value(&client, "SHOW jit").await, "off");
    assert_eq!(value(&client, "SHOW data_checksums").await, "on");
    assert_eq!(value(&client, "SELECT upper('é')").await, "É");
    assert_eq!(
        value(&client, "SELECT string_agg(t, '' ORDER BY t) FROM unnest(array['b', 'A', 'a', 'B']) t").await,
        "ABab"
    );

    let mut wrong = postgres.connection();
    wrong.password("guessed");
    assert!(connect(&wrong).await.is_err(), "the password is asked for");

    let by_url = connect(&postgres.url().parse().unwrap()).await.unwrap();
    assert_eq!(value(&by_url, "SELECT current_user::text").await, "openchat");

    postgres.stop().await.unwrap();
    assert!(client.query_one("SELECT 1", &[]).await.is_err());
    until("the server has gone", || !is_alive(pid)).await;
}

#[tokio::test]
async fn nobody_else_can_read_it_and_root_does_not_run_it() {
    let dir = TestDir::new();
    let postgres = dir.start().await.unwrap();

    for (name, mode) in [("", 0o700), ("cluster", 0o700), ("password", 0o600)] {
        let metadata = dir.home(name).metadata().unwrap();
        assert_eq!(metadata.mode() & 0o777, mode, "{name}");
        assert_ne!(metadata.uid(), 0, "{name}");
    }
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn data_survives_a_restart() {
    let dir = TestDir::new();
    let postgres = dir.start().await.unwrap();
    write_note(&postgres, "kept").await;
    postgres.stop().await.unwrap();

    let postgres = dir.start().await.unwrap();
    assert_eq!(notes(&postgres).await, "kept");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn settings_reach_the_server_and_win() {
    let dir = TestDir::new();
    let options =
        PostgresOptions { settings: vec![("max_connections".to_owned(), "33".to_owned())], ..options() };
    let postgres = PrivatePostgres::start(&dir.0, options).await.unwrap();
    let client = connect(&postgres.connection()).await.unwrap();
    assert_eq!(value(&client, "SHOW max_connections").await, "33");
    assert_eq!(value(&client, "SHOW fsync").await, "off");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn its_log_is_compressed_by_lz4_if_it_was_built_with_that() {
    let dir = TestDir::new();
    let postgres = dir.start().await.unwrap();
    let client = connect(&postgres.connection()).await.unwrap();
    let expected = "select case when 'lz4' = any(enumvals) then 'lz4' else 'pglz' end \
                    from pg_settings where name = 'wal_compression'";
    assert_eq!(value(&client, "show wal_compression").await, value(&client, expected).await);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_was_left_running_is_adopted() {
    let dir = TestDir::new();
    let postgres = dir.start().await.unwrap();
    write_note(&postgres, "left").await;
    let pid = dir.pid().unwrap();
    postgres.abandon();
    assert!(is_alive(pid));

    let postgres = dir.start().await.unwrap();
    assert_eq!(dir.pid(), Some(pid));
    assert_eq!(notes(&postgres).await, "left");
    postgres.stop().await.unwrap();
    until("the adopted server has gone", || !is_alive(pid)).await;
}

#[tokio::test]
async fn a_killed_server_is_started_again_with_everything_that_was_committed() {
    let dir = TestDir::new();
    let postgres = dir.start().await.unwrap();
    write_note(&postgres, "committed").await;
    let pid = dir.pid().unwrap();
    kill(pid);

    until("another server runs", || dir.pid().is_some_and(|new| new != pid)).await;
    let config = postgres.connection();
    let answers = async {
        while connect(&config).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), answers).await.unwrap();
    assert_eq!(notes(&postgres).await, "committed");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn both_killed_together_come_back_as_soon_as_the_last_process_has_gone() {
    let dir = TestDir::new();
    let postgres = dir.start().await.unwrap();
    write_note(&postgres, "committed").await;
    let client = connect(&postgres.connection()).await.unwrap();
    let lingering: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let lingering = Pid::from_raw(lingering).unwrap();
    kill_process(lingering, Signal::STOP).unwrap();
    let server = dir.pid().unwrap();
    postgres.abandon();
    kill(server);

    let log = dir.home("log");
    let goes = async {
        until("the next server finds memory in use", || {
            let log = fs::read_to_string(&log).unwrap();
            log.contains("pre-existing shared memory block")
        })
        .await;
        kill(lingering);
    };
    let (postgres, ()) = tokio::join!(dir.start(), goes);
    let postgres = postgres.unwrap();
    assert_eq!(notes(&postgres).await, "committed");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_pid_that_something_else_has_now_is_no_server() {
    let dir = TestDir::new();
    dir.start().await.unwrap().stop().await.unwrap();

    // Under the same account: a process that root may signal and Postgres may not would be too easy.
    let account = Account::unprivileged(&dir.home("")).unwrap();
    let mut other =
        account::command("/bin/sleep".as_ref(), "/".as_ref(), account.as_ref()).arg("600").spawn().unwrap();
    let stale = format!("{}\n{}\n1\n5432\n", other.id(), dir.home("cluster").display());
    for file in ["cluster/postmaster.pid", ".s.PGSQL.5432.lock"] {
        fs::write(dir.home(file), &stale).unwrap();
        account::give(&dir.home(file), account.as_ref()).unwrap();
    }

    let started = dir.start().await;
    let untouched = other.try_wait().unwrap().is_none();
    other.kill().unwrap();
    other.wait().unwrap();
    started.unwrap().stop().await.unwrap();
    assert!(untouched, "the other process was left alone");
}

#[tokio::test]
async fn a_pid_file_of_a_dead_process_is_ignored() {
    let dir = TestDir::new();
    dir.start().await.unwrap().stop().await.unwrap();

    let mut dead = Command::new("true").spawn().unwrap();
    dead.wait().unwrap();
    let stale = format!("{}\n{}\n1\n5432\n", dead.id(), dir.home("cluster").display());
    fs::write(dir.home("cluster/postmaster.pid"), stale).unwrap();
    let account = Account::unprivileged(&dir.home("")).unwrap();
    account::give(&dir.home("cluster/postmaster.pid"), account.as_ref()).unwrap();

    dir.start().await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_second_start_names_the_process_that_serves_already() {
    let dir = TestDir::new();
    let postgres = dir.start().await.unwrap();

    let error = refusal(dir.start().await);
    let own = std::process::id();
    assert!(matches!(error, PostgresError::AlreadyServed { holder, .. } if holder == Some(own)), "{error}");
    assert!(error.to_string().contains(&format!("process {own}")));

    // The refused start has harmed nothing.
    write_note(&postgres, "still here").await;
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn another_major_version_is_refused_by_name() {
    let dir = TestDir::new();
    dir.start().await.unwrap().stop().await.unwrap();
    let version = fs::read_to_string(dir.home("cluster/PG_VERSION")).unwrap();
    fs::write(dir.home("cluster/PG_VERSION"), "14\n").unwrap();

    let error = refusal(dir.start().await);
    let found_now = binaries::major(&version).unwrap();
    assert!(matches!(error, PostgresError::OtherVersion { made_by: 14, .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("made by PostgreSQL 14"), "{text}");
    assert!(text.contains("OC_POSTGRES_BIN"), "{text}");

    fs::write(dir.home("cluster/PG_VERSION"), format!("{found_now}\n")).unwrap();
    dir.start().await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_parent_that_the_account_may_not_enter_is_found_before_anything_starts() {
    let dir = TestDir::new();
    let closed = dir.0.join("closed");
    let data = closed.join("data");
    fs::create_dir_all(&data).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();

    let outcome = PrivatePostgres::start(&data, options()).await;
    if rustix::process::geteuid().is_root() {
        let error = refusal(outcome);
        assert!(
            matches!(&error, PostgresError::Unreachable { closed: dir, setting: "OC_DATA_DIR", .. }
                if *dir == closed.canonicalize().unwrap()),
            "{error}"
        );
        assert!(!data.join("postgres").exists());
    } else {
        // Who runs Postgres as oneself may keep it behind a closed door.
        outcome.unwrap().stop().await.unwrap();
    }
}

#[tokio::test]
async fn where_a_socket_does_not_fit_it_listens_on_loopback() {
    let dir = TestDir::named(&"-long".repeat(20));
    let postgres = dir.start().await.unwrap();
    let client = connect(&postgres.connection()).await.unwrap();
    assert_eq!(value(&client, "SHOW listen_addresses").await, "127.0.0.1");
    let url = postgres.url();
    connect(&url.parse().unwrap()).await.unwrap();
    let pid = dir.pid();
    postgres.abandon();

    let postgres = dir.start().await.unwrap();
    assert_eq!(dir.pid(), pid);
    assert_eq!(postgres.url(), url, "adopted at the port that it had");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn an_odd_directory_name_is_quoted_everywhere() {
    let dir = TestDir::named(", \"odd\" %'é");
    let postgres = dir.start().await.unwrap();
    connect(&postgres.url().parse().unwrap()).await.unwrap();
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_will_not_start_says_why() {
    let dir = TestDir::new();
    let options =
        PostgresOptions { settings: vec![("shared_buffers".to_owned(), "plenty".to_owned())], ..options() };
    let error = refusal(PrivatePostgres::start(&dir.0, options).await);
    let PostgresError::Start { tail, .. } = &error else {
        panic!("{error}");
    };
    assert!(tail.contains("invalid value for parameter"), "{tail}");

    // And the lock and the directory are free for a start that is right.
    dir.start().await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn what_an_interrupted_initialisation_left_is_thrown_away() {
    let dir = TestDir::new();
    fs::create_dir_all(dir.home("cluster.new/base")).unwrap();
    fs::write(dir.home("cluster.new/base/half"), "written").unwrap();

    dir.start().await.unwrap().stop().await.unwrap();
    assert!(!dir.home("cluster.new").exists());
    assert!(!dir.home("cluster/base/half").exists());
}

#[tokio::test]
async fn a_lost_password_is_not_made_up_again() {
    let dir = TestDir::new();
    dir.start().await.unwrap().stop().await.unwrap();
    fs::remove_file(dir.home("password")).unwrap();

    let error = refusal(dir.start().await);
    assert!(matches!(error, PostgresError::PasswordMissing { .. }), "{error}");
}

#[tokio::test]
async fn a_dropped_handle_stops_the_server() {
    let dir = TestDir::new();
    let postgres = dir.start().await.unwrap();
    let pid = dir.pid().unwrap();
    drop(postgres);
    until("the server has gone", || !is_alive(pid)).await;
}

#[tokio::test]
async fn a_server_can_be_made_to_stop_with_its_process() {
    let dir = TestDir::new();
    let options = PostgresOptions { stop_with_process: true, ..options() };
    let mut postgres = PrivatePostgres::start(&dir.0, options).await.unwrap();
    let pid = dir.pid().unwrap();

    // What the end of the process does: nobody supervises, and the pipe closes.
    let mut watchdog = postgres.watchdog.take().unwrap();
    postgres.abandon();
    assert!(is_alive(pid));
    watchdog.hang_up();
    until("the server has gone", || !is_alive(pid)).await;
}

#[test]
fn a_named_directory_without_the_programs_is_refused() {
    let options = PostgresOptions { bin: Some("/usr/share".into()), ..options() };
    let error = Binaries::find(&options, Path::new("/nowhere"), None, None).unwrap_err();
    assert!(error.to_string().contains("/usr/share holds no PostgreSQL"), "{error}");
}

#[test]
fn versions_are_read_from_what_postgres_writes() {
    for (text, expected) in [
        ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some(15)),
        ("postgres (PostgreSQL) 18beta1", Some(18)),
        ("17\n", Some(17)),
        ("postgresql@16", Some(16)),
        ("postgresql", None),
    ] {
        assert_eq!(binaries::major(text), expected, "{text}");
    }
}
