//! SCRAM (RFC 5802, RFC 7677, draft-melnikov-scram-sha-512): both sides prove that they know the
//! password, neither tells it, and with the -PLUS mechanisms both see the same TLS channel.
//!
//! | file | what |
//! |---|---|
//! | `client`, `parameters` | [`Scram`]: the client's half |
//! | `server` | [`ScramServer`]: the server's half |
//! | `keys` | what a password becomes |
//! | `message` | the four messages, read strictly |
//! | `hash`, `hi` | the hash functions and the arithmetic over them; the costly part of it |
//! | `offer` | the server's signed word on what it offered (XEP-0474) |
//! | `prepare` | user names and passwords before hashing |

mod binding;
mod client;
mod error;
mod hash;
mod hi;
mod keys;
mod limits;
mod message;
mod nonce;
mod offer;
mod parameters;
mod prepare;
mod server;

pub use binding::{Binding, BindingKind};
pub use client::Scram;
pub use error::{ScramError, ScramRefusal};
pub use hash::ScramHash;
pub use keys::{ScramCredentials, ScramDerivation, ScramKeys};
pub use limits::ITERATIONS;
pub use nonce::Nonce;
pub use offer::ScramOffer;
pub use parameters::ScramParameters;
pub use server::{ScramServer, ScramServerParameters};
