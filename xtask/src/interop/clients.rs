//! XMPP clients of other projects, each as its project publishes it, against the program
//! `mfly-testserver`.
//!
//! A client is driven by a small program in its own language (`tests/interop/clients`), which
//! prints the result of each step as a line of JSON. Over every framing a client logs in to an
//! account of its own; it sends messages to a partner, which is another client, and gets answers. A
//! step that a client lacks is tried all the same, and [`lacks`] has the reason.

mod driver;
mod install;
mod lacks;
mod report;
mod server;
mod session;

use crate::run::{cargo, status};
use install::Installed;
use report::{Report, Row};
use server::{Offer, Server};
use session::Session;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A client and its driver.
#[derive(Debug)]
pub(super) struct Client {
    /// The name that its project uses.
    name: &'static str,
    /// The beginning of its accounts' names.
    account: &'static str,
    /// The driver, a file in `tests/interop/clients`.
    driver: &'static str,
    /// The client that it exchanges messages with.
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

static BY_SLIXMPP: Partner = Partner { driver: SLIXMPP, framing: Framing::StartTls };

static BY_XMPP_CLIENT: Partner = Partner { driver: XMPP_CLIENT, framing: Framing::WebSocketTls };

static CLIENTS: &[Client] = &[
    Client { name: "slixmpp", account: "slixmpp", driver: SLIXMPP, partner: &BY_XMPP_CLIENT },
    Client { name: "@xmpp/client", account: "xmpp.js", driver: XMPP_CLIENT, partner: &BY_SLIXMPP },
    Client { name: "stanza", account: "stanza", driver: "stanza.mjs", partner: &BY_SLIXMPP },
    Client { name: "strophe.js", account: "strophe", driver: "strophe.mjs", partner: &BY_SLIXMPP },
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
    /// The account for a framing.
    fn account(&self, framing: Framing) -> String {
        format!("{}-{}", self.account, framing.suffix())
    }
}

/// The transports of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    StartTls,
    DirectTls,
    WebSocket,
    WebSocketTls,
}

impl Framing {
    const ALL: [Self; 4] = [Self::StartTls, Self::DirectTls, Self::WebSocket, Self::WebSocketTls];

    const fn name(self) -> &'static str {
        match self {
            Self::StartTls => "TCP + STARTTLS",
            Self::DirectTls => "direct TLS",
            Self::WebSocket => "WebSocket",
            Self::WebSocketTls => "WebSocket + TLS",
        }
    }

    /// The end of the name of an account.
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

/// Runs every client over every framing. Fails when a step fails, or when a client can do what it
/// is said to lack.
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
    if report.has_failed() { Err("a step failed; see the table above".to_owned()) } else { Ok(()) }
}

fn judge(installed: &Installed, folder: &Path) -> Result<Report, String> {
    super::empty(folder)?;
    let ways: Vec<(&Client, Framing)> =
        CLIENTS.iter().flat_map(|client| Framing::ALL.map(|framing| (client, framing))).collect();
    let accounts: Vec<String> = ways
        .iter()
        .map(|(client, framing)| client.account(*framing))
        .flat_map(|account| [partner_of(&account), account])
        .collect();
    let servers: Vec<Server> = Offer::ALL
        .into_iter()
        .map(|offer| Server::start(&installed.target, folder, offer, &accounts))
        .collect::<Result<_, _>>()?;
    let sessions: Vec<Session<'_>> = ways
        .iter()
        .map(|(client, framing)| {
            let offer = Offer::of(client, *framing);
            let server = servers.iter().find(|server| server.target.offer == offer);
            let server = server.ok_or_else(|| format!("no server has the offer {offer:?}"))?;
            Ok(Session::new(installed, folder, &server.target, client, *framing))
        })
        .collect::<Result<_, String>>()?;
    let rows = run_all(&sessions);
    for server in servers {
        server.stop()?;
    }
    Ok(Report { rows })
}

/// Runs the sessions, as many at a time as there are processors.
fn run_all(sessions: &[Session<'_>]) -> Vec<Row> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(session) = sessions.get(number) else {
                return;
            };
            let rows = session.run();
            lock(&done).insert(number, rows);
        }
    };
    std::thread::scope(|scope| {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..count {
            scope.spawn(work);
        }
    });
    std::mem::take(&mut *lock(&done)).into_values().flatten().collect()
}

/// A panic of one thread ends the run, so a poisoned lock does not matter.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The partner of an account.
fn partner_of(account: &str) -> String {
    format!("{account}-partner")
}
