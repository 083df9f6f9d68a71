//! What stands between a process and its system: how long its syncs take and how far off its wall clock is, changed while
//! it runs.

use std::{
    fs::{self, File},
    os::unix::fs::{FileExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use chrono::TimeDelta;
use openchat::postgres::{PostgresOptions, PrivatePostgres};
use tokio_postgres::Config;

use crate::support::{cluster::Cluster, installation::Installation, options, postgres::programs, scratch};

/// One for any number of processes, which share what it is told.
pub(super) struct Shim {
    dir: PathBuf,
    page: File,
}

impl Shim {
    /// Whether a library can be put in front like this: macOS binds a program to its system otherwise.
    pub(super) const WORKS: bool = cfg!(target_os = "linux");

    pub(super) fn new(name: &str) -> Self {
        let dir = scratch(name);
        if Self::WORKS {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
            let compile = ["-shared", "-fPIC", "-O1", "-o"];
            let compiled = Command::new("cc").args(compile).args([dir.join("shim.so"), source]).status();
            assert!(compiled.unwrap().success());
        }
        let page = File::create(dir.join("page")).unwrap();
        page.set_len(16).unwrap();
        Self { dir, page }
    }

    /// From now on each sync takes so much longer.
    pub(super) fn slow_down(&self, by: Duration) {
        self.set(0, by.as_micros().try_into().unwrap());
    }

    /// From now on the wall clock is so far off.
    pub(super) fn set_clock(&self, off: TimeDelta) {
        self.set(8, off.num_microseconds().unwrap());
    }

    fn set(&self, at: u64, us: i64) {
        self.page.write_all_at(&us.to_ne_bytes(), at).unwrap();
    }

    fn environment(&self) -> impl Iterator<Item = (&'static str, String)> {
        let names = [("LD_PRELOAD", "shim.so"), ("OC_TEST_SHIM", "page")].into_iter();
        names.filter(|_| Self::WORKS).map(|(name, file)| (name, self.dir.join(file).display().to_string()))
    }

    /// A Postgres that syncs, behind this.
    pub(super) async fn postgres(&self, dir: &Path) -> PrivatePostgres {
        let (real, bin) = (programs().await, self.dir.join("bin"));
        fs::create_dir(&bin).unwrap();
        for program in ["initdb", "pg_ctl"] {
            symlink(real.join(program), bin.join(program)).unwrap();
        }
        let environment: String =
            self.environment().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
        let server = format!("#!/bin/sh\n{environment}exec '{}/postgres' \"$@\"\n", real.display());
        fs::write(bin.join("postgres"), server).unwrap();
        fs::set_permissions(bin.join("postgres"), fs::Permissions::from_mode(0o755)).unwrap();
        PrivatePostgres::start(dir, PostgresOptions { bin: Some(bin), fsync: true, ..options() })
            .await
            .unwrap()
    }
}

/// Nodes over a database, each behind a shim of its own.
pub(super) async fn cluster(config: Config, shims: &[Shim], nats: Option<&str>) -> Cluster {
    let installations = shims.iter().enumerate().map(|(n, shim)| {
        let node = Installation::new(&format!("node-{n}"));
        shim.environment().fold(node, |node, (name, value)| node.with(name, &value))
    });
    Cluster::of(config, installations.collect(), nats).await
}
