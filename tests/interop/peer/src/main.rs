//! Rust clients of a test server, which the steps of the browser drive. The argument is the JSON
//! object that `mfly-testserver --json` prints.
//!
//! One JSON object a line. In: `{"id": 1, "do": "block", "device": "bob", "user": "alice"}`.
//! Out: `{"id": 1, "ok": …}` or `{"id": 1, "error": {"text": …, "official": …}}`; and for each
//! event of a client `{"device": "bob", "listener": "presenceListener", "payload": …}`, in the
//! shape of the official SDK's listeners.

mod clients;
mod code;
mod failure;
mod media;
mod server_info;

use clients::Clients;
use failure::Failure;
use serde_json::{Value, json};
use server_info::ServerInfo;
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::mpsc;

/// Longest time for one command. It is longer than every deadline of the client.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(40);

/// Capacity of the queue of lines to write.
const LINES: usize = 1024;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let info = std::env::args().nth(1).ok_or("the argument is missing")?;
    let server = ServerInfo::read(&info)?;
    let (lines, written) = mpsc::channel(LINES);
    let writer = tokio::spawn(write(written));
    let mut clients = Clients::new(server, lines.clone()).await?;
    lines.send(json!({"ready": true})).await?;
    let mut commands = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = commands.next_line().await? {
        let command: Value = serde_json::from_str(&line)?;
        let verb = command["do"].as_str().unwrap_or_default();
        let work = clients.perform(verb, &command);
        let outcome = tokio::time::timeout(COMMAND_TIMEOUT, work)
            .await
            .unwrap_or_else(|_| Err(Failure::text("the command took too long")));
        let id = &command["id"];
        lines
            .send(match outcome {
                Ok(value) => json!({"id": id, "ok": value}),
                Err(failure) => json!({"id": id, "error": failure.into_value()}),
            })
            .await?;
    }
    clients.close().await;
    drop((clients, lines));
    writer.await??;
    Ok(())
}

async fn write(mut lines: mpsc::Receiver<Value>) -> std::io::Result<()> {
    let mut out = tokio::io::stdout();
    while let Some(line) = lines.recv().await {
        out.write_all(format!("{line}\n").as_bytes()).await?;
        out.flush().await?;
    }
    Ok(())
}
