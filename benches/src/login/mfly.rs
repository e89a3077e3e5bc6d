//! `mfly-client` with a standard account.

use super::target::Target;
use super::{BoxError, Channel, Client, Place, Session};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use mfly_client::standard::{self, Account};
use mfly_client::{BareJid, Jid, KnownServer, Password, StartTls, Tls};

/// What the client knows of the server beforehand.
#[derive(Clone, Debug)]
enum Knowledge {
    /// Nothing, as at the very first login: no offers, no TLS session.
    Nothing,
    /// What a login before told.
    Before(Tls, Option<KnownServer>),
}

/// `mfly-client` with an account.
#[derive(Debug)]
pub struct Mfly {
    account: BareJid,
    password: Password,
    trusted: Option<Vec<u8>>,
    knowledge: Knowledge,
}

impl Mfly {
    /// A client that logs in for the first time.
    ///
    /// # Errors
    /// When the target's account or certificates cannot be used.
    pub fn first(target: &Target) -> Result<Self, BoxError> {
        Ok(Self {
            account: BareJid::new(&target.account())?,
            password: Password::new(&target.password)?,
            trusted: target.ca.as_ref().map(std::fs::read).transpose()?,
            knowledge: Knowledge::Nothing,
        })
    }

    /// A client that has logged in before, in this or an earlier run.
    ///
    /// # Errors
    /// When the target's account or certificates cannot be used.
    pub fn again(target: &Target) -> Result<Self, BoxError> {
        let first = Self::first(target)?;
        let knowledge = Knowledge::Before(first.tls()?, None);
        Ok(Self { knowledge, ..first })
    }

    fn tls(&self) -> Result<Tls, BoxError> {
        Ok(match &self.trusted {
            Some(certificates) => Tls::custom(certificates)?,
            None => Tls::bundled(),
        })
    }

    async fn connect(&self, place: Place) -> Result<standard::Session, BoxError> {
        let scheme = match place.channel {
            Channel::ClearText | Channel::StartTls => "xmpp",
            Channel::DirectTls => "xmpps",
            Channel::WebSocket => return Err("a standard account is measured over TCP".into()),
        };
        let mut account = Account::new(self.account.clone(), self.password.clone())
            .address(&format!("{scheme}://{}", place.address));
        if place.channel == Channel::ClearText {
            account = account.start_tls(StartTls::Disabled);
        }
        account = match &self.knowledge {
            Knowledge::Nothing => account.tls(self.tls()?),
            Knowledge::Before(tls, server) => account.tls(tls.clone()).known_server(server.clone()),
        };
        Ok(account.connect().await?)
    }
}

#[async_trait(?Send)]
impl Client for Mfly {
    fn name(&self) -> &'static str {
        match self.knowledge {
            Knowledge::Nothing => "mfly, first login",
            Knowledge::Before(..) => "mfly, known server",
        }
    }

    fn can_use(&self, channel: Channel) -> bool {
        channel != Channel::WebSocket
    }

    async fn prepare(&mut self, place: Place) -> Result<(), BoxError> {
        if let Knowledge::Before(_, server) = &mut self.knowledge {
            *server = None;
            let session = self.connect(place).await?;
            let known = session.known_server();
            session.close().await;
            if let Knowledge::Before(_, server) = &mut self.knowledge {
                *server = known;
            }
        }
        Ok(())
    }

    async fn log_in(&self, place: Place) -> Result<Box<dyn Session>, BoxError> {
        let session = self.connect(place).await?;
        let server = BareJid::new(self.account.domain())?.into();
        Ok(Box::new(Online { session, server }))
    }
}

struct Online {
    session: standard::Session,
    server: Jid,
}

#[async_trait(?Send)]
impl Session for Online {
    async fn ping(&mut self, count: usize, outstanding: usize) -> Result<(), BoxError> {
        let mut waiting = FuturesUnordered::new();
        for _ in 0..count {
            if waiting.len() >= outstanding
                && let Some(answer) = waiting.next().await
            {
                answer?;
            }
            waiting.push(self.session.ping(Some(&self.server)));
        }
        while let Some(answer) = waiting.next().await {
            answer?;
        }
        Ok(())
    }

    async fn close(self: Box<Self>) {
        self.session.close().await;
    }
}
