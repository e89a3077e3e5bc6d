//! The platform's payload encryption (observed: Web SDK 4.25.10): one type per use.
//!
//! All of it is AES-256-CBC under a key that is the start of a SHA-256 in hexadecimal. Nothing is
//! authenticated: a sealed value can be altered unseen. Use it where the platform demands it and
//! for nothing else.
//!
//! | type | seals | key | IV |
//! |---|---|---|---|
//! | [`RequestCipher`] | registration and its answer, password, QR login | licence key ×3 | [`Iv::REQUEST`] |
//! | [`ConfigCipher`] | the answer of `/users/config` | user name ×3 | [`Iv::REQUEST`] |
//! | [`ProfileCipher`] | nickname, e-mail, mobile number | that user's id | profile IV |
//! | [`MessageCipher`] | message bodies | message id | message IV |
//! | [`LicenceUrlCipher`] | the licence key in the look-up URL | fixed | fixed |
//! | [`StorageCipher`] | the official SDK's `localStorage` | fixed, entry name | fixed |
//! | [`MediaCipher`] | files | [`FileKey`] | message IV |
//!
//! A text that cannot be opened is handed back as it is, because servers and older clients send
//! clear text in the same places; [`Decrypted`] says which of the two it was.
//!
//! Known answers: `fixtures/cipher/known_answers.json`.

mod aes_cbc;
mod component;
mod config;
mod decrypted;
mod encoding;
mod error;
mod file_key;
mod iv;
mod key;
mod licence_url;
pub mod login;
mod media;
mod message;
mod profile;
mod request;
mod storage;
mod text;
mod uri;

pub use config::ConfigCipher;
pub use decrypted::Decrypted;
pub use error::CipherError;
pub use file_key::FileKey;
pub use iv::Iv;
pub use licence_url::LicenceUrlCipher;
pub use media::{MediaCipher, MediaOpener, MediaSealer};
pub use message::MessageCipher;
pub use profile::ProfileCipher;
pub use request::RequestCipher;
pub use storage::StorageCipher;
pub use uri::encode as encode_uri_component;
