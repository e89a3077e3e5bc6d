//! SCRAM (RFC 5802, RFC 7677, draft-melnikov-scram-sha-512): both sides prove that they know the
//! password, neither tells it, and with the -PLUS mechanisms both see the same TLS channel.
//!
//! | file | what |
//! |---|---|
//! | `client` | [`Scram`]: the client's half |
//! | `server` | [`ScramServer`]: the server's half |
//! | `keys` | what a password becomes |
//! | `message` | the four messages, read strictly |
//! | `hash` | the hash functions and the arithmetic over them |
//! | `prepare` | user names and passwords before hashing |

mod binding;
mod client;
mod error;
mod hash;
mod keys;
mod limits;
mod message;
mod nonce;
mod prepare;
mod server;

pub use binding::{Binding, BindingKind};
pub use client::{Scram, ScramParameters};
pub use error::{ScramError, ScramRefusal};
pub use hash::ScramHash;
pub use keys::{ScramCredentials, ScramKeys};
pub use limits::ITERATIONS;
pub use nonce::Nonce;
pub use server::ScramServer;
