//! A server's process, which ends with all its children.

use crate::error::ServerError;
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::{File, OpenOptions};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Longest time until a server listens. ejabberd needs two seconds on an idle machine.
const START: Duration = Duration::from_secs(30);

/// Longest time until a server ends after a signal.
const STOP: Duration = Duration::from_secs(15);

/// How often the ports are tried, because no server reports when it is ready.
const POLL: Duration = Duration::from_millis(10);

/// Lines of the log that an error quotes.
const TAIL: usize = 12;

/// A running server. Dropping it kills its process group.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    child: Child,
    group: Option<Pid>,
}

impl Process {
    /// Starts `command` in a process group of its own, appends its output to `log`, and waits until
    /// it listens on each of `ports`.
    ///
    /// # Errors
    /// When the program is missing, ends, or does not listen in time. The error quotes the end of
    /// the log.
    pub async fn start(
        name: &'static str,
        mut command: Command,
        log: &Path,
        ports: &[u16],
    ) -> Result<Self, ServerError> {
        let output = append(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .map_err(|source| ServerError::Program {
                program: command.as_std().get_program().into(),
                source,
            })?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let mut process = Self { name, child, group };
        let listening = async {
            for port in ports {
                listens(*port).await;
            }
        };
        let failed = |what: String| ServerError::NotStarted {
            server: name,
            what,
            log: log.to_path_buf(),
            tail: tail(log),
        };
        tokio::select! {
            status = process.child.wait() => Err(failed(format!("it ended with {}", status?))),
            () = listening => Ok(process),
            () = tokio::time::sleep(START) => Err(failed(format!("it did not listen within {START:?}"))),
        }
    }

    /// Signals the server to end, and kills it when it does not.
    ///
    /// # Errors
    /// When it had to be killed, or had ended before.
    pub async fn stop(mut self) -> Result<(), ServerError> {
        if let Some(group) = self.group {
            kill_process_group(group, Signal::TERM).map_err(|error| ServerError::NotStopped {
                server: self.name,
                what: format!("it had ended before ({error})"),
            })?;
        }
        match timeout(STOP, self.child.wait()).await {
            Ok(status) => status.map(drop).map_err(ServerError::Io),
            Err(_) => Err(ServerError::NotStopped {
                server: self.name,
                what: format!("it did not end within {STOP:?}"),
            }),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Also after a regular end, because children of the server may still run.
        if let Some(group) = self.group {
            let _gone = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn listens(port: u16) {
    let mut tries = interval(POLL);
    tries.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tries.tick().await;
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok() {
            return;
        }
    }
}

fn append(log: &Path) -> Result<File, ServerError> {
    Ok(OpenOptions::new().create(true).append(true).open(log)?)
}

/// The last lines of a log.
#[must_use]
pub fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

/// Runs a program to its end and returns its output.
///
/// # Errors
/// When it is missing, fails, or does not end in time.
pub async fn run(mut command: Command) -> Result<String, ServerError> {
    let program = PathBuf::from(command.as_std().get_program());
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = match timeout(START, output).await {
        Ok(Ok(output)) => output,
        Ok(Err(source)) => return Err(ServerError::Program { program, source }),
        Err(_) => {
            return Err(ServerError::Failed {
                program,
                what: format!("it did not end within {START:?}"),
            });
        }
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        let what = format!("{}: {}{}", output.status, text(&output.stdout), text(&output.stderr));
        Err(ServerError::Failed { program, what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::RunFolder;
    use mfly_suite::port;
    use std::net::TcpListener;
    use tokio::io::AsyncReadExt as _;

    const PORT: &str = "MFLY_TEST_LISTEN_ON";

    fn log(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("mfly-process-{}", std::process::id()));
        RunFolder::fresh(&folder, name).unwrap().path().join("log.txt")
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    /// The server of [`dropping_a_server_ends_its_children_too`]; as a test it does nothing.
    #[test]
    fn listens_on_the_given_port() {
        if let Ok(port) = std::env::var(PORT) {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.parse().unwrap())).unwrap();
            let held: Vec<_> = listener.incoming().collect();
            unreachable!("a listener's connections have no end: {held:?}");
        }
    }

    #[tokio::test]
    async fn dropping_a_server_ends_its_children_too() {
        let [port] = port::free().unwrap();
        let mut command = shell("\"$0\" --exact process::tests::listens_on_the_given_port & wait");
        command.arg(std::env::current_exe().unwrap()).env(PORT, port.to_string());
        let process = Process::start("sh", command, &log("children"), &[port]).await.unwrap();
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        drop(process);
        let end = timeout(STOP, connection.read(&mut [0])).await.unwrap();
        assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    }

    #[tokio::test]
    async fn a_server_that_ends_at_once_is_reported_with_the_end_of_its_log() {
        let log = log("ends-at-once");
        let [port] = port::free().unwrap();
        let error = Process::start("sh", shell("echo the reason; exit 3"), &log, &[port])
            .await
            .unwrap_err();
        assert!(
            matches!(&error, ServerError::NotStarted { tail, .. } if tail == "the reason"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_signalled_server_ends() {
        let process = Process::start("sh", shell("sleep 600"), &log("ends"), &[]).await.unwrap();
        process.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_program_that_is_missing_is_named() {
        let command = Command::new("mfly-no-such-program");
        let error = Process::start("nothing", command, &log("missing"), &[]).await.unwrap_err();
        assert!(error.to_string().contains("mfly-no-such-program"), "{error}");
    }
}
