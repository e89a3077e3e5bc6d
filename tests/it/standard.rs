//! Accounts on standard XMPP servers, over every way to connect.

mod account;
mod login;
mod reaching;
mod requests;
mod texts;
mod writing;

use async_trait::async_trait;
use mfly_client::standard::{
    Account, Connector, ConnectorError, Dialled, Event, Events, Message, Session,
};
use mfly_client::{BareJid, Error, Password, PresenceKind, Redirect, Tls};
use mfly_proto::framing::Framing;
use mfly_tests::{expect_event, within};
use mfly_testserver::{Builder, TestServer};
use std::sync::Arc;

pub(crate) const PASSWORD: &str = "pencil";

/// The way a connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Memory(Framing),
    StartTls,
    DirectTls,
    WebSocket,
}

const WAYS: [Way; 5] = [
    Way::Memory(Framing::WebSocket),
    Way::Memory(Framing::Tcp),
    Way::StartTls,
    Way::DirectTls,
    Way::WebSocket,
];

impl Way {
    /// Whether an authentication can be bound to the connection.
    fn is_tls(self) -> bool {
        !matches!(self, Self::Memory(_))
    }
}

/// Makes connections in memory.
struct Memory {
    server: Arc<TestServer>,
    framing: Framing,
}

#[async_trait]
impl Connector for Memory {
    async fn connect(&self, _: Option<&Redirect>) -> Result<Dialled, ConnectorError> {
        Ok(Dialled::new(self.server.connect_in_memory(self.framing), true))
    }
}

pub(crate) async fn start(change: impl FnOnce(Builder) -> Builder) -> Arc<TestServer> {
    let server = change(TestServer::builder()).start().await;
    Arc::new(server.expect("the server starts"))
}

fn jid(server: &TestServer, name: &str) -> BareJid {
    BareJid::new(&format!("{name}@{}", server.xmpp_host())).unwrap()
}

fn trusting(server: &TestServer) -> Tls {
    Tls::custom(server.ca_certificate_pem().unwrap().as_bytes()).unwrap()
}

/// Creates an account on the server, and returns how it connects.
pub(crate) fn account(server: &Arc<TestServer>, name: &str, way: Way) -> Account {
    server.standard_user(name, PASSWORD).unwrap();
    unknown(server, name, way)
}

/// Returns how an account connects that may not exist.
fn unknown(server: &Arc<TestServer>, name: &str, way: Way) -> Account {
    let account = Account::new(jid(server, name), Password::new(PASSWORD).unwrap());
    let address = match way {
        Way::Memory(framing) => {
            return account.connector(Arc::new(Memory { server: Arc::clone(server), framing }));
        }
        Way::StartTls => server.tcp_address(),
        Way::DirectTls => server.tcps_address(),
        Way::WebSocket => server.websocket_url_tls(),
    };
    account.address(&address.unwrap()).tls(trusting(server))
}

pub(crate) async fn connect(account: &Account) -> Session {
    let connecting = account.connect();
    within("connection", async { connecting.await }).await.expect("connects")
}

async fn failure(account: &Account) -> Error {
    let connecting = account.connect();
    within("a failure", async { connecting.await }).await.expect_err("does not connect")
}

async fn wait_for_message(events: &mut Events) -> Message {
    expect_event!(events, Event::Message(message) => message.clone())
}

/// Waits for a presence of another account of this kind.
async fn wait_for_presence(events: &mut Events, wanted: PresenceKind) {
    expect_event!(events, Event::Presence { kind, own: false, .. } if *kind == wanted => ());
}
