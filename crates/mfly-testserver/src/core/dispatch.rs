//! The table of requests: which feature answers which `iq` (RFC 6121 §8).
//!
//! A request is found by the kind of account that sends it, by what it is about, and by kind,
//! namespace, name and, where there is one, `status`. A request without a row is answered with
//! `service-unavailable`: an app waits for ever for a request that is not answered.

use crate::core::call::{Call, Reply, has_one_payload, refusal};
use crate::core::feature::{
    block, carbons, friends, last_seen, logout, ping, profile, session, settings, standard,
};
use crate::core::relay::{self, MAX_ANSWER_BYTES};
use crate::core::world::session::frame;
use crate::core::world::{StreamId, Timestamp, World};
use mfly_proto::framing::Frame;
use mfly_proto::id::StanzaId;
use mfly_proto::jid::{FullJid, Jid, UserId};
use mfly_proto::ns;
use mfly_proto::payload::block::{Block, GetBlocked, GetBlockedBy, Unblock};
use mfly_proto::payload::friends::{GetFriends, RegisterUpdate};
use mfly_proto::payload::last_seen::GetLastSeen;
use mfly_proto::payload::logout::LogOut;
use mfly_proto::payload::profile::{GetProfile, SetProfile};
use mfly_proto::payload::session::EstablishSession;
use mfly_proto::payload::settings::{GetSettings, UpdateSettings};
use mfly_proto::stanza::{ErrorCondition, Iq, IqKind, IqRequest, StanzaError, iq};
use mfly_proto::xml::Element;
use standard::{service_discovery, version};

/// The kind of account that sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Platform,
    Standard,
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// The sender's own account.
    Own,
    /// The server itself.
    Host,
    /// Another account of this server.
    Other,
}

const PLATFORM: &[Sender] = &[Sender::Platform];
const STANDARD: &[Sender] = &[Sender::Standard];
const BOTH: &[Sender] = &[Sender::Platform, Sender::Standard];

const OWN: &[About] = &[About::Own];
const HOST: &[About] = &[About::Host];
const EITHER: &[About] = &[About::Own, About::Host];
const ACCOUNTS: &[About] = &[About::Own, About::Other];
const ANY: &[About] = &[About::Own, About::Host, About::Other];

/// A row a line: the senders, what it is about, the request, its handler.
macro_rules! rows {
    ($($senders:ident $about:ident, $request:tt $($form:expr, $name:expr)? => $handler:path;)*) => {
        [$(rows!(@row $senders $about $request $($form, $name)? => $handler)),*]
    };
    (@row $senders:ident $about:ident $request:ident => $handler:path) => {
        Row {
            senders: $senders,
            about: $about,
            kind: $request::KIND,
            namespace: $request::NAMESPACE,
            name: $request::NAME,
            status: $request::STATUS,
            answer: |call, addresses| {
                let request = call.read()?;
                let response = $handler(call, request)?;
                Ok(addresses.response::<$request>(&response, &call.iq.id))
            },
        }
    };
    (@row $senders:ident $about:ident $kind:ident $namespace:expr, $name:expr => $handler:path) => {
        Row {
            senders: $senders,
            about: $about,
            kind: IqKind::$kind,
            namespace: $namespace,
            name: $name,
            status: None,
            answer: |call, addresses| {
                let reply = $handler(call)?;
                addresses.reply(reply, &call.iq.id)
            },
        }
    };
}

/// Every request that is understood. A handler takes the [`Call`], and the request where the row
/// names its type.
static TABLE: &[Row] = &rows![
    PLATFORM ANY, GetLastSeen => last_seen::get;
    PLATFORM ANY, GetProfile => profile::get;
    PLATFORM EITHER, Block => block::block;
    PLATFORM EITHER, EstablishSession => session::establish;
    PLATFORM EITHER, GetBlocked => block::blocked;
    PLATFORM EITHER, GetBlockedBy => block::blocked_by;
    PLATFORM EITHER, GetFriends => friends::get;
    PLATFORM EITHER, GetSettings => settings::get;
    PLATFORM EITHER, LogOut => logout::log_out;
    PLATFORM EITHER, RegisterUpdate => friends::register_update;
    PLATFORM EITHER, SetProfile => profile::set;
    PLATFORM EITHER, Unblock => block::unblock;
    PLATFORM EITHER, UpdateSettings => settings::update;
    BOTH EITHER, Get ns::PING, "ping" => ping::ping;
    BOTH EITHER, Set ns::CARBONS, "enable" => carbons::enable;
    STANDARD EITHER, Set ns::CARBONS, "disable" => carbons::disable;
    STANDARD OWN, Get ns::BLOCKING, "blocklist" => standard::block::list;
    STANDARD OWN, Set ns::BLOCKING, "block" => standard::block::block;
    STANDARD OWN, Set ns::BLOCKING, "unblock" => standard::block::unblock;
    STANDARD OWN, Get ns::DISCO_INFO, "query" => service_discovery::account;
    STANDARD HOST, Get ns::DISCO_INFO, "query" => service_discovery::server;
    STANDARD EITHER, Get service_discovery::ITEMS, "query" => service_discovery::items;
    STANDARD ACCOUNTS, Get ns::LAST, "query" => standard::last_seen::account;
    STANDARD HOST, Get ns::LAST, "query" => standard::last_seen::server;
    STANDARD OWN, Get ns::ROSTER, "query" => standard::roster::get;
    STANDARD OWN, Set ns::ROSTER, "query" => standard::roster::set;
    STANDARD EITHER, Set ns::SESSION, "session" => session::standard;
    STANDARD EITHER, Get ns::TIME, "time" => standard::entity_time::get;
    STANDARD ACCOUNTS, Get ns::VCARD, "vCard" => standard::profile::get;
    STANDARD OWN, Set ns::VCARD, "vCard" => standard::profile::set;
    STANDARD EITHER, Get version::NAMESPACE, "query" => version::get;
];

/// Answers one kind of request.
struct Row {
    senders: &'static [Sender],
    about: &'static [About],
    kind: IqKind,
    namespace: &'static str,
    name: &'static str,
    status: Option<&'static str>,
    answer: fn(&mut Call<'_>, &Addresses) -> Result<Frame, StanzaError>,
}

impl Row {
    fn matches(&self, sender: Sender, about: About, kind: IqKind, payload: Element<'_>) -> bool {
        self.senders.contains(&sender)
            && self.about.contains(&about)
            && self.kind == kind
            && payload.is(self.namespace, self.name)
            && self.status.is_none_or(|status| payload.attr("status").as_deref() == Some(status))
    }
}

/// The addresses of an answer.
struct Addresses {
    from: Jid,
    to: FullJid,
}

impl Addresses {
    fn both(&self) -> (Option<&str>, Option<&str>) {
        (Some(self.from.as_str()), Some(self.to.as_str()))
    }

    /// The result that carries this response. Recorded results of the handshake have no addresses.
    fn response<R: IqRequest>(&self, response: &R::Response, id: &StanzaId) -> Frame {
        let is_handshake = R::NAMESPACE == ns::SESSION;
        let (from, to) = if is_handshake { (None, None) } else { self.both() };
        frame(|buffer| iq::write_result::<R>(response, id, from, to, buffer))
    }

    /// The result with this content.
    ///
    /// # Errors
    /// `resource-constraint` when the client could not take it.
    fn reply(&self, reply: Reply, id: &StanzaId) -> Result<Frame, StanzaError> {
        let (from, to) = self.both();
        let result =
            frame(|buffer| iq::write(buffer, IqKind::Result, id, from, to, |w| reply.write(w)));
        if result.len() > MAX_ANSWER_BYTES {
            return Err(refusal(ErrorCondition::ResourceConstraint));
        }
        Ok(result)
    }

    fn error(&self, error: &StanzaError, id: &StanzaId) -> Frame {
        let (from, to) = self.both();
        frame(|buffer| iq::write_error(error, id, from, to, buffer))
    }
}

/// The receiver of an `iq`.
enum Receiver {
    /// The server, on behalf of this account.
    Account(UserId, About),
    /// One session of an account.
    Session(Jid),
    /// No account or session of this server.
    Unknown(ErrorCondition),
}

/// Routes an `iq` from the session of `stream`: answers it, passes it on, or refuses it.
///
/// The answer goes out before what the handler sends: a client has to know that its request was
/// carried out before it is told of the consequences. So the place in the outbox is marked first,
/// and the answer is put there once the handler has returned.
pub(crate) fn receive(world: &mut World, now: Timestamp, stream: StreamId, iq: &Iq<'_>) {
    let Some(session) = world.session(stream) else {
        return;
    };
    let (user, own) = (session.user.clone(), session.jid.clone());
    let sender = if session.standard.is_some() { Sender::Standard } else { Sender::Platform };
    let from = iq.to.clone().unwrap_or_else(|| own.bare().into());
    let addresses = Addresses { from, to: own };
    let is_request = matches!(iq.kind, IqKind::Get | IqKind::Set);
    let mark = world.outbox_mark();
    let outcome = match receiver(world, &user, iq.to.as_ref()) {
        _ if is_request && !has_one_payload(iq) => Err(refusal(ErrorCondition::BadRequest)),
        Receiver::Session(to) => match pass_on(world, sender, &user, &addresses.to, &to, iq) {
            Ok(()) => return,
            Err(error) => Err(error),
        },
        Receiver::Unknown(condition) => Err(refusal(condition)),
        Receiver::Account(target, about) => match iq.payload() {
            Some(payload) if is_request => {
                let mut call = Call { world, now, stream, user, target, iq, payload };
                serve(&mut call, sender, about, &addresses)
            }
            _ => return,
        },
    };
    // An answer is never answered.
    if is_request {
        let answer = outcome.unwrap_or_else(|error| addresses.error(&error, &iq.id));
        world.insert_output(mark, stream, answer);
    }
}

fn serve(
    call: &mut Call<'_>,
    sender: Sender,
    about: About,
    addresses: &Addresses,
) -> Result<Frame, StanzaError> {
    if sender == Sender::Standard && about == About::Other {
        admitted(call.world, &call.user, &addresses.to, &addresses.from)?;
    }
    let row = TABLE.iter().find(|row| row.matches(sender, about, call.iq.kind, call.payload));
    let row = row.ok_or_else(|| refusal(ErrorCondition::ServiceUnavailable))?;
    (row.answer)(call, addresses)
}

fn receiver(world: &World, own: &UserId, to: Option<&Jid>) -> Receiver {
    let Some(to) = to else {
        return Receiver::Account(own.clone(), About::Own);
    };
    if to == world.host() {
        return Receiver::Account(own.clone(), About::Host);
    }
    match (world.local_user(to), to.resource()) {
        (Some(_), Some(_)) => Receiver::Session(to.clone()),
        (Some(user), None) if user == *own => Receiver::Account(user, About::Own),
        (Some(user), None) => Receiver::Account(user, About::Other),
        (None, _) => Receiver::Unknown(relay::unreachable(world, to)),
    }
}

/// Whether blocks let an `iq` of `user` through to an address (XEP-0191 §3.2).
fn admitted(world: &World, user: &UserId, own: &FullJid, to: &Jid) -> Result<(), StanzaError> {
    let is_blocked = |account: Option<&UserId>, jid: &Jid| {
        account
            .and_then(|account| world.standard(account))
            .is_some_and(|account| account.blocks(jid))
    };
    if is_blocked(Some(user), to) {
        return Err(refusal(ErrorCondition::NotAcceptable));
    }
    if is_blocked(world.local_user(to).as_ref(), own) {
        return Err(refusal(ErrorCondition::ServiceUnavailable));
    }
    Ok(())
}

/// Passes an `iq` to one session (RFC 6121 §8.5.3). The two kinds of account do not reach each
/// other's sessions.
fn pass_on(
    world: &mut World,
    sender: Sender,
    user: &UserId,
    from: &FullJid,
    to: &Jid,
    iq: &Iq<'_>,
) -> Result<(), StanzaError> {
    let unavailable = || refusal(ErrorCondition::ServiceUnavailable);
    let stream = world.stream_at(to).ok_or_else(unavailable)?;
    let session = world.session(stream).ok_or_else(unavailable)?;
    let (owner, is_standard) = (session.user.clone(), session.standard.is_some());
    match sender {
        Sender::Platform if owner == *user => {}
        Sender::Platform if world.separated(user, &owner) || !world.are_contacts(user, &owner) => {
            return Err(unavailable());
        }
        Sender::Platform => {}
        Sender::Standard if !is_standard => return Err(unavailable()),
        Sender::Standard if owner == *user => {}
        Sender::Standard => admitted(world, user, from, to)?,
    }
    relay::iq(world, stream, iq, from, to)
}
