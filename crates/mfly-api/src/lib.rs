#![doc = include_str!("../README.md")]
//! ## Modules
//!
//! | module | what |
//! |---|---|
//! | [`endpoint`] | one file per endpoint: its request, its response, its wire form; the trait they share |
//! | [`api`] | [`Api::send`]: the one way a request leaves |
//! | [`token`] | where tokens come from; when a token expires |
//! | [`licence`] | the look-up that turns a licence key into a base URL, and its cache |
//! | [`feature`] | the plan's feature flags |
//! | [`metadata`], [`file_token`] | a user's metadata pairs; the name of a stored file |
//! | [`base_url`], [`origin`], [`mode`] | where the API is; whom a URL leads to; live or trial |
//! | [`http`], `hyper` | the trait of HTTP clients; the built-in client (feature `hyper`) |
//! | [`request`] | an endpoint as an HTTP request, without sending it |
//! | [`multipart`], [`query`] | forms and query strings |
//! | [`envelope`] | `{status, message, data}` |
//! | [`error`] | what can go wrong, whose fault it is, the official status code |
//!
//! Nothing under [`endpoint`] is async, or reads a clock or a random source: times and ids are
//! passed in.

pub mod api;
pub mod auth;
pub mod base_url;
pub mod endpoint;
pub mod envelope;
pub mod error;
pub mod feature;
pub mod file_token;
pub mod http;
#[cfg(feature = "hyper")]
pub mod hyper;
pub mod licence;
pub mod metadata;
pub mod mode;
pub mod multipart;
pub mod origin;
pub mod query;
mod refresh;
pub mod request;
pub mod token;
mod wire;

pub use api::Api;
pub use base_url::BaseUrl;
pub use endpoint::Endpoint;
pub use error::{ApiError, Fault};
pub use feature::{Feature, Features};
pub use file_token::FileToken;
pub use metadata::{MetaValue, Metadata};
pub use mode::Mode;
pub use origin::Origin;
