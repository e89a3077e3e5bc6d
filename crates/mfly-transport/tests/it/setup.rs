//! Servers on port 0 and connected pairs.

use crate::certificates::Authority;
use mfly_transport::{Address, Connection, Options, Tls, connect, server, server_config};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// Above anything a test needs, so that a hang is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The frame limit of every connection in these tests, the default.
pub(crate) const LIMIT: usize = mfly_transport::DEFAULT_MAX_FRAME_BYTES;

pub(crate) async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

pub(crate) fn address(scheme: &str, listener: &TcpListener) -> Address {
    format!("{scheme}://{}/websocket", listener.local_addr().unwrap())
        .parse()
        .unwrap()
}

async fn accepted(listener: &TcpListener) -> TcpStream {
    listener.accept().await.unwrap().0
}

/// A client and its server, as two ends of one connection.
pub(crate) type Ends = (Connection, Connection);

pub(crate) async fn in_memory() -> Ends {
    mfly_transport::pair()
}

pub(crate) async fn ws() -> Ends {
    let listener = listen().await;
    let (address, options) = (address("ws", &listener), Options::default());
    let serving = async { server::accept(accepted(&listener).await, LIMIT, PATIENCE).await };
    let (client, server) = tokio::join!(connect(&address, &options), serving);
    (client.unwrap(), server.unwrap())
}

pub(crate) async fn wss() -> Ends {
    let listener = listen().await;
    let authority = Authority::new();
    let (chain, key) = authority.issue("127.0.0.1");
    let config = server_config(chain.as_bytes(), key.as_bytes(), &[]).unwrap();
    let address = address("wss", &listener);
    let options = Options::new(Tls::custom(authority.pem().as_bytes()).unwrap());
    let serving = async {
        let secured = server::secure(accepted(&listener).await, config, PATIENCE).await?;
        server::accept(secured, LIMIT, PATIENCE).await
    };
    let (client, server) = tokio::join!(connect(&address, &options), serving);
    (client.unwrap(), server.unwrap())
}

/// Runs one behaviour over each kind of connection.
macro_rules! over_every_transport {
    ($($behaviour:ident),+ $(,)?) => {
        mod in_memory {
            $(#[tokio::test] async fn $behaviour() {
                super::$behaviour(crate::setup::in_memory().await).await;
            })+
        }
        mod over_ws {
            $(#[tokio::test] async fn $behaviour() {
                super::$behaviour(crate::setup::ws().await).await;
            })+
        }
        mod over_wss {
            $(#[tokio::test] async fn $behaviour() {
                super::$behaviour(crate::setup::wss().await).await;
            })+
        }
    };
}
pub(crate) use over_every_transport;
