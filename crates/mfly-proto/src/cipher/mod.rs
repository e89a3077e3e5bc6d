//! The platform's payload encryption (observed: Web SDK 4.25.10): one type per use.
//!
//! All of it is AES-256-CBC under a key that is the start of a SHA-256 in hexadecimal. Nothing is
//! authenticated: a sealed value can be altered unnoticed. Use it only where the platform requires
//! it.
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
//! A text that cannot be opened is returned unchanged, because servers and older clients send clear
//! text in the same places; [`Decrypted`] tells the two apart.
//!
//! Known answers: `fixtures/cipher/known_answers.json`.

mod aes_cbc;
mod component;
mod decrypted;
mod encoding;
mod error;
mod fields;
mod file_key;
mod iv;
mod key;
pub mod login;
mod media;
mod message;
mod text;
mod uri;

pub use component::{LicenceUrlCipher, StorageCipher};
pub use decrypted::Decrypted;
pub use error::CipherError;
pub use fields::{ConfigCipher, ProfileCipher, RequestCipher};
pub use file_key::FileKey;
pub use iv::Iv;
pub use media::{MediaCipher, MediaOpener, MediaSealer};
pub use message::MessageCipher;
pub use uri::encode as encode_uri_component;
