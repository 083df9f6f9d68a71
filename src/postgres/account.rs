//! Under whom Postgres runs: as ourselves, or, since it refuses root, under an unprivileged account when root starts OpenChat.

use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::error::PostgresError;

/// The accounts that root hands Postgres to, the better one first.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// An account of the system without privileges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// Whom Postgres must run as: `None` is "as we are". A `home` that exists decides by its owner, so that the data never
    /// changes hands when a user `postgres` appears later or root starts what an ordinary user started before.
    pub(super) fn unprivileged(home: &Path) -> Result<Option<Self>, PostgresError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        if let Ok(home) = home.metadata()
            && home.uid() != 0
        {
            return Ok(Some(Self { name: format!("user {}", home.uid()), uid: home.uid(), gid: home.gid() }));
        }
        let passwd = Path::new("/etc/passwd");
        let accounts = fs::read_to_string(passwd).map_err(PostgresError::io("read", passwd))?;
        CANDIDATES
            .iter()
            .find_map(|name| accounts.lines().find_map(|line| Self::parse(line, name)))
            .map(Some)
            .ok_or(PostgresError::NoAccount)
    }

    /// A line of `/etc/passwd`, when it is `name`'s and not another name of root.
    fn parse(line: &str, name: &str) -> Option<Self> {
        let fields: Vec<_> = line.split(':').collect();
        let [found, _, uid, gid, ..] = fields.as_slice() else {
            return None;
        };
        // macOS writes nobody's ids as -2; the system calls take the same bits as unsigned.
        let id =
            |text: &str| text.parse::<u32>().or_else(|_| text.parse::<i32>().map(i32::cast_unsigned)).ok();
        let account = Self { name: format!("user `{name}`"), uid: id(uid)?, gid: id(gid)? };
        (*found == name && account.uid != 0).then_some(account)
    }

    /// Checks that this account may enter `path` and every directory above it, which must exist.
    pub(super) fn check_reach(&self, path: &Path, setting: &'static str) -> Result<(), PostgresError> {
        for dir in path.ancestors() {
            let metadata = dir.metadata().map_err(PostgresError::io("open", dir))?;
            if !self.may_enter(&metadata) {
                return Err(PostgresError::Unreachable {
                    account: self.to_string(),
                    path: path.to_owned(),
                    closed: dir.to_owned(),
                    setting,
                });
            }
        }
        Ok(())
    }

    fn may_enter(&self, dir: &Metadata) -> bool {
        let bit = if dir.uid() == self.uid {
            0o100
        } else if dir.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        dir.mode() & bit != 0
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A program of Postgres, run under `account` in `dir`, out of reach of our terminal's Ctrl-C and of our locale.
pub(super) fn command(program: &Path, dir: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(dir)
        .env("LC_ALL", "C")
        .env_remove("PGDATA")
        .env_remove("PGPORT")
        .stdin(Stdio::null())
        .process_group(0);
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// Makes `dir` if it isn't there, for `account`'s eyes only; what root made or copied there before becomes the account's too.
pub(super) fn create_private_dir(dir: &Path, account: Option<&Account>) -> Result<(), PostgresError> {
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(PostgresError::io("create", dir)(error));
        }
        _ => {}
    }
    let metadata = dir.metadata().map_err(PostgresError::io("open", dir))?;
    match account {
        Some(account) if metadata.uid() != account.uid => give_all(dir, account),
        _ => Ok(()),
    }
}

/// Makes `path` the account's.
pub(super) fn give(path: &Path, account: Option<&Account>) -> Result<(), PostgresError> {
    account.map_or(Ok(()), |account| {
        lchown(path, Some(account.uid), Some(account.gid))
            .map_err(PostgresError::io("change the owner of", path))
    })
}

/// Makes `path` and everything in it the account's; the directory itself last, so that an interrupted walk is done again.
fn give_all(path: &Path, account: &Account) -> Result<(), PostgresError> {
    let metadata = path.symlink_metadata().map_err(PostgresError::io("open", path))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path).map_err(PostgresError::io("read", path))? {
            let entry = entry.map_err(PostgresError::io("read", path))?;
            give_all(&entry.path(), account)?;
        }
    }
    give(path, Some(account))
}
