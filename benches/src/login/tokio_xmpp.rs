//! tokio-xmpp, as its documentation says to use it.
//!
//! It picks SCRAM-SHA-256 or -1 by itself (with channel binding over TLS 1.3), asks for stream
//! management where that is offered, and trusts the roots of the system: set `SSL_CERT_FILE` to the
//! server's.

use super::{BoxError, Channel, Client, Place, Session};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::time::Duration;
use tokio_xmpp::connect::DnsConfig;
use tokio_xmpp::jid::{BareJid, Jid};
use tokio_xmpp::minidom::Element;
use tokio_xmpp::xmlstream::Timeouts;
use tokio_xmpp::{Event, IqRequest, IqResponse};

/// How long a session may take to end.
const CLOSING: Duration = Duration::from_secs(2);

/// tokio-xmpp with an account.
#[derive(Debug)]
pub struct TokioXmpp {
    account: BareJid,
    password: String,
}

impl TokioXmpp {
    /// A client of this account.
    pub fn new(account: &str, password: &str) -> Result<Self, BoxError> {
        Ok(Self { account: BareJid::new(account)?, password: password.to_owned() })
    }
}

#[async_trait(?Send)]
impl Client for TokioXmpp {
    fn name(&self) -> &'static str {
        "tokio-xmpp"
    }

    fn can_use(&self, channel: Channel) -> bool {
        channel != Channel::WebSocket
    }

    async fn log_in(&self, place: Place) -> Result<Box<dyn Session>, BoxError> {
        let (account, password) = (self.account.clone(), self.password.clone());
        let address = DnsConfig::addr(&place.address.to_string());
        let timeouts = Timeouts::default();
        let mut client = match place.channel {
            Channel::ClearText => {
                tokio_xmpp::Client::new_plaintext(account, password, address, timeouts)
            }
            Channel::StartTls => {
                tokio_xmpp::Client::new_starttls(account, password, address, timeouts)
            }
            Channel::DirectTls => {
                tokio_xmpp::Client::new_direct_tls_with_config(account, password, address, timeouts)
            }
            Channel::WebSocket => return Err("it has no WebSocket".into()),
        };
        // A refused password ends nothing here: the library tries again for ever, and the caller
        // has a deadline.
        while let Some(event) = client.next().await {
            if let Event::Online { .. } = event {
                let server = Jid::from(BareJid::from_parts(None, self.account.domain()));
                return Ok(Box::new(Online { client, server }));
            }
        }
        Err("the client ended before it was online".into())
    }
}

struct Online {
    client: tokio_xmpp::Client,
    server: Jid,
}

#[async_trait(?Send)]
impl Session for Online {
    async fn ping(&mut self, count: usize, outstanding: usize) -> Result<(), BoxError> {
        let mut waiting = FuturesUnordered::new();
        for _ in 0..count {
            if waiting.len() >= outstanding {
                check(waiting.next().await)?;
            }
            let ping = Element::bare("ping", "urn:xmpp:ping");
            let token = self.client.send_iq(Some(self.server.clone()), IqRequest::Get(ping));
            waiting.push(token.await);
        }
        while !waiting.is_empty() {
            check(waiting.next().await)?;
        }
        Ok(())
    }

    async fn close(self: Box<Self>) {
        // One that does not end in time is given up.
        let _ = tokio::time::timeout(CLOSING, self.client.send_end()).await;
    }
}

fn check<E>(answer: Option<Result<IqResponse, E>>) -> Result<(), BoxError>
where
    E: std::error::Error + Send + Sync + 'static,
{
    match answer {
        Some(Ok(IqResponse::Result(_))) => Ok(()),
        Some(Ok(IqResponse::Error(error))) => Err(format!("the server refused: {error:?}").into()),
        Some(Err(error)) => Err(error.into()),
        None => Err("no answer is awaited".into()),
    }
}
