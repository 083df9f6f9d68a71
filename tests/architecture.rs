//! The rules of the house, held by reading the code.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A source file, by its path from the repository's root.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The code without its tests: what comes before the first test module.
    fn code(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod ").next().unwrap()
    }

    fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("tests.rs")
            || ["fixtures.rs", "history.rs", "properties.rs", "stored_forms.rs"]
                .iter()
                .any(|name| self.path.ends_with(name))
    }
}

fn sources(folders: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push(Source { path: path.strip_prefix(root).unwrap().display().to_string(), text });
        }
    }
    assert!(!found.is_empty(), "{folders:?} hold no code");
    found
}

/// Asserts that no code in the folders, tests aside, says any of the words, except in the files named.
fn forbid(folders: &[&str], words: &[&str], except: &[&str], why: &str) {
    let mut wrong = Vec::new();
    for source in sources(folders).iter().filter(|s| !s.is_test()) {
        if except.iter().any(|it| source.path.starts_with(it)) {
            continue;
        }
        for (n, line) in source.code().lines().enumerate() {
            let code = line.split("//").next().unwrap();
            if let Some(word) = words.iter().find(|word| code.contains(**word)) {
                wrong.push(format!("{}:{} says {word}", source.path, n + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{why}:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_opens_with_a_sentence_that_says_what_it_is_for() {
    let silent: Vec<_> = sources(&["src", "domain/src", "projections/src", "tests"])
        .into_iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path)
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn the_domain_is_pure_and_synchronous() {
    forbid(
        &["domain/src"],
        &[
            "async fn",
            ".await",
            "tokio",
            "std::fs",
            "std::net",
            "Utc::now",
            "Instant::now",
            "SystemTime",
            "now_v7",
            "new_v4",
        ],
        &["domain/src/cqrs.rs"],
        "the domain has no runtime, no clock, no chance and no input or output",
    );
    let manifest =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("domain/Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
    for heavy in ["tokio", "postgres", "actix", "sqlx", "getrandom", "openchat-projections"] {
        assert!(!dependencies.contains(heavy), "domain depends on {heavy}");
    }
}

#[test]
fn the_read_side_knows_neither_the_server_nor_its_pools() {
    forbid(
        &["projections/src"],
        &["deadpool", "tokio::", "actix", "Utc::now", "std::env"],
        &[],
        "read models take a connection and the time from their caller",
    );
}

#[test]
fn only_the_store_knows_the_pool() {
    forbid(&["src"], &["deadpool"], &["src/store/"], "connections come from src/store");
}

#[test]
fn only_the_configuration_reads_the_environment() {
    forbid(&["src"], &["env::var", "env = \""], &["src/config.rs"], "settings come from src/config.rs");
}

#[test]
fn only_the_clock_asks_for_time_and_chance() {
    forbid(
        &["src", "projections/src"],
        &["Utc::now", "SystemTime::now", "now_v7", "new_v4"],
        &["src/clock.rs"],
        "time and fresh ids come from src/clock.rs",
    );
}

#[test]
fn commands_are_the_only_way_into_the_log() {
    forbid(
        &["src", "projections/src"],
        &["insert into events", "update events", "delete from events", "update log_heads"],
        &["src/store/"],
        "only the appender writes events",
    );
    forbid(
        &["src/http", "src/live", "src/reactions", "src/accounts"],
        &["Appender"],
        &[],
        "commands go through Aggregates",
    );
}

#[test]
fn nothing_outside_the_edge_speaks_http() {
    forbid(
        &["src"],
        &["actix_"],
        &["src/http/", "src/live/socket.rs", "src/live/wire.rs", "src/app.rs"],
        "the web framework stays at the edge",
    );
}

#[test]
fn nothing_is_left_undone() {
    forbid(
        &["src", "domain/src", "projections/src"],
        &["todo!", "unimplemented!", "dbg!", ".unwrap()", "FIXME", "XXX", "#[allow("],
        &[],
        "no stubs, no unwrap outside tests, expect(lint) instead of allow",
    );
}

#[test]
fn every_table_belongs_to_a_tenant_or_says_why_not() {
    // Whose rows are no tenant's: the list of migrations, people and their sessions, the versions of read models, and
    // which nodes there are.
    let nobodys = ["migrations", "users", "sessions", "read_models", "installation", "leases", "nodes"];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut tables = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let sql = fs::read_to_string(entry.unwrap().path()).unwrap();
        let sql: String =
            sql.lines().filter(|line| !line.starts_with("--")).map(|line| format!("{line}\n")).collect();
        for statement in sql.split("create table ").skip(1) {
            let name = statement.split_whitespace().next().unwrap();
            let body = statement.split(";\n").next().unwrap();
            tables += 1;
            if nobodys.contains(&name) {
                continue;
            }
            assert!(body.contains("tenant_id"), "{name} has no tenant_id");
            assert!(sql.contains(&format!("oc_protect('{name}')")), "{name} has no row-level security");
        }
    }
    assert!(tables > 15, "only {tables} tables were found");
}
