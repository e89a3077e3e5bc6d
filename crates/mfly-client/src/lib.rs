//! A MirrorFly client: register, connect, profile, presence, block lists, media and events. And an
//! XMPP client for any other server: [`standard`].
//!
//! There are two types, so that a call without registration or connection does not compile: an
//! [`App`] registers users and connects them; a [`Session`] does everything else.
//!
//! ```
//! use mfly_client::{App, Event, LicenceKey, ProfileUpdate, UserIdentifier};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = mfly_testserver::TestServer::start().await?;
//! # let (key, url) = (server.licence_key(), server.api_base_url());
//! # let tls = mfly_client::Tls::custom(server.ca_certificate_pem().ok_or("no certificate")?.as_bytes())?;
//! let app = App::builder(key).api_base_url(&url).tls(tls).build().await?;
//! let account = app.register(&UserIdentifier::new("alice")?).metadata("team", "blue")?.await?;
//! let session = app.connect(&account.credentials).await?;
//!
//! let mut events = session.events();
//! session.update_profile(ProfileUpdate::new().nick_name("Alice").status("Here")).await?;
//! assert_eq!(session.own_profile().await?.nick_name, "Alice");
//!
//! session.close().await;
//! while let Some(event) = events.next().await {
//!     if let Event::Ended(reason) = event {
//!         println!("{reason}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # For users of the official SDK
//!
//! | official call | here |
//! |---|---|
//! | `initializeSDK` | [`App::builder`] |
//! | `register` | [`App::register`] |
//! | `connect`, `login` | [`App::connect`] |
//! | `logout` | [`Session::logout`] |
//! | `generateQrCode` | [`App::qr_login`]; the phone's side: [`App::approve_qr`], [`Session::end_qr_session`] |
//! | `getUserProfile` | [`Session::profile`], [`Session::own_profile`] |
//! | `setUserProfile` | [`Session::set_profile`]; for some fields only [`Session::update_profile`] |
//! | `getLastSeen` | [`Session::last_seen`] |
//! | `blockUser`, `unblockUser` | [`Session::block`], [`Session::unblock`] |
//! | `getUsersIBlocked`, `getUsersWhoBlockedMe` | [`Session::blocked`], [`Session::blocked_by`] |
//! | `getCurrentUserJid` | [`Session::current_user`] |
//! | `getJid` | [`Session::address_of`] |
//! | `getUserToken` (a new token), `setUserToken` | [`App::user_token`] (a new one), [`Session::user_token`] (the present one), [`Session::set_user_token`] |
//! | `sendFeedback` | [`Session::send_feedback`] |
//! | `deleteMyAccount` | [`Session::delete_account`] |
//! | `reportUserOrGroup` | [`Session::report_user`], [`Session::report_group`] |
//! | `setMediaEncryption` | [`AppBuilder::media_encryption`], [`Session::set_media_encryption`] |
//! | `getMediaURL`, `downloadMedia` | [`Session::download_media`] |
//! | `getFriendsList`, `getRegisteredUsers` | [`Session::friends`] |
//! | `sendRegisterUpdate` | [`Session::announce_registration`] |
//! | `getUsersList` | [`Session::user_list`] |
//! | `getUserSettings`, `updateUserSettings` | [`Session::settings`], [`Session::update_settings`] |
//! | `getMetaData`, `updateMetaData` | [`Session::metadata`], [`Session::update_metadata`] |
//! | `getAvailableFeatures` | [`Session::features`] |
//! | `syncContacts` | [`Session::sync_contacts`] |
//! | the listeners | [`Session::events`], [`Event`]; their payloads: [`Event::official`] |
//!
//! # Any XMPP server
//!
//! [`standard`] opens a session on any XMPP server, with an address and a password: nothing of the
//! platform is needed. Cards, block lists, last activity, presence, contacts and messages are RFC
//! 6121's and the XEPs'. It runs over TCP with STARTTLS or TLS from the start, and over WebSocket,
//! as the platform's sessions do.
//!
//! ```
//! use mfly_client::standard::{Account, Event};
//! use mfly_client::{BareJid, Password};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = mfly_testserver::TestServer::builder().scram(true).start().await?;
//! # for name in ["juliet", "romeo"] {
//! #     server.standard_user(name, "secret")?;
//! # }
//! # let tls = mfly_client::Tls::custom(server.ca_certificate_pem().ok_or("no certificate")?.as_bytes())?;
//! # let address = server.tcp_address().ok_or("no TCP")?;
//! # let (juliet, romeo) = (format!("juliet@{}", server.xmpp_host()), format!("romeo@{}", server.xmpp_host()));
//! let account = |jid: &str| -> Result<Account, mfly_client::InvalidArgument> {
//!     let account = Account::new(BareJid::new(jid)?, Password::new("secret")?);
//!     // Without these two: the domain's own server, and the system's certificate authorities.
//!     Ok(account.address(&address).tls(tls.clone()))
//! };
//! let juliet = account(&juliet)?.connect().await?;
//! let romeo = account(&romeo)?.connect().await?;
//! let mut events = juliet.events();
//!
//! romeo.update_vcard(|card| card.nickname = "Romeo".to_owned()).await?;
//! romeo.send_message(&juliet.jid(), "Did my heart love till now?").await?;
//! while let Some(event) = events.next().await {
//!     if let Event::Message(message) = event {
//!         assert_eq!(message.body.as_deref(), Some("Did my heart love till now?"));
//!         break;
//!     }
//! }
//!
//! // The next connection takes fewer round trips with what this one found out.
//! let known = juliet.known_server();
//! # assert_eq!(known.ok_or("nothing")?.mechanism(), "SCRAM-SHA-512-PLUS");
//! # Ok(())
//! # }
//! ```
//!
//! # What becomes of requests and messages
//!
//! | | while the session reconnects | when the connection is lost | at the end |
//! |---|---|---|---|
//! | a request | waits for the next connection, until its deadline; [`Session::with_fail_fast`] | fails with [`ErrorKind::ConnectionLost`], which says why | its answer still arrives while the session closes |
//! | a message, a presence | [`ErrorKind::NotConnected`] | is lost if it had not left | leaves before the goodbye |
//!
//! [`Session::close`] waits until all of that has happened, a few seconds at most. Dropping the
//! last handle does the same without waiting, which takes a runtime that goes on running: **close
//! the session before `main` ends.**
//!
//! After the machine was suspended or changed its network, an app need not wait for time-outs:
//! [`Session::check_now`] pings the server at once, [`Session::reconnect_now`] makes a new
//! connection.
//!
//! # Without tokio
//!
//! The feature `tokio`, on by default, holds the driver and everything that needs it. Without it,
//! the crate is the session [`machine`], its events ([`Event::from_notice`],
//! [`standard::Event::from_notice`]) and the typed requests ([`machine::Request::new`]), and
//! compiles for `wasm32-unknown-unknown`. The example `own_runtime` drives the machine with a
//! blocking socket.
//!
//! # Other crates
//!
//! Types of other crates that appear in this one's interface are re-exported: by name, and with
//! their crates as [`proto`] (the wire), [`api`] (REST) and `transport`.
//!
//! # Differences from the official SDK
//!
//! Every operation ends: it has a deadline, and dropping its future cancels it. Errors are typed
//! and name whose fault they are ([`Error::fault`]). A lost connection is made again with growing
//! waits. Answers are accepted only from the recipient of the request, pushes only
//! from senders who may send them. A change of one profile field keeps the others.

#[cfg(feature = "tokio")]
mod app;
#[cfg(feature = "tokio")]
mod connector;
#[cfg(feature = "tokio")]
mod credentials;
#[cfg(feature = "tokio")]
mod dialler;
#[cfg(feature = "tokio")]
mod driver;
#[cfg(feature = "tokio")]
mod error;
pub mod event;
#[cfg(feature = "tokio")]
mod feature;
pub mod machine;
mod model;
#[cfg(feature = "tokio")]
mod options;
#[cfg(feature = "tokio")]
pub mod probe;
#[cfg(feature = "tokio")]
mod quirks;
#[cfg(feature = "tokio")]
mod random;
#[cfg(feature = "tokio")]
mod session;
#[cfg(feature = "tokio")]
mod session_core;
#[cfg(feature = "tokio")]
mod signalling;
pub mod standard;
#[cfg(feature = "tokio")]
mod timeouts;
#[cfg(feature = "tokio")]
mod user;

#[cfg(feature = "tokio")]
pub use app::{App, AppBuilder};
#[cfg(feature = "tokio")]
pub use credentials::Credentials;
#[cfg(feature = "tokio")]
pub use driver::StateChanges;
#[cfg(feature = "tokio")]
pub use error::{Error, ErrorKind, Fault, Result};
#[cfg(feature = "tokio")]
pub use event::Events;
pub use event::{Event, EventContext, OfficialEvent, UnknownStanza};
#[cfg(feature = "tokio")]
pub use feature::connect::ConnectRequest;
#[cfg(feature = "tokio")]
pub use feature::logout::LoggedOut;
#[cfg(feature = "tokio")]
pub use feature::media::{MediaForm, MediaReference, MediaTarget, MediaUpload, UploadedMedia};
#[cfg(feature = "tokio")]
pub use feature::profile::{ProfileFields, ProfileImage, ProfileUpdate, StoredImage};
#[cfg(feature = "tokio")]
pub use feature::qr_login::{
    ApprovedQr, CodeText, QrLogin, QrLoginEvent, QrLoginOptions, QrSession,
};
#[cfg(feature = "tokio")]
pub use feature::register::{Account, RegisterRequest};
#[cfg(feature = "tokio")]
pub use feature::report::ReportedMessage;
#[cfg(feature = "tokio")]
pub use feature::user_list::{ListedUser, UserList, UserListRequest};
pub use machine::{
    Cause, ConnectionState, DisconnectReason, EndReason, KeepaliveConfig, KnownServer,
    LoginFailure, ReconnectPolicy, Redirect, RedirectPolicy, Stage,
};
pub use model::friends::{Friend, Friends};
pub use model::profile::{Field, Profile};
#[cfg(feature = "tokio")]
pub use quirks::Quirks;
#[cfg(feature = "tokio")]
pub use session::Session;
#[cfg(feature = "tokio")]
pub use timeouts::Timeouts;
#[cfg(feature = "tokio")]
pub use user::AsUser;

pub use mfly_api as api;
pub use mfly_api::file_token::FileToken;
pub use mfly_api::http::{
    EncodingError, EncodingProblem, HttpBackend, Progress, RedirectError, RedirectProblem,
};
pub use mfly_api::licence::{LicenceCache, MemoryLicenceCache};
pub use mfly_api::{ApiError, BaseUrl, Endpoint, Feature, Features, MetaValue, Metadata, Origin};
pub use mfly_proto as proto;
pub use mfly_proto::argument::InvalidArgument;
pub use mfly_proto::cipher::FileKey;
pub use mfly_proto::date_time::DateTime;
pub use mfly_proto::decode::DecodeError;
pub use mfly_proto::framing::{ExceededLimit, Framing, ReceiveLimits, Skipped as SkippedStanza};
pub use mfly_proto::id::StanzaId;
pub use mfly_proto::jid::{BareJid, FullJid, GroupJid, Jid, UserId, UserIdentifier, UserReference};
pub use mfly_proto::listed::{Listed, SkipReason, Skipped};
pub use mfly_proto::payload::last_seen::LastSeen;
pub use mfly_proto::payload::settings::Settings;
pub use mfly_proto::sasl::{ChoiceError, Failure as SaslFailure, MechanismKind, MechanismPolicy};
pub use mfly_proto::sasl::{FailureCondition as SaslFailureCondition, SaslError};
pub use mfly_proto::secret::{LicenceKey, Password, Token};
pub use mfly_proto::stanza::{ErrorCondition, IqRequest, PresenceKind, Show, StanzaError};
pub use mfly_proto::stream::{StreamCondition, StreamError};
pub use mfly_proto::xml::{Limits, XmlError};
#[cfg(feature = "tokio")]
pub use mfly_transport as transport;
#[cfg(feature = "tokio")]
pub use mfly_transport::{
    Address, CertificateProblem, Connection, Proxy, StartTls, Tls, TransportError,
};

#[cfg(all(doctest, feature = "tokio"))]
#[doc = include_str!("../README.md")]
struct Readme;
