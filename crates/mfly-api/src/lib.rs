#![doc = include_str!("../README.md")]
//! ## Modules
//!
//! | module | what |
//! |---|---|
//! | [`endpoint`] | the trait of endpoints, and one module per endpoint with its request and response |
//! | [`api`] | the client of the API, which sends endpoints |
//! | [`token`] | the sources of tokens; the expiry of a token |
//! | [`licence`] | the look-up of the base URL of a licence key, and its cache |
//! | [`feature`] | the feature flags of a plan |
//! | [`metadata`], [`file_token`] | the metadata of a user; the name of a stored file |
//! | [`base_url`], [`origin`], [`mode`] | the base URL of the API; the origin of a URL; live or trial |
//! | [`http`], `hyper` | the trait of HTTP clients; the built-in client (feature `hyper`) |
//! | [`request`] | the HTTP request of an endpoint, made without sending it |
//! | [`multipart`], [`query`] | forms and query strings |
//! | [`envelope`] | the envelope `{status, message, data}` of JSON responses |
//! | [`error`] | the errors, their cause, and the official status code |
//!
//! The modules under [`endpoint`] are neither async nor read a clock or a random source: times and
//! ids are arguments.

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
