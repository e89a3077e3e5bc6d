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

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server, settings};
    use crate::core::world::{Contacts, Settings};

    fn refused_with(answer: &str, condition: &str) -> bool {
        answer.contains(r#"type="error""#) && answer.contains(&format!("<{condition} "))
    }

    #[test]
    fn an_unknown_request_is_answered_with_service_unavailable() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        for (kind, payload) in [
            ("get", "<query xmlns='jabber:iq:version'/>"),
            ("get", "<query status='all_archived_chats' xmlns='jabber:iq:user_activities'/>"),
            ("get", "<query xmlns='jabber:iq:user_activities'/>"),
            // Known, but the other way round.
            ("set", "<query xmlns='jabber:iq:last'/>"),
        ] {
            assert_eq!(
                server.ask(own, kind, None, payload),
                format!(
                    r#"<iq from="u1@{HOST}" id="q" to="u1@{HOST}/a" type="error" xmlns="jabber:client"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
                )
            );
        }
    }

    #[test]
    fn a_request_without_a_payload_or_with_more_than_one_is_a_bad_request_wherever_it_goes() {
        let mut server = Server::new();
        let sessions = [server.connect("u1", "a"), server.connect_standard("u3", "a")];
        let others = [server.connect("u2", "b"), server.connect_standard("u4", "b")];
        let ping = "<ping xmlns='urn:xmpp:ping'/>";
        let roster = "<query xmlns='jabber:iq:roster'/>";
        for (own, other) in sessions.into_iter().zip(others) {
            server.received(other);
            let to = server.core.world().session(other).unwrap().jid.to_string();
            for to in [None, Some(HOST), Some(to.as_str())] {
                for kind in ["get", "set"] {
                    for payload in [
                        String::new(),
                        "text".to_owned(),
                        format!("{ping}{ping}"),
                        format!("{ping}{roster}"),
                        format!("{roster}<error type='cancel'/>"),
                    ] {
                        let answer = server.ask(own, kind, to, &payload);
                        assert!(refused_with(&answer, "bad-request"), "{to:?} {answer}");
                    }
                }
            }
            assert_eq!(server.received(other), Vec::<String>::new());
            assert!(server.ask(own, "get", None, ping).contains(r#"type="result""#));
        }
    }

    #[test]
    fn an_answer_comes_from_whom_the_request_was_for() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let ping = "<ping xmlns='urn:xmpp:ping'/>";
        for to in [HOST.to_owned(), format!("u1@{HOST}")] {
            assert_eq!(
                server.ask(own, "get", Some(&to), ping),
                format!(
                    r#"<iq from="{to}" id="q" to="u1@{HOST}/a" type="result" xmlns="jabber:client"/>"#
                )
            );
        }
    }

    #[test]
    fn requests_to_other_servers_to_groups_and_about_others_accounts_are_refused() {
        let mut server = Server::new();
        server.register("u2");
        let own = server.connect("u1", "a");
        let roster = "<query xmlns='jabber:iq:roster'/>";
        for (to, condition) in [
            ("u2@elsewhere.test".to_owned(), "remote-server-not-found"),
            (format!("g1@mix.{HOST}"), "service-unavailable"),
            (format!("u2@{HOST}"), "service-unavailable"),
            (format!("u2@{HOST}/gone"), "service-unavailable"),
        ] {
            assert!(refused_with(&server.ask(own, "get", Some(&to), roster), condition), "{to}");
        }
    }

    #[test]
    fn a_request_to_a_session_is_passed_on_with_the_true_sender_and_so_is_its_answer() {
        let mut server = Server::new();
        let platform = [server.connect("u1", "a"), server.connect("u2", "b")];
        let standard = [server.connect_standard("u3", "a"), server.connect_standard("u4", "b")];
        for ([own, other], [from, to]) in [(platform, ["u1", "u2"]), (standard, ["u3", "u4"])] {
            let (from, to) = (format!("{from}@{HOST}/a"), format!("{to}@{HOST}/b"));
            let (question, answer) = (r#"<query xmlns="x:y"/></iq>"#, r#"type="result""#);
            server.received(own);
            server.received(other);
            server.send(own, &format!(r#"<iq id="q" to="{to}" type="get">{question}"#));
            assert_eq!(
                server.received(other),
                [format!(
                    r#"<iq from="{from}" id="q" to="{to}" type="get" xmlns="jabber:client">{question}"#
                )]
            );
            server.send(other, &format!(r#"<iq id="q" to="{from}" {answer}/>"#));
            assert_eq!(
                server.received(own),
                [format!(r#"<iq from="{to}" id="q" to="{from}" {answer} xmlns="jabber:client"/>"#)]
            );
        }
    }

    #[test]
    fn a_stranger_cannot_reach_a_session() {
        let mut server = Server::with(Settings { contacts: Contacts::Explicit, ..settings() });
        let own = server.connect("u1", "a");
        let other = server.connect("u2", "b");
        let answer = server.ask(own, "get", Some(&format!("u2@{HOST}/b")), "<x xmlns='x:y'/>");
        assert!(refused_with(&answer, "service-unavailable"), "{answer}");
        assert_eq!(server.received(other), Vec::<String>::new());
    }

    #[test]
    fn an_answer_to_nothing_is_not_answered() {
        let mut server = Server::new();
        for own in [server.connect("u1", "a"), server.connect_standard("u2", "a")] {
            for to in [String::new(), format!(r#"to="{HOST}""#), format!(r#"to="u9@{HOST}/x""#)] {
                server.send(own, &format!(r#"<iq id="x" {to} type="result"/>"#));
                server.send(own, &format!(r#"<iq id="x" {to} type="error"/>"#));
            }
            assert_eq!(server.received(own), Vec::<String>::new());
        }
    }

    #[test]
    fn unknown_requests_are_refused_at_every_address() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        server.standard("u2");
        server.register("u3");
        let odd = "<query xmlns='urn:x:odd'/>";
        for (to, condition) in [
            (None, "service-unavailable"),
            (Some(HOST.to_owned()), "service-unavailable"),
            (Some(format!("u1@{HOST}")), "service-unavailable"),
            (Some(format!("u2@{HOST}")), "service-unavailable"),
            (Some(format!("u2@{HOST}/gone")), "service-unavailable"),
            (Some(format!("u3@{HOST}")), "service-unavailable"),
            (Some(format!("nobody@{HOST}")), "service-unavailable"),
            (Some(format!("mix.{HOST}")), "service-unavailable"),
            (Some(format!("{HOST}/x")), "service-unavailable"),
            (Some("u2@elsewhere.test".to_owned()), "remote-server-not-found"),
        ] {
            let answer = server.ask(own, "get", to.as_deref(), odd);
            assert!(refused_with(&answer, condition), "{to:?}: {answer}");
        }
        assert!(refused_with(&server.ask(own, "get", None, ""), "bad-request"));
    }

    #[test]
    fn requests_about_the_own_account_are_refused_for_another() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        server.standard("u2");
        let other = format!("u2@{HOST}");
        for payload in [
            "<query xmlns='jabber:iq:roster'/>",
            "<blocklist xmlns='urn:xmpp:blocking'/>",
            "<ping xmlns='urn:xmpp:ping'/>",
        ] {
            let answer = server.ask(own, "get", Some(&other), payload);
            assert!(refused_with(&answer, "service-unavailable"), "{answer}");
        }
        let set = server.ask(own, "set", Some(&other), "<vCard xmlns='vcard-temp'/>");
        assert!(refused_with(&set, "service-unavailable"), "{set}");
    }

    #[test]
    fn the_platforms_requests_are_not_understood_here() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let query = "<query status='block_user' xmlns='jabber:iq:user_activities'/>";
        assert!(refused_with(&server.ask(own, "get", None, query), "service-unavailable"));
    }

    #[test]
    fn the_two_kinds_of_account_do_not_reach_each_others_sessions() {
        let mut server = Server::new();
        let standard = server.connect_standard("u1", "a");
        let platform = server.connect("u2", "b");
        let odd = "<query xmlns='urn:x:odd'/>";
        for (from, to) in [(standard, "u2@~/b"), (platform, "u1@~/a")] {
            let to = to.replace('~', HOST);
            let answer = server.ask(from, "get", Some(&to), odd);
            assert!(refused_with(&answer, "service-unavailable"), "{answer}");
        }
    }
}
