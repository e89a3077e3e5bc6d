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
//! session.send_message(&BareJid::new("romeo@example.com")?, "Good evening.").await?;
//! while let Some(event) = events.next().await {
//!     if let Event::Message(message) = event {
//!         println!("{:?}: {}", message.from, message.body.unwrap_or_default());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The session is the platform's in all that is not the platform's own: requests with deadlines, a connection that
//! comes back, answers believed only from whom they were asked of. One feature a file, under the same word as in every
//! other layer.

mod account;
mod carbons;
mod connecting;
mod dialler;
mod event;
mod last_seen;
mod message;
mod ping;
mod presence;
mod session;

pub use account::{Account, Authentication};
pub use connecting::Connecting;
pub use event::{Event, Events};
pub use message::{Carbon, Message};
pub use session::Session;

pub use crate::connector::{Connector, ConnectorError, Dialled};
