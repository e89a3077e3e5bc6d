//! The program `mfly-testserver`, whose addresses are read from what it prints.

use super::driver::{Ask, Process};
use super::{Client, Framing, PASSWORD};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A script that ends a program with SIGTERM when the standard input ends, so that the program does
/// not outlive this process.
const UNTIL_THE_INPUT_ENDS: &str = "\"$@\" & exec >&-; cat >/dev/null; kill $!; wait $!";

/// The mechanisms that a server offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// Every mechanism of the test server.
    Everything,
    /// All mechanisms without channel binding.
    Unbound,
}

impl Offer {
    pub(super) const ALL: [Self; 2] = [Self::Everything, Self::Unbound];

    /// The offer for a client over a framing.
    pub(super) fn of(client: &Client, framing: Framing) -> Self {
        match (client.name, framing) {
            // It names a -PLUS mechanism without binding to the connection, which a server has to
            // refuse.
            ("stanza", Framing::WebSocketTls) => Self::Unbound,
            _ => Self::Everything,
        }
    }

    const fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Everything => &["--scram", "--sasl2"],
            Self::Unbound => &["--scram", "--no-channel-binding", "--sasl2"],
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Unbound => "unbound",
        }
    }
}

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) target: ServerTarget,
    process: Process,
}

/// The addresses and the authority of a server.
#[derive(Clone, Debug)]
pub(super) struct ServerTarget {
    pub(super) offer: Offer,
    /// The domain of every account.
    pub(super) domain: String,
    /// The file with the certificate authority.
    pub(super) authority: PathBuf,
    addresses: Vec<(Framing, String)>,
}

impl ServerTarget {
    /// The URL over this framing.
    pub(super) fn address(&self, framing: Framing) -> &str {
        let found = self.addresses.iter().find(|(over, _)| *over == framing);
        found.map_or("", |(_, address)| address)
    }
}

impl Server {
    /// Starts a server with these accounts, and reads its addresses.
    pub(super) fn start(
        target: &Path,
        folder: &Path,
        offer: Offer,
        accounts: &[String],
    ) -> Result<Self, String> {
        let file = |name: &str| folder.join(format!("server-{}.{name}", offer.name()));
        let users: Vec<Value> =
            accounts.iter().map(|name| json!({ "name": name, "password": PASSWORD })).collect();
        std::fs::write(file("users.json"), Value::from(users).to_string())
            .map_err(|error| error.to_string())?;
        let authority = file("authority.pem");
        let mut command = Command::new("sh");
        command.args(["-c", UNTIL_THE_INPUT_ENDS, "sh"]);
        command.arg(target.join("debug").join("mfly-testserver"));
        for listen in
            ["--listen", "--tls-listen", "--tcp-listen", "--tcps-listen", "--control-listen"]
        {
            command.args([listen, "127.0.0.1:0"]);
        }
        command.arg("--authority").arg(&authority);
        command.arg("--standard-users").arg(file("users.json"));
        command.args(offer.flags());
        let process = Process::start(command, "mfly-testserver", file("log"))?;
        let mut printed = Vec::new();
        while printed.last().is_none_or(|line: &String| !line.contains("END CERTIFICATE")) {
            printed.push(process.line()?);
        }
        let place = ServerTarget {
            offer,
            domain: word(&printed, "XMPP host", "")?,
            authority,
            addresses: vec![
                (Framing::StartTls, word(&printed, "XMPP over TCP", "xmpp:")?),
                (Framing::DirectTls, word(&printed, "XMPP over TLS", "xmpps:")?),
                (Framing::WebSocket, word(&printed, "WebSocket", "ws:")?),
                (Framing::WebSocketTls, word(&printed, "", "wss:")?),
            ],
        };
        Ok(Self { target: place, process })
    }

    /// Ends the server and waits for its end.
    pub(super) fn stop(self) -> Result<(), String> {
        self.process.end(Ask::Input)
    }
}

/// The last word of the first line that begins with `label` and whose last word begins with
/// `start`.
fn word(lines: &[String], label: &str, start: &str) -> Result<String, String> {
    let labelled = lines.iter().filter(|line| line.starts_with(label));
    labelled
        .filter_map(|line| line.split_whitespace().last())
        .find(|word| word.starts_with(start))
        .map(str::to_owned)
        .ok_or_else(|| format!("mfly-testserver prints no {label} {start}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_from_what_the_server_prints() {
        let printed = [
            "WebSocket       ws://127.0.0.1:1/websocket",
            "XMPP host       localhost",
            "Over TLS        https://localhost:2/api/v1",
            "                wss://localhost:2/websocket",
        ];
        let printed = printed.map(str::to_owned);
        let word = |label, start| word(&printed, label, start);
        assert_eq!(word("XMPP host", "").as_deref(), Ok("localhost"));
        assert_eq!(word("", "wss:").as_deref(), Ok("wss://localhost:2/websocket"));
        assert!(word("XMPP over TCP", "xmpp:").is_err());
    }
}
