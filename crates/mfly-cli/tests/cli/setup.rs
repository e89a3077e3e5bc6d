//! A server, a configuration folder, and the command.

use mfly_testserver::{Builder, TestServer};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
#[cfg(unix)]
use tokio::process::Child;
use tokio::process::Command;

/// A time-out that no run reaches, even on a slow machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// A folder that is removed on drop.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("mfly-cli-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes a pipe with a name.
    #[cfg(unix)]
    pub(crate) fn fifo(&self, name: &str) -> PathBuf {
        let path = self.file(name);
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The command, without the environment of the caller.
pub(crate) fn mfly(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mfly"));
    command
        .args(arguments)
        .env_clear()
        .env("MFLY_CONFIG_DIR", folder.file("config"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// The exit code and the output of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn new(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The JSON objects on the standard output, one a line.
    pub(crate) fn objects(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The only object on the standard output.
    pub(crate) fn object(&self) -> Value {
        let mut objects = self.objects();
        assert_eq!(objects.len(), 1, "{self:?}");
        objects.remove(0)
    }
}

pub(crate) async fn run(mut command: Command) -> Ran {
    let finished = tokio::time::timeout(DEADLINE, command.output()).await;
    Ran::new(finished.expect("the command ends").unwrap())
}

/// Runs a command whose standard input is `input`.
pub(crate) async fn run_with_input(mut command: Command, input: &str) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let finished = tokio::time::timeout(DEADLINE, child.wait_with_output()).await;
    Ran::new(finished.expect("the command ends").unwrap())
}

/// A server and a configuration folder.
pub(crate) struct World {
    pub(crate) server: TestServer,
    pub(crate) folder: Folder,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(TestServer::builder()).await
    }

    pub(crate) async fn with(builder: Builder) -> Self {
        Self { server: builder.tls(false).start().await.unwrap(), folder: Folder::new() }
    }

    /// The command, with the server in its environment.
    pub(crate) fn mfly(&self, arguments: &[&str]) -> Command {
        let mut command = mfly(&self.folder, arguments);
        command
            .env("MFLY_API_URL", self.server.api_base_url())
            .env("MFLY_LICENCE_KEY", self.server.licence_key().expose());
        command
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        run(self.mfly(arguments)).await
    }

    /// Runs a command that has to work, and gives its result.
    pub(crate) async fn result(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<_> = arguments.iter().copied().chain(["--json"]).collect();
        let ran = self.run(&arguments).await;
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        let mut object = ran.object();
        assert_eq!(object["ok"], true, "{arguments:?}");
        object["result"].take()
    }

    /// Runs a command whose standard input is `input`.
    pub(crate) async fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        run_with_input(self.mfly(arguments), input).await
    }

    /// Registers users; the last one is the one that commands use.
    pub(crate) async fn register(&self, names: &[&str]) {
        for name in names {
            self.result(&["register", name]).await;
        }
    }

    /// The saved profiles as text.
    pub(crate) fn saved(&self) -> String {
        std::fs::read_to_string(self.folder.file("config/profiles.json")).unwrap()
    }

    /// The saved password of a user.
    pub(crate) fn password(&self, user: &str) -> String {
        let saved: Value = serde_json::from_str(&self.saved()).unwrap();
        let profiles = saved["profiles"].as_object().unwrap();
        let mut accounts = profiles.values().map(|profile| &profile["accounts"][user]["password"]);
        accounts.next().unwrap().as_str().unwrap().to_owned()
    }
}

/// Sends the signal of Ctrl-C.
#[cfg(unix)]
pub(crate) fn interrupt(child: &Child) {
    signal(child, "INT");
}

/// Sends a signal, by its name without `SIG`.
#[cfg(unix)]
pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().unwrap().to_string();
    // The shell's own `kill`: the program is not everywhere.
    let sent = std::process::Command::new("sh")
        .args(["-c", "kill -\"$1\" \"$0\"", &id, name])
        .status()
        .unwrap();
    assert!(sent.success());
}
