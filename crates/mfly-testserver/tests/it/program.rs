//! The program `mfly-testserver`, as processes start it.

use crate::client::DEADLINE;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Flags that let several servers run at a time.
const PORTS: [&str; 4] = ["--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0"];

/// The program with these flags. Its process ends with the test.
fn program(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mfly-testserver"));
    command.args(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// A running server.
struct Running {
    child: Child,
    /// The object that it printed.
    info: Value,
}

impl Running {
    /// Waits until the server runs. It must have been told `--json`.
    async fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        timeout(DEADLINE, output.read_line(&mut line)).await.unwrap().unwrap();
        match serde_json::from_str(&line) {
            Ok(info) => Self { child, info },
            Err(_) => panic!("{line} {:?}", child.wait_with_output().await),
        }
    }

    /// The answer of the control API to `GET /info` with this header.
    async fn told_by_control(&self, header: &str) -> String {
        let control = self.text("controlUrl").strip_prefix("http://").unwrap();
        let mut socket = TcpStream::connect(control).await.unwrap();
        let head = format!("GET /control/v1/info HTTP/1.1\r\nhost: {control}\r\n{header}");
        let request = format!("{head}connection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(DEADLINE, socket.read_to_string(&mut answer)).await.unwrap().unwrap();
        answer
    }

    fn text(&self, member: &str) -> &str {
        self.info[member].as_str().unwrap()
    }
}

/// The exit code and the error of a program that does not start.
async fn failed(command: &mut Command) -> (Option<i32>, String) {
    let output = timeout(DEADLINE, command.output()).await.unwrap().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// A configuration file that is removed when the test ends.
struct ConfigFile(PathBuf);

impl ConfigFile {
    fn new(name: &str, text: &str) -> Self {
        let name = format!("mfly-program-{name}-{}.toml", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for ConfigFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn a_program_is_told_in_one_line_of_json_what_the_control_api_tells() {
    let server = Running::start(&mut program(&[&PORTS[..], &["--json"]].concat())).await;
    let answer = server.told_by_control("").await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), server.info);
}

#[tokio::test]
async fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let file = ConfigFile::new(
        "order",
        "licence-key = \"of the file\"\nxmpp-host = \"file.test\"\ntrial = true\n\
         advertise = \"file.test:1\"\nlisten = \"127.0.0.1:1\"\n",
    );
    let mut command = program(&["--json", "--licence-key", "of the flag"]);
    command
        .env("MFLY_SERVER_CONFIG", &file.0)
        .env("MFLY_SERVER_LICENCE_KEY", "of the environment")
        .env("MFLY_SERVER_XMPP_HOST", "environment.test")
        .env("MFLY_SERVER_LISTEN", "127.0.0.1:0,127.0.0.1:0")
        .env("MFLY_SERVER_CONTROL_LISTEN", "off")
        .env("MFLY_SERVER_ADVERTISE", "");
    let server = Running::start(&mut command).await;
    assert_eq!(server.text("licenceKey"), "of the flag");
    assert_eq!(server.text("xmppDomain"), "environment.test");
    assert_eq!(server.info["trial"], true);
    assert_eq!(server.info["listeners"].as_array().unwrap().len(), 2);
    // An empty variable is none.
    assert_eq!(server.text("apiBaseUrl"), "http://file.test:1/api/v1");
    assert_eq!(server.info["controlUrl"], Value::Null);
    drop(server);

    let mut command = program(&[&PORTS[..], &["--json"]].concat());
    let server =
        Running::start(command.env("MFLY_SERVER_CONFIG", &file.0).env("MFLY_SERVER_TRIAL", "no"))
            .await;
    assert_eq!(server.info["trial"], false);
}

#[tokio::test]
async fn a_setting_of_the_file_that_does_not_exist_is_an_error_of_the_command_line() {
    let file = ConfigFile::new("unknown", "\n# A wrong name\nlisen = \"127.0.0.1:0\"\n");
    let path = file.0.to_str().unwrap();
    let (code, told) = failed(&mut program(&["--config", path])).await;
    assert_eq!(code, Some(2));
    let expected = "line 3: there is no setting lisen; did you mean listen?";
    assert!(told.contains(path) && told.contains(expected), "{told}");
}

#[tokio::test]
async fn a_control_token_is_required_and_is_not_in_the_help() {
    let mut help = program(&["--help"]);
    let output = help.env("MFLY_SERVER_CONTROL_TOKEN", "hunter2").output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("[env: MFLY_SERVER_CONTROL_TOKEN]"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    let mut command = program(&[&PORTS[..], &["--json"]].concat());
    let server = Running::start(command.env("MFLY_SERVER_CONTROL_TOKEN", "hunter2")).await;
    assert!(!server.info.to_string().contains("hunter2"));
    assert!(server.told_by_control("").await.starts_with("HTTP/1.1 401"));
    let answer = server.told_by_control("authorization: Bearer hunter2\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (code, told) = failed(program(&PORTS).env("MFLY_SERVER_CONTROL_TOKEN", "hunter\t2")).await;
    assert_eq!(code, Some(1));
    assert!(told.contains("controlToken") && !told.contains("hunter"), "{told}");
}

#[tokio::test]
async fn a_taken_address_of_the_control_api_is_told_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, told) =
        failed(&mut program(&["--listen", "127.0.0.1:0", "--control-listen", &address])).await;
    assert_eq!(code, Some(1));
    assert!(told.contains(&address) && told.contains("--control-listen off"), "{told}");
}

#[cfg(unix)]
#[tokio::test]
async fn sigterm_ends_it_with_success() {
    use rustix::process::{Pid, Signal, kill_process};
    let mut server = Running::start(&mut program(&[&PORTS[..], &["--json"]].concat())).await;
    let id = server.child.id().and_then(|id| Pid::from_raw(id.try_into().unwrap())).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    let ended = timeout(DEADLINE, server.child.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn with_v_each_request_is_a_line_of_the_log_and_none_has_a_secret() {
    let flags = ["--json", "--trial", "-v", "--log-format", "json"];
    let mut server = Running::start(&mut program(&[&PORTS[..], &flags].concat())).await;
    let api = server.text("apiBaseUrl").strip_prefix("http://").unwrap().to_owned();
    let (address, path) = api.split_once('/').unwrap();
    let body = r#"{"username":"alice","password":"a secret","type":"web"}"#;
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = format!("POST /{path}/login HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    let head =
        format!("{head}content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    socket.write_all(format!("{head}\r\n{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(DEADLINE, socket.read_to_string(&mut answer)).await.unwrap().unwrap();
    let mut lines = BufReader::new(server.child.stderr.take().unwrap()).lines();
    let line = timeout(DEADLINE, lines.next_line()).await.unwrap().unwrap().unwrap();
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&event["level"], &event["http"]), (&"INFO".into(), &200.into()), "{line}");
    assert!(event["message"].as_str().unwrap().contains("/login"), "{line}");
    assert!(!line.contains("a secret"), "{line}");
}
