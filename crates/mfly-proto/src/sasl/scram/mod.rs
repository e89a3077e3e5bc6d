//! SCRAM (RFC 5802, RFC 7677, draft-melnikov-scram-sha-512): both sides prove that they know the
//! password without sending it. The -PLUS mechanisms also prove that both see the same TLS channel.
//!
//! | file | contents |
//! |---|---|
//! | `client`, `parameters` | [`Scram`]: the client's half |
//! | `server` | [`ScramServer`]: the server's half |
//! | `keys` | keys derived from a password |
//! | `message` | the four messages, read strictly |
//! | `hash`, `hi` | the hash functions and the key derivation over them |
//! | `offer` | the hash of the server's offer (XEP-0474) |
//! | `prepare` | preparation of user names and passwords |

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
