//! Accounts, sessions and settings: the plain data of the server.
//!
//! Plain data without sockets, clocks or random sources: the time comes in with every call that
//! needs it, and identifiers are drawn from a seed. What the world wants to say to streams it puts
//! into one outbox, in order.
//!
//! | file | what |
//! |---|---|
//! | [`settings`] | the settings of the server |
//! | [`user`] | one account of the platform |
//! | [`standard`], [`roster`] | one standard account, and its contacts |
//! | [`account`] | registering, checking passwords, logging out, deleting, blocking by an administrator |
//! | [`relation`] | contacts, blocks, and which profile fields a user may see |
//! | [`session`] | bound streams, and what is sent to them |
//! | [`sessions`] | finding them |
//! | [`qr`] | sessions that came from a code |
//! | [`document`] | accounts and plan as a document that can be read back |
//! | [`names`] | the platform's accounts by name |
//! | [`ids`] | identifiers and passwords from a seed |
//! | [`parcel`] | queued frames, which share equal parts |

pub(crate) mod account;
pub(crate) mod document;
mod ids;
mod names;
mod parcel;
mod qr;
pub(crate) mod relation;
pub(crate) mod roster;
pub(crate) mod session;
mod sessions;
pub(crate) mod settings;
pub(crate) mod standard;
pub(crate) mod user;

pub(crate) use account::{LoginError, RegisterError, Registered};
pub(crate) use names::Named;
pub(crate) use parcel::Parcel;
pub(crate) use relation::{Contacts, ProfileView};
pub(crate) use session::{Session, StandardSession};
pub(crate) use settings::Settings;
pub(crate) use standard::{StandardAccount, StandardError};
pub(crate) use user::{Registration, RegistrationId, User};

use ids::Ids;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::{Iv, RequestCipher};
use mfly_proto::framing::Frame;
use mfly_proto::jid::{BareJid, Jid, UserId};
use mfly_proto::payload::profile::VCard;
use names::Names;
use parcel::Sharing;
use relation::open_name;
use sessions::Sessions;
use std::collections::{BTreeMap, VecDeque};

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(pub(crate) u64);

impl Timestamp {
    /// This much later.
    pub(crate) fn after(self, duration: std::time::Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// Whole seconds since `earlier`; 0 when that is not earlier.
    pub(crate) const fn seconds_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1000
    }
}

/// One connection, from accepting to closing. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StreamId(pub(crate) u64);

/// A task for the shell.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    /// Write this frame to that stream.
    Send(StreamId, Parcel),
    /// End that stream with its framing's closing tag, and close the connection once that is
    /// written.
    Close(StreamId),
    /// Agree to TLS with this frame once everything before is written, and encrypt that connection.
    /// If the client has said more already, that is
    /// [`Core::malformed`](crate::core::Core::malformed) instead.
    Secure(StreamId, Frame),
    /// Tell the browser that showed this code that its session must end.
    LogoutWeb(String),
}

/// All state that outlives a stream, and the streams that are bound.
pub(crate) struct World {
    pub(crate) settings: Settings,
    users: BTreeMap<UserId, User>,
    standard: BTreeMap<UserId, StandardAccount>,
    names: Names,
    sessions: Sessions,
    /// When the first stream was accepted.
    first_stream: Option<Timestamp>,
    outbox: VecDeque<Output>,
    sharing: Sharing,
    /// Code -> the registration that it brought.
    qr_sessions: BTreeMap<String, (UserId, RegistrationId)>,
    /// Registrations that another device ended, and whose browsers were told to log out. At most
    /// [`qr::TOLD_TO_LEAVE`].
    told_to_leave: VecDeque<RegistrationId>,
    ids: Ids,
    /// Opens sealed passwords.
    request_cipher: RequestCipher,
    /// Opens names for lists that are searched or sorted by name.
    iv_profile: Iv,
    /// The server's own address.
    host: Jid,
}

impl World {
    /// An empty world. Identifiers and passwords are drawn from `seed`.
    ///
    /// # Errors
    /// When the XMPP host is not a domain, or an initialisation vector is not ASCII.
    pub(crate) fn new(mut settings: Settings, seed: [u8; 32]) -> Result<Self, InvalidArgument> {
        Iv::new(&settings.iv)?;
        let host = BareJid::new(&settings.xmpp_host)?;
        if host.local().is_some() {
            return Err(InvalidArgument::new("xmppHost", "must be a domain without '@'"));
        }
        // The configuration tells the host in the form that every JID has.
        settings.xmpp_host = host.to_string();
        Ok(Self {
            request_cipher: RequestCipher::new(&settings.licence_key),
            iv_profile: Iv::new(&settings.iv_profile)?,
            host: host.into(),
            settings,
            users: BTreeMap::new(),
            standard: BTreeMap::new(),
            names: Names::default(),
            sessions: Sessions::default(),
            first_stream: None,
            outbox: VecDeque::new(),
            sharing: Sharing::default(),
            qr_sessions: BTreeMap::new(),
            told_to_leave: VecDeque::new(),
            ids: Ids::new(seed),
        })
    }

    /// All standard accounts, by name.
    pub(crate) fn standard_accounts(&self) -> impl Iterator<Item = &StandardAccount> {
        self.standard.values()
    }

    /// One account of the platform.
    pub(crate) fn user(&self, id: &UserId) -> Option<&User> {
        self.users.get(id)
    }

    /// A platform account, to change data that only it uses.
    pub(crate) fn user_mut(&mut self, id: &UserId) -> Option<&mut User> {
        self.users.get_mut(id)
    }

    /// All accounts of the platform, by id.
    pub(crate) fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// All names of the platform's accounts.
    pub(crate) const fn names(&self) -> &Names {
        &self.names
    }

    /// Sets a profile. `false` when there is no such account.
    pub(crate) fn set_profile(&mut self, id: &UserId, profile: VCard) -> bool {
        let Some(user) = self.users.get_mut(id) else {
            return false;
        };
        user.profile = profile;
        user.profile_updated = true;
        let name = open_name(&self.iv_profile, user);
        self.names.set(id, &name);
        true
    }

    /// The address of an account at this server.
    pub(crate) fn jid_of(&self, user: &UserId) -> Jid {
        // Host and id are valid, so only an absurd length can fail; the host is then still a
        // truthful sender.
        user.at(self.host.as_str()).map_or_else(|_| self.host.clone(), Into::into)
    }

    /// The server's own address.
    pub(crate) const fn host(&self) -> &Jid {
        &self.host
    }

    /// The account that an address at this server names; `None` also for addresses elsewhere.
    pub(crate) fn local_user(&self, jid: &Jid) -> Option<UserId> {
        jid.user_id().filter(|_| jid.domain() == self.host.as_str())
    }

    /// Whether an address belongs to the server itself or to one of its parts, such as `mix.` for
    /// groups.
    pub(crate) fn serves(&self, jid: &Jid) -> bool {
        let part = jid.domain().strip_suffix(self.host.as_str());
        part.is_some_and(|part| part.is_empty() || part.ends_with('.'))
    }

    /// When the first stream was accepted: now, if none was.
    pub(crate) fn first_stream_at(&mut self, now: Timestamp) -> Timestamp {
        *self.first_stream.get_or_insert(now)
    }

    /// An identifier that was never given out before: 32 hexadecimal digits.
    pub(crate) fn fresh_id(&mut self) -> String {
        self.ids.hex()
    }

    /// Puts a frame into the outbox.
    pub(crate) fn send(&mut self, stream: StreamId, frame: Frame) {
        let parcel = self.sharing.parcel(frame);
        self.outbox.push_back(Output::Send(stream, parcel));
    }

    /// Puts the end of a stream and of its connection into the outbox.
    pub(crate) fn close(&mut self, stream: StreamId) {
        self.outbox.push_back(Output::Close(stream));
    }

    /// Puts the beginning of TLS into the outbox, with the frame that agrees to it.
    pub(crate) fn secure(&mut self, stream: StreamId, agreement: Frame) {
        self.outbox.push_back(Output::Secure(stream, agreement));
    }

    /// Takes the oldest output.
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outbox.pop_front()
    }

    /// Where the outbox ends now, for [`World::insert_output`].
    pub(crate) fn outbox_mark(&self) -> usize {
        self.outbox.len()
    }

    /// Puts a frame in front of everything that was queued since `mark`: a result goes out before
    /// the pushes that its request caused.
    pub(crate) fn insert_output(&mut self, mark: usize, stream: StreamId, frame: Frame) {
        let output = Output::Send(stream, self.sharing.parcel(frame));
        self.outbox.insert(mark.min(self.outbox.len()), output);
    }
}
