//! XMPP clients of other projects, each as its project publishes it, against the program `mfly-testserver`.
//!
//! A client is driven by a small program in its own language (`tests/interop/clients`), which says in a JSON line how
//! each step went. Over every framing a client logs in to an account of its own; messages go to a partner, which is
//! another client, and come back from it. What a client lacks is tried all the same, and [`lacks`] has the reason.

mod driver;
mod install;
mod lacks;
mod report;
mod server;
mod session;

use crate::run::{cargo, status};
use install::Installed;
use report::{Report, Row};
use server::{Offer, Place, Server};
use session::Session;
use std::path::Path;
use std::time::Instant;

/// A client and how it is driven.
#[derive(Debug)]
pub(super) struct Client {
    /// As its project writes it.
    name: &'static str,
    /// What its accounts begin with.
    account: &'static str,
    /// Its driver in `tests/interop/clients`.
    driver: &'static str,
    /// Who messages are exchanged with.
    partner: &'static Partner,
}

/// A client that waits for messages and answers each.
#[derive(Debug)]
struct Partner {
    driver: &'static str,
    framing: Framing,
}

const SLIXMPP: &str = "slixmpp_client.py";
const XMPP_CLIENT: &str = "xmpp_client.mjs";

static BY_SLIXMPP: Partner = Partner {
    driver: SLIXMPP,
    framing: Framing::StartTls,
};

static BY_XMPP_CLIENT: Partner = Partner {
    driver: XMPP_CLIENT,
    framing: Framing::WebSocketTls,
};

static CLIENTS: &[Client] = &[
    Client {
        name: "slixmpp",
        account: "slixmpp",
        driver: SLIXMPP,
        partner: &BY_XMPP_CLIENT,
    },
    Client {
        name: "@xmpp/client",
        account: "xmpp.js",
        driver: XMPP_CLIENT,
        partner: &BY_SLIXMPP,
    },
    Client {
        name: "stanza",
        account: "stanza",
        driver: "stanza.mjs",
        partner: &BY_SLIXMPP,
    },
    Client {
        name: "strophe.js",
        account: "strophe",
        driver: "strophe.mjs",
        partner: &BY_SLIXMPP,
    },
    Client {
        name: "go-sendxmpp",
        account: "go-sendxmpp",
        driver: "go_sendxmpp.py",
        partner: &BY_XMPP_CLIENT,
    },
    Client {
        name: "profanity",
        account: "profanity",
        driver: "profanity.py",
        partner: &BY_XMPP_CLIENT,
    },
];

impl Client {
    /// The account that it has for this framing.
    fn account(&self, framing: Framing) -> String {
        format!("{}-{}", self.account, framing.suffix())
    }
}

/// How the server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    StartTls,
    DirectTls,
    WebSocket,
    WebSocketTls,
}

impl Framing {
    const ALL: [Self; 4] = [
        Self::StartTls,
        Self::DirectTls,
        Self::WebSocket,
        Self::WebSocketTls,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::StartTls => "TCP + STARTTLS",
            Self::DirectTls => "direct TLS",
            Self::WebSocket => "WebSocket",
            Self::WebSocketTls => "WebSocket + TLS",
        }
    }

    /// The end of an account's name.
    const fn suffix(self) -> &'static str {
        match self {
            Self::StartTls => "starttls",
            Self::DirectTls => "tls",
            Self::WebSocket => "ws",
            Self::WebSocketTls => "wss",
        }
    }
}

/// The steps, in the order in which each driver takes them.
static STEPS: &[&str] = &[
    LOG_IN,
    "roster",
    "ping",
    "card",
    "last activity",
    "block",
    "unblock",
    SEND,
    RECEIVE,
    "log out",
];
const LOG_IN: &str = "log in";
const SEND: &str = "send a message";
const RECEIVE: &str = "receive a message";

/// The password of every account.
const PASSWORD: &str = "correct horse";

/// Runs every client over every framing. Fails when a step does, and when something that is said to be lacking is there.
pub(super) fn run() -> Result<(), String> {
    let installed = install::install()?;
    status(&mut cargo(&["build", "-p", "mfly-testserver", "--bins"]))?;
    let started = Instant::now();
    let folder = installed.target.join("interop").join("clients");
    let report = judge(&installed, &folder)?;
    println!("\n{report}");
    let file = folder.with_extension("json");
    std::fs::write(&file, report.json().to_string())
        .map_err(|error| format!("{} could not be written: {error}", file.display()))?;
    println!(
        "{} s; report: {}; logs: {}",
        started.elapsed().as_secs(),
        file.display(),
        folder.display()
    );
    println!("{}", report.counts());
    if report.has_failed() {
        Err("a step failed; see the table above".to_owned())
    } else {
        Ok(())
    }
}

fn judge(installed: &Installed, folder: &Path) -> Result<Report, String> {
    empty(folder)?;
    let ways = || {
        let all = CLIENTS.iter();
        all.flat_map(|client| Framing::ALL.map(|framing| (client, framing)))
    };
    let accounts: Vec<String> = ways()
        .flat_map(|(client, framing)| {
            let own = client.account(framing);
            [partner_of(&own), own]
        })
        .collect();
    let servers: Vec<Server> = Offer::ALL
        .iter()
        .map(|offer| Server::start(&installed.target, folder, *offer, &accounts))
        .collect::<Result<_, _>>()?;
    let places: Vec<&Place> = servers.iter().map(|server| &server.place).collect();
    let over = |client: &'static Client, framing| {
        let offer = Offer::of(client, framing);
        let place = places.iter().find(|place| place.offer == offer);
        let place = place.ok_or_else(|| format!("no server has the offer {offer:?}"))?;
        Session::new(installed, folder, place, client, framing).run()
    };
    // The clients beside each other, the framings of each one after the other.
    let all_over = |client| {
        Framing::ALL
            .into_iter()
            .map(|framing| over(client, framing))
            .collect()
    };
    let rows: Vec<Result<Vec<Vec<Row>>, String>> = std::thread::scope(|scope| {
        let clients = CLIENTS.iter();
        let threads: Vec<_> = clients
            .map(|client| scope.spawn(|| all_over(client)))
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|rows| rows.unwrap_or_else(|_| Err("a thread panicked".to_owned())))
            .collect()
    });
    let mut report = Report::default();
    for rows in rows {
        report.rows.extend(rows?.into_iter().flatten());
    }
    for server in servers {
        server.stop()?;
    }
    Ok(report)
}

/// Who the account exchanges messages with.
fn partner_of(account: &str) -> String {
    format!("{account}-partner")
}

/// Makes an empty folder of this one.
fn empty(folder: &Path) -> Result<(), String> {
    let made = match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => std::fs::create_dir_all(folder),
    };
    made.map_err(|error| format!("{} could not be emptied: {error}", folder.display()))
}
