//! What `deploy/` names is there: settings, files, versions, and how many connections a node holds.

use std::{fs, path::Path, process::Command};

use openchat::store::PoolSizes;

/// What other programs read that have a name like ours: docker and LiveKit.
const OTHERS: [&str; 2] = ["OC_DB_PASSWORD", "LIVEKIT_CONFIG"];

/// A file of the repository.
fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// What comes first in a line of a file, after these words and up to a space or a colon.
fn after<'a>(text: &'a str, words: &str) -> impl Iterator<Item = &'a str> {
    let found = text.lines().filter_map(move |line| line.trim_start().strip_prefix(words));
    found.map(|rest| rest.split([' ', ':']).next().unwrap())
}

#[test]
fn every_setting_is_one_that_the_server_reads() {
    let help = Command::new(env!("CARGO_BIN_EXE_openchat")).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let mut settings = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let names = text.split(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_');
        for name in
            names.filter(|it| ["OC_", "LIVEKIT_", "AWS_", "DATABASE_"].iter().any(|p| it.starts_with(p)))
        {
            assert!(help.contains(name) || OTHERS.contains(&name), "{} says {name}", path.display());
            settings += 1;
        }
    }
    assert!(settings > 30, "{settings}");
}

#[test]
fn every_file_and_version_is_one_that_there_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (compose, dockerfile) = (read("deploy/compose.yaml"), read("deploy/Dockerfile"));
    let mounted: Vec<_> = after(&compose, "- ./").map(|it| format!("deploy/{it}")).collect();
    let copied = after(&dockerfile, "COPY ").filter(|it| !it.starts_with("--"));
    let named = mounted.iter().map(String::as_str).chain(after(&compose, "dockerfile: ")).chain(copied);
    let named: Vec<_> = named.collect();
    assert_eq!(named, ["deploy/nginx.conf", "deploy/Dockerfile", "openapi", "web", "."]);
    assert!(named.iter().all(|it| root.join(it).exists()));
    for service in after(&read("deploy/nginx.conf"), "server node-") {
        assert!(compose.contains(&format!("  node-{service}:")), "{service}");
    }

    let toolchain = read("rust-toolchain.toml");
    let rust = dockerfile.split("FROM rust:").nth(1).and_then(|it| it.split('-').next()).unwrap();
    assert!(toolchain.contains(&format!("channel = \"{rust}.")), "{rust}");
    let makefile = read("Makefile");
    let livekit = makefile.split("LIVEKIT_VERSION := ").nth(1).and_then(|it| it.lines().next()).unwrap();
    assert!(read("deploy/compose.calls.yaml").contains(&format!("livekit-server:v{livekit}\n")), "{livekit}");
}

#[test]
fn the_guide_knows_how_many_connections_a_node_holds() {
    let PoolSizes { requests, workers } = PoolSizes::default();
    let sentence = format!("up to {} connections", requests + workers);
    assert!(read("deploy/README.md").contains(&sentence), "{sentence}");
}
