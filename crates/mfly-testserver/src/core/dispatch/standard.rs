//! Which feature answers which `iq` of a standard account (RFC 6121 §8).

use super::{has_one_payload, is_request, is_served, refusal};
use crate::core::feature::standard::{
    block, entity_time, last_seen, profile, roster, service_discovery, version,
};
use crate::core::feature::{carbons, ping, session};
use crate::core::relay::{self, MAX_ANSWER_BYTES};
use crate::core::world::session::frame;
use crate::core::world::{StreamId, Timestamp, World};
use mfly_proto::framing::Frame;
use mfly_proto::jid::{FullJid, Jid, UserId};
use mfly_proto::ns;
use mfly_proto::stanza::{ErrorCondition, Iq, IqKind, IqRequest, StanzaError, iq};
use mfly_proto::xml::{Element, Writer};

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// The asker's own account.
    Own,
    /// The server.
    Host,
    /// Another account of this server.
    Other,
}

const OWN: &[About] = &[About::Own];
const HOST: &[About] = &[About::Host];
const EITHER: &[About] = &[About::Own, About::Host];
const ACCOUNTS: &[About] = &[About::Own, About::Other];

/// Every request that is understood.
static TABLE: &[Row] = &[
    get(ns::BLOCKING, "blocklist", OWN, block::list),
    set(ns::BLOCKING, "block", OWN, block::block),
    set(ns::BLOCKING, "unblock", OWN, block::unblock),
    set(ns::CARBONS, "enable", EITHER, carbons::enable),
    set(ns::CARBONS, "disable", EITHER, carbons::disable),
    get(ns::DISCO_INFO, "query", OWN, service_discovery::account),
    get(ns::DISCO_INFO, "query", HOST, service_discovery::server),
    get(service_discovery::ITEMS, "query", EITHER, service_discovery::items),
    get(ns::LAST, "query", ACCOUNTS, last_seen::account),
    get(ns::LAST, "query", HOST, last_seen::server),
    get(ns::PING, "ping", EITHER, ping::standard),
    get(ns::ROSTER, "query", OWN, roster::get),
    set(ns::ROSTER, "query", OWN, roster::set),
    set(ns::SESSION, "session", EITHER, session::standard),
    get(ns::TIME, "time", EITHER, entity_time::get),
    get(ns::VCARD, "vCard", ACCOUNTS, profile::get),
    set(ns::VCARD, "vCard", OWN, profile::set),
    get(version::NAMESPACE, "query", EITHER, version::get),
];

/// Who asks what about whom, and when.
pub(crate) struct Query<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) now: Timestamp,
    pub(crate) stream: StreamId,
    /// Who asks.
    pub(crate) user: UserId,
    /// Whose account is asked about: the asker's own if it is about the server.
    pub(crate) target: UserId,
    pub(crate) iq: &'a Iq<'a>,
    pub(crate) payload: Element<'a>,
}

impl Query<'_> {
    /// Reads the request.
    ///
    /// # Errors
    /// `bad-request` when it does not say what it should.
    pub(crate) fn read<R: IqRequest>(&self) -> Result<R, StanzaError> {
        R::read(self.iq, self.payload).map_err(|_| refusal(ErrorCondition::BadRequest))
    }
}

/// What a result carries.
pub(crate) struct Reply(Option<Write>);

type Write = Box<dyn FnOnce(&mut Writer<'_>)>;

impl Reply {
    /// Nothing.
    pub(crate) const EMPTY: Self = Self(None);

    /// What this writes.
    pub(crate) fn with(write: impl FnOnce(&mut Writer<'_>) + 'static) -> Self {
        Self(Some(Box::new(write)))
    }

    /// The response to a request of this type.
    pub(crate) fn of<R>(response: R::Response) -> Self
    where
        R: IqRequest,
        R::Response: 'static,
    {
        Self::with(move |w| R::write_response(&response, w))
    }
}

/// Does what is asked. Whatever it sends goes out after the result.
type Handler = fn(&mut Query<'_>) -> Result<Reply, StanzaError>;

struct Row {
    kind: IqKind,
    namespace: &'static str,
    name: &'static str,
    about: &'static [About],
    handler: Handler,
}

const fn get(
    namespace: &'static str,
    name: &'static str,
    about: &'static [About],
    handler: Handler,
) -> Row {
    Row { kind: IqKind::Get, namespace, name, about, handler }
}

const fn set(
    namespace: &'static str,
    name: &'static str,
    about: &'static [About],
    handler: Handler,
) -> Row {
    Row { kind: IqKind::Set, ..get(namespace, name, about, handler) }
}

/// Routes an `iq` from a standard account's session: answers it, passes it on, or refuses it.
pub(crate) fn receive(world: &mut World, now: Timestamp, stream: StreamId, iq: &Iq<'_>) {
    let Some(session) = world.session(stream) else {
        return;
    };
    let (user, own) = (session.user.clone(), session.jid.clone());
    let is_request = is_request(iq);
    let mark = world.outbox_mark();
    let outcome = match iq.to.as_ref() {
        _ if is_request && !has_one_payload(iq) => Err(refusal(ErrorCondition::BadRequest)),
        None => serve(world, now, stream, (user.clone(), user, About::Own), iq),
        Some(to) if to == world.host() => {
            serve(world, now, stream, (user.clone(), user, About::Host), iq)
        }
        Some(to) => match (world.local_user(to), to.resource()) {
            (Some(_), Some(_)) => match pass_on(world, &user, &own, to, iq) {
                Ok(()) => return,
                Err(error) => Err(error),
            },
            (Some(other), None) if other == user => {
                serve(world, now, stream, (user.clone(), user, About::Own), iq)
            }
            (Some(other), None) => admitted(world, &user, &own, to)
                .and_then(|()| serve(world, now, stream, (user, other, About::Other), iq)),
            (None, _) if is_served(world, to) => Err(refusal(ErrorCondition::ServiceUnavailable)),
            (None, _) => Err(refusal(ErrorCondition::RemoteServerNotFound)),
        },
    };
    // An answer is never answered.
    if !is_request {
        return;
    }
    let from = iq.to.clone().unwrap_or_else(|| own.bare().into());
    let answer = answer(outcome, iq, &from, &own);
    world.insert_output(mark, stream, answer);
}

fn serve(
    world: &mut World,
    now: Timestamp,
    stream: StreamId,
    (user, target, about): (UserId, UserId, About),
    iq: &Iq<'_>,
) -> Result<Reply, StanzaError> {
    if !matches!(iq.kind, IqKind::Get | IqKind::Set) {
        return Ok(Reply::EMPTY);
    }
    let payload = iq.payload().ok_or_else(|| refusal(ErrorCondition::BadRequest))?;
    let row = TABLE
        .iter()
        .find(|row| {
            row.kind == iq.kind && payload.is(row.namespace, row.name) && row.about.contains(&about)
        })
        .ok_or_else(|| refusal(ErrorCondition::ServiceUnavailable))?;
    (row.handler)(&mut Query { world, now, stream, user, target, iq, payload })
}

/// The result, or the refusal that stands in its place. A result that the asker could not take is
/// one.
fn answer(outcome: Result<Reply, StanzaError>, iq: &Iq<'_>, from: &Jid, to: &FullJid) -> Frame {
    let addresses = (Some(from.as_str()), Some(to.as_str()));
    let error = match outcome {
        Ok(Reply(write)) => {
            let result = frame(|buffer| {
                let (from, to) = addresses;
                iq::write(buffer, IqKind::Result, &iq.id, from, to, |w| {
                    if let Some(write) = write {
                        write(w);
                    }
                });
            });
            if result.len() <= MAX_ANSWER_BYTES {
                return result;
            }
            refusal(ErrorCondition::ResourceConstraint)
        }
        Err(error) => error,
    };
    frame(|buffer| iq::write_error(&error, &iq.id, addresses.0, addresses.1, buffer))
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

/// Passes an `iq` to one session (RFC 6121 §8.5.3).
fn pass_on(
    world: &mut World,
    user: &UserId,
    from: &FullJid,
    to: &Jid,
    iq: &Iq<'_>,
) -> Result<(), StanzaError> {
    let unavailable = || refusal(ErrorCondition::ServiceUnavailable);
    let stream = world.stream_at(to).ok_or_else(unavailable)?;
    // The platform's sessions are strangers here.
    if world.session(stream).is_none_or(|s| s.standard.is_none()) {
        return Err(unavailable());
    }
    if world.local_user(to).as_ref() != Some(user) {
        admitted(world, user, from, to)?;
    }
    relay::iq(world, stream, iq, from, to)
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server};

    fn refused_with(answer: &str, condition: &str) -> bool {
        answer.contains(r#"type="error""#) && answer.contains(&format!("<{condition} "))
    }

    #[test]
    fn what_is_not_known_is_refused_whoever_is_asked() {
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
    fn what_concerns_the_own_account_cannot_be_asked_about_another() {
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
    fn a_request_to_a_session_is_passed_on_and_so_is_its_answer() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let other = server.connect_standard("u2", "b");
        server.send(
            own,
            &format!(r#"<iq id="q" to="u2@{HOST}/b" type="get" xmlns="jabber:client"><query xmlns="x:y"/></iq>"#),
        );
        assert_eq!(
            server.received(other),
            [format!(
                r#"<iq from="u1@{HOST}/a" id="q" to="u2@{HOST}/b" type="get" xmlns="jabber:client"><query xmlns="x:y"/></iq>"#
            )]
        );
        server.send(
            other,
            &format!(r#"<iq id="q" to="u1@{HOST}/a" type="result" xmlns="jabber:client"/>"#),
        );
        assert_eq!(
            server.received(own),
            [format!(
                r#"<iq from="u2@{HOST}/b" id="q" to="u1@{HOST}/a" type="result" xmlns="jabber:client"/>"#
            )]
        );
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

    #[test]
    fn an_answer_to_nothing_is_not_answered() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        for to in [String::new(), format!(r#"to="{HOST}""#), format!(r#"to="u9@{HOST}/x""#)] {
            for kind in ["result", "error"] {
                server.send(
                    own,
                    &format!(r#"<iq id="x" {to} type="{kind}" xmlns="jabber:client"/>"#),
                );
            }
        }
        assert_eq!(server.received(own), Vec::<String>::new());
    }
}
