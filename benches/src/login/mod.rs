//! Clients on one server: the time until they are online, and the cost of a request.

pub mod effort;
pub mod logins;
pub mod memory;
pub mod mfly;
pub mod own_server;
pub mod platform;
pub mod requests;
pub mod served;
pub mod standard_servers;
pub mod target;
pub mod tokio_xmpp;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Any error, which a benchmark prints.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The transport and encryption of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// TCP without encryption.
    ClearText,
    /// TCP that begins in clear text and turns to TLS.
    StartTls,
    /// TLS from the first byte.
    DirectTls,
    /// WebSocket without encryption.
    WebSocket,
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClearText => "TCP, clear text",
            Self::StartTls => "TCP, STARTTLS",
            Self::DirectTls => "TCP, direct TLS",
            Self::WebSocket => "WebSocket, clear text",
        })
    }
}

/// A place where a server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The transport and encryption.
    pub channel: Channel,
    /// Whether the server offers SASL2.
    pub sasl2: bool,
    /// The address on loopback, or of a proxy to it.
    pub address: SocketAddr,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sasl2 = if self.sasl2 { ", SASL2" } else { "" };
        write!(f, "{}{sasl2}", self.channel)
    }
}

/// A client library and a way to use it.
#[async_trait(?Send)]
pub trait Client {
    /// The name in the tables.
    fn name(&self) -> &'static str;

    /// Whether the client can use a channel.
    fn can_use(&self, channel: Channel) -> bool;

    /// Whether only the login differs from another client's.
    fn is_variant(&self) -> bool {
        false
    }

    /// Learns what the client may know before it is measured, such as the server's offer.
    async fn prepare(&mut self, _place: Place) -> Result<(), BoxError> {
        Ok(())
    }

    /// Opens a session, and returns as soon as the library reports it online.
    async fn log_in(&self, place: Place) -> Result<Box<dyn Session>, BoxError>;
}

/// A session that is online.
#[async_trait(?Send)]
pub trait Session {
    /// Pings the server `count` times with `outstanding` requests on the way, and takes every
    /// answer.
    async fn ping(&mut self, count: usize, outstanding: usize) -> Result<(), BoxError>;

    /// Closes the session in order.
    async fn close(self: Box<Self>);
}

/// Opens a session within a deadline, which some clients lack, and measures the time.
pub async fn open(
    client: &dyn Client,
    place: Place,
) -> Result<(Box<dyn Session>, Duration), BoxError> {
    let started = Instant::now();
    match tokio::time::timeout(effort::LOGIN, client.log_in(place)).await {
        Ok(session) => Ok((session?, started.elapsed())),
        Err(_) => Err(format!("not online after {} s", effort::LOGIN.as_secs()).into()),
    }
}

/// Sends `count` requests with at most `outstanding` on the way, and takes every answer.
pub(crate) async fn pipeline<T, E, F>(
    count: usize,
    outstanding: usize,
    request: impl Fn() -> F,
) -> Result<(), BoxError>
where
    F: Future<Output = Result<T, E>>,
    BoxError: From<E>,
{
    let mut waiting = FuturesUnordered::new();
    for _ in 0..count {
        if waiting.len() >= outstanding
            && let Some(answer) = waiting.next().await
        {
            answer?;
        }
        waiting.push(request());
    }
    while let Some(answer) = waiting.next().await {
        answer?;
    }
    Ok(())
}

/// An error with its causes.
pub fn explain(error: &BoxError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}
