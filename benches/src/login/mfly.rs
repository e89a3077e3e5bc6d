//! `mfly-client` with a standard account.

use super::target::Target;
use super::{BoxError, Channel, Client, Place, Session, pipeline};
use async_trait::async_trait;
use mfly_client::standard::{self, Account};
use mfly_client::{
    BareJid, Jid, KnownServer, MechanismKind, MechanismPolicy, Password, StartTls, Tls,
};

/// What the client knows before it logs in.
#[derive(Clone, Debug)]
enum Way {
    /// Nothing: neither the server's offer nor a TLS session.
    First,
    /// Nothing, and it uses only mechanisms of tokio-xmpp: deriving keys with SHA-512 takes longer.
    WithoutSha512,
    /// The server's offer and a TLS session of an earlier login.
    Again(Tls, Option<KnownServer>),
}

/// `mfly-client` with an account.
#[derive(Debug)]
pub struct Mfly {
    account: BareJid,
    password: Password,
    trusted: Option<Vec<u8>>,
    websocket: bool,
    way: Way,
}

impl Mfly {
    /// A client that logs in for the first time.
    pub fn first(target: &Target) -> Result<Self, BoxError> {
        Ok(Self {
            account: BareJid::new(&target.account())?,
            password: Password::new(&target.password)?,
            trusted: target.ca.as_ref().map(std::fs::read).transpose()?,
            websocket: target.has_websocket(),
            way: Way::First,
        })
    }

    /// A client without SHA-512, which tokio-xmpp does not have.
    pub fn without_sha512(target: &Target) -> Result<Self, BoxError> {
        let way = Way::WithoutSha512;
        Ok(Self { way, ..Self::first(target)? })
    }

    /// A client that has logged in before, in this or an earlier run.
    pub fn again(target: &Target) -> Result<Self, BoxError> {
        let first = Self::first(target)?;
        let way = Way::Again(first.tls()?, None);
        Ok(Self { way, ..first })
    }

    fn tls(&self) -> Result<Tls, BoxError> {
        Ok(match &self.trusted {
            Some(certificates) => Tls::custom(certificates)?,
            None => Tls::bundled(),
        })
    }

    async fn connect(&self, place: Place) -> Result<standard::Session, BoxError> {
        let address = match place.channel {
            Channel::ClearText | Channel::StartTls => format!("xmpp://{}", place.address),
            Channel::DirectTls => format!("xmpps://{}", place.address),
            // HTTP servers choose a host by the name.
            Channel::WebSocket => {
                format!("ws://localhost:{}/xmpp-websocket", place.address.port())
            }
        };
        let mut account =
            Account::new(self.account.clone(), self.password.clone()).address(&address);
        if place.channel == Channel::ClearText {
            account = account.start_tls(StartTls::Disabled);
        }
        account = match &self.way {
            Way::First => account.tls(self.tls()?),
            Way::WithoutSha512 => account.tls(self.tls()?).mechanisms(without_sha512()),
            Way::Again(tls, server) => account.tls(tls.clone()).known_server(server.clone()),
        };
        Ok(account.connect().await?)
    }
}

#[async_trait(?Send)]
impl Client for Mfly {
    fn name(&self) -> &'static str {
        match self.way {
            Way::First => "mfly, first login",
            Way::WithoutSha512 => "mfly, first login, no SHA-512",
            Way::Again(..) => "mfly, known server",
        }
    }

    fn is_variant(&self) -> bool {
        !matches!(self.way, Way::First)
    }

    fn can_use(&self, channel: Channel) -> bool {
        channel != Channel::WebSocket || self.websocket
    }

    async fn prepare(&mut self, place: Place) -> Result<(), BoxError> {
        if let Way::Again(_, server) = &mut self.way {
            *server = None;
            let session = self.connect(place).await?;
            let known = session.known_server();
            session.close().await;
            if let Way::Again(_, server) = &mut self.way {
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

/// The mechanisms of tokio-xmpp in its order, channel binding first.
fn without_sha512() -> MechanismPolicy {
    let is_known = |kind: &MechanismKind| {
        !matches!(kind, MechanismKind::External | MechanismKind::Anonymous)
            && !kind.name().starts_with("SCRAM-SHA-512")
    };
    MechanismPolicy::of(MechanismKind::ALL.into_iter().filter(is_known))
}

struct Online {
    session: standard::Session,
    server: Jid,
}

#[async_trait(?Send)]
impl Session for Online {
    async fn ping(&mut self, count: usize, outstanding: usize) -> Result<(), BoxError> {
        pipeline(count, outstanding, || self.session.ping(Some(&self.server))).await
    }

    async fn close(self: Box<Self>) {
        self.session.close().await;
    }
}
