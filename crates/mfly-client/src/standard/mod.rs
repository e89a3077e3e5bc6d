//! Any XMPP server: an account is an address and a password, nothing of the platform is needed.
//!
//! ```no_run
//! use mfly_client::standard::{Account, Event};
//! use mfly_client::{BareJid, Password};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let account = Account::new(BareJid::new("juliet@example.com")?, Password::new("secret")?);
//! let session = account.connect().await?;
//! let mut events = session.events();
//! while let Some(event) = events.next().await {
//!     if let Event::Message(message) = event {
//!         println!("{:?}: {}", message.from, message.body.unwrap_or_default());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Where the server is
//!
//! Without [`Account::address`], the domain's SRV records say (feature `srv`), or it is the domain
//! itself at port 5222. The connection is secured in any case, and the server has to show a
//! certificate for the domain, wherever it is. [`Account::connector`] brings connections of one's
//! own.
//!
//! # Logging in
//!
//! By the strongest SCRAM that both sides can, tied to the TLS connection if possible. What a
//! server once offered is remembered for the session, and beyond it as a
//! [`KnownServer`](crate::KnownServer): one that offers less later on is refused, because an
//! attacker in between could make it seem so. The password's costly part is done once and kept for
//! reconnecting.
//!
//! | | flights until online | with a server that is known |
//! |---|---|---|
//! | one thing after the other ([`Account::pipelined`] off) | 4, with SCRAM 5 | the same |
//! | SASL | 3, with SCRAM 4 | 2, with SCRAM 3 |
//! | SASL2 with Bind2, where a server has them | 2, with SCRAM 3 | 1, with SCRAM 2 |
//!
//! A flight is what leaves without waiting for an answer; each costs a round trip. Whatever went
//! ahead is checked against what the server then says, and an attempt that came to nothing is
//! followed by one that takes step after step.
//!
//! # The end
//!
//! Close a session before `main` ends ([`Session::close`]): a message that
//! [`Session::send_message`] has queued leaves by itself, but only while the runtime runs. [What
//! becomes of requests and messages](crate#what-becomes-of-requests-and-messages) has the whole
//! table.
//!
//! # The rest
//!
//! The session is the platform's in all that is not the platform's own: requests with deadlines, a
//! connection that comes back, answers believed only from whom they were asked of. One feature a
//! file, under the same word as in every other layer.

#[cfg(feature = "tokio")]
mod account;
#[cfg(feature = "tokio")]
mod block;
#[cfg(feature = "tokio")]
mod carbons;
#[cfg(feature = "tokio")]
mod connecting;
#[cfg(feature = "tokio")]
mod entity_time;
mod event;
#[cfg(feature = "tokio")]
mod last_seen;
#[cfg(feature = "tokio")]
mod message;
#[cfg(feature = "tokio")]
mod ping;
#[cfg(feature = "tokio")]
mod presence;
#[cfg(feature = "tokio")]
mod profile;
#[cfg(feature = "tokio")]
mod roster;
#[cfg(feature = "tokio")]
mod service_discovery;
#[cfg(feature = "tokio")]
mod session;

#[cfg(feature = "tokio")]
pub use account::{Account, Authentication};
#[cfg(feature = "tokio")]
pub use connecting::Connecting;
#[cfg(feature = "tokio")]
pub use event::Events;
pub use event::{Event, Message};
#[cfg(feature = "tokio")]
pub use session::Session;

#[cfg(feature = "tokio")]
pub use crate::connector::{Connector, ConnectorError, Dialled};
pub use crate::machine::Carbon;
pub use mfly_proto::date_time::DateTime;
pub use mfly_proto::listed::{Listed, SkipReason, Skipped};
pub use mfly_proto::payload::standard::entity_time::EntityTime;
pub use mfly_proto::payload::standard::profile::{
    Email, Name, Organization, Photo, Telephone, VCard,
};
pub use mfly_proto::payload::standard::roster::{Roster, RosterItem, Subscription};
pub use mfly_proto::payload::standard::service_discovery::{Identity, Info};
pub use mfly_proto::stanza::MessageKind;
