//! Events: what happens in a session without being asked for.
//!
//! Each session has one ordered stream of one typed enum. Each subscription has its own bounded
//! queue; a subscription that is too slow loses the oldest events and is told how many
//! ([`Event::Lagged`]).

pub mod official;
mod platform;
mod session_event;
#[cfg(feature = "tokio")]
mod subscription;
mod translate;

pub use official::OfficialEvent;
pub use platform::Event;
#[cfg(feature = "tokio")]
pub(crate) use session_event::SessionEvent;
pub use session_event::UnknownStanza;
pub(crate) use session_event::session_events;
#[cfg(feature = "tokio")]
pub use subscription::Events;
#[cfg(feature = "tokio")]
pub(crate) use subscription::{Sender, Subscriptions};
pub use translate::EventContext;
