//! The lock on the data directory: one server process at a time, released by the kernel however that process ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use super::account::{self, Account};
use super::error::PostgresError;

/// How often a lock that is taken is tried again: a process that another thread is just starting holds a copy of every
/// open file until it runs its program, and with it a lock that has been released already.
const PATIENCE: u32 = 10;
/// The pause before each new try.
const PAUSE: Duration = Duration::from_millis(20);

/// Held as long as it lives.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of `home` and writes this process's id into it, for whoever finds it taken.
    pub(super) fn acquire(home: &Path, account: Option<&Account>) -> Result<Self, PostgresError> {
        let path = home.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(PostgresError::io("open", &path))?;
        let mut locked = file.try_lock();
        for _ in 0..PATIENCE {
            if !matches!(locked, Err(TryLockError::WouldBlock)) {
                break;
            }
            std::thread::sleep(PAUSE);
            locked = file.try_lock();
        }
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(PostgresError::AlreadyServed {
                    home: home.to_owned(),
                    holder: fs::read_to_string(&path).ok().and_then(|pid| pid.trim().parse().ok()),
                });
            }
            Err(TryLockError::Error(source)) => {
                return Err(PostgresError::io("lock", &path)(source));
            }
        }
        account::give(&path, account)?;
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(PostgresError::io("write", &path))?;
        Ok(Self { _file: file })
    }
}
