//! Stops the server when this process is gone, however it ended: a shell that waits for the end of a pipe which only we hold open.

use std::process::{Child, Stdio};

use super::cluster::Cluster;
use super::error::PostgresError;

/// Watches until it is dropped.
pub(super) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Starts watching on behalf of this process.
    pub(super) fn start(cluster: &Cluster) -> Result<Self, PostgresError> {
        let shell = "/bin/sh".as_ref();
        cluster
            .command_at(shell)
            .args(["-c", r#"read -r _; exec "$0" stop -D "$1" -m immediate -W"#])
            .arg(cluster.program("pg_ctl"))
            .arg(cluster.data())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(|shell| Self { shell })
            .map_err(PostgresError::io("run", shell))
    }

    /// Closes the pipe, as the end of this process does.
    #[cfg(test)]
    pub(super) fn hang_up(&mut self) {
        self.shell.stdin = None;
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Before the pipe closes, so that it cannot stop a server that somebody starts here next. It may be gone already.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
