//! Which feature answers which `iq`.
//!
//! A request is found by kind, namespace, name and, where there is one, `status`. Whatever no row
//! names is answered with `service-unavailable`: an app waits for ever for a request that is not
//! answered.

pub(crate) mod standard;

use crate::core::relay;
use crate::core::world::session::frame;
use crate::core::world::{StreamId, Timestamp, World};
use mfly_proto::framing::Frame;
use mfly_proto::jid::{FullJid, Jid, UserId};
use mfly_proto::payload::block::{Block, GetBlocked, GetBlockedBy, Unblock};
use mfly_proto::payload::carbons::EnableCarbons;
use mfly_proto::payload::friends::{GetFriends, RegisterUpdate};
use mfly_proto::payload::last_seen::GetLastSeen;
use mfly_proto::payload::logout::LogOut;
use mfly_proto::payload::ping::Ping;
use mfly_proto::payload::profile::{GetProfile, SetProfile};
use mfly_proto::payload::session::EstablishSession;
use mfly_proto::payload::settings::{GetSettings, UpdateSettings};
use mfly_proto::stanza::{ErrorCondition, Iq, IqKind, IqRequest, StanzaError, iq};
use mfly_proto::xml::Element;

/// Every request that is understood.
static TABLE: &[Row] = &[
    row::<Block>(),
    row::<GetBlocked>(),
    row::<GetBlockedBy>(),
    row::<EnableCarbons>(),
    row::<GetFriends>(),
    row::<GetLastSeen>(),
    row::<Ping>(),
    row::<GetProfile>(),
    row::<RegisterUpdate>(),
    row::<EstablishSession>(),
    row::<SetProfile>(),
    row::<GetSettings>(),
    row::<Unblock>(),
    row::<UpdateSettings>(),
    row::<LogOut>(),
];

/// A request that the server answers.
pub(crate) trait Handle: IqRequest {
    /// Whether it may be asked of another user's account: the server answers for them.
    const ABOUT_OTHERS: bool = false;
    /// Whether the result carries addresses; recorded results of the handshake do not.
    const ADDRESSED: bool = true;

    /// Does what is asked. Whatever it sends goes out after the result.
    ///
    /// # Errors
    /// The refusal that the asker gets.
    fn handle(self, call: &mut Call<'_>) -> Result<Self::Response, StanzaError>;
}

/// Who asks what about whom, and when.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) now: Timestamp,
    pub(crate) stream: StreamId,
    /// Who asks.
    pub(crate) user: UserId,
    /// Whose account is asked: the asker's own unless the request is [`Handle::ABOUT_OTHERS`]. It
    /// need not exist.
    pub(crate) target: UserId,
}

impl Call<'_> {
    /// The asker's own address, without resource.
    pub(crate) fn own(&self) -> Jid {
        self.world.jid_of(&self.user)
    }
}

/// The refusal with this condition.
pub(crate) fn refusal(condition: ErrorCondition) -> StanzaError {
    StanzaError::new(condition)
}

type Answer = fn(&mut Call<'_>, &Iq<'_>, Element<'_>, &Addresses) -> Result<Frame, StanzaError>;

struct Row {
    kind: IqKind,
    namespace: &'static str,
    name: &'static str,
    status: Option<&'static str>,
    about_others: bool,
    answer: Answer,
}

impl Row {
    fn matches(&self, kind: IqKind, payload: Element<'_>) -> bool {
        self.kind == kind
            && payload.is(self.namespace, self.name)
            && self.status.is_none_or(|status| payload.attr("status").as_deref() == Some(status))
    }
}

const fn row<R: Handle>() -> Row {
    Row {
        kind: R::KIND,
        namespace: R::NAMESPACE,
        name: R::NAME,
        status: R::STATUS,
        about_others: R::ABOUT_OTHERS,
        answer: answer::<R>,
    }
}

fn answer<R: Handle>(
    call: &mut Call<'_>,
    iq: &Iq<'_>,
    payload: Element<'_>,
    addresses: &Addresses,
) -> Result<Frame, StanzaError> {
    let request = R::read(iq, payload).map_err(|_| refusal(ErrorCondition::BadRequest))?;
    let response = request.handle(call)?;
    let (from, to) = (addresses.from.as_str(), addresses.to.as_str());
    let (from, to) = if R::ADDRESSED { (Some(from), Some(to)) } else { (None, None) };
    Ok(frame(|buffer| iq::write_result::<R>(&response, &iq.id, from, to, buffer)))
}

/// The addresses of an answer.
struct Addresses {
    from: Jid,
    to: FullJid,
}

/// Whom a request is for.
enum Target {
    /// The server, on behalf of this account.
    Account(UserId),
    /// One particular session.
    Session(Jid),
    /// Nobody here.
    Nobody(ErrorCondition),
}

/// Routes an `iq` from the session of `stream`: answers it, passes it on, or refuses it.
pub(crate) fn receive(world: &mut World, now: Timestamp, stream: StreamId, iq: &Iq<'_>) {
    let Some(session) = world.session(stream) else {
        return;
    };
    let (user, to) = (session.user.clone(), session.jid.clone());
    let target = target_of(world, &user, iq.to.as_ref());
    let is_request = is_request(iq);
    let from = iq.to.clone().unwrap_or_else(|| to.bare().into());
    let addresses = Addresses { from, to };
    let mark = world.outbox_mark();
    let outcome = match target {
        _ if is_request && !has_one_payload(iq) => Err(refusal(ErrorCondition::BadRequest)),
        Target::Session(jid) => match pass_on(world, &user, &addresses.to, &jid, iq) {
            Ok(()) => return,
            Err(error) => Err(error),
        },
        Target::Nobody(condition) => Err(refusal(condition)),
        Target::Account(target) if is_request => {
            let mut call = Call { world, now, stream, user, target };
            serve(&mut call, iq, &addresses)
        }
        Target::Account(_) => return,
    };
    // An answer is never answered.
    if !is_request {
        return;
    }
    let answer = outcome.unwrap_or_else(|error| {
        let (from, to) = (addresses.from.as_str(), addresses.to.as_str());
        frame(|buffer| iq::write_error(&error, &iq.id, Some(from), Some(to), buffer))
    });
    world.insert_output(mark, stream, answer);
}

/// Whether it is to be answered.
fn is_request(iq: &Iq<'_>) -> bool {
    matches!(iq.kind, IqKind::Get | IqKind::Set)
}

/// Whether it has the one child that a request must have (RFC 6120 §8.2.3).
pub(crate) fn has_one_payload(iq: &Iq<'_>) -> bool {
    iq.element().children().count() == 1
}

fn serve(call: &mut Call<'_>, iq: &Iq<'_>, addresses: &Addresses) -> Result<Frame, StanzaError> {
    let payload = iq.payload().ok_or_else(|| refusal(ErrorCondition::BadRequest))?;
    let row = TABLE
        .iter()
        .find(|row| row.matches(iq.kind, payload))
        .filter(|row| row.about_others || call.target == call.user)
        .ok_or_else(|| refusal(ErrorCondition::ServiceUnavailable))?;
    (row.answer)(call, iq, payload, addresses)
}

fn target_of(world: &World, own: &UserId, to: Option<&Jid>) -> Target {
    let Some(to) = to else {
        return Target::Account(own.clone());
    };
    if to == world.host() {
        return Target::Account(own.clone());
    }
    match (world.local_user(to), to.resource()) {
        (Some(_), Some(_)) => Target::Session(to.clone()),
        (Some(user), None) => Target::Account(user),
        (None, _) if is_served(world, to) => Target::Nobody(ErrorCondition::ServiceUnavailable),
        (None, _) => Target::Nobody(ErrorCondition::RemoteServerNotFound),
    }
}

/// Whether an address belongs to the server itself or to one of its parts, such as `mix.` for
/// groups.
pub(crate) fn is_served(world: &World, jid: &Jid) -> bool {
    let host = world.host().as_str();
    jid.domain() == host || jid.domain().strip_suffix(host).is_some_and(|part| part.ends_with('.'))
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
    let owner =
        world.session(stream).map(|session| session.user.clone()).ok_or_else(unavailable)?;
    if owner != *user && (world.separated(user, &owner) || !world.are_contacts(user, &owner)) {
        return Err(unavailable());
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
        let own = server.connect("u1", "a");
        let other = server.connect("u2", "b");
        server.received(own);
        server.send(
            own,
            &format!(r#"<iq id="q" to="u2@{HOST}/b" type="get"><query xmlns="x:y"/></iq>"#),
        );
        assert_eq!(
            server.received(other),
            [format!(
                r#"<iq from="u1@{HOST}/a" id="q" to="u2@{HOST}/b" type="get" xmlns="jabber:client"><query xmlns="x:y"/></iq>"#
            )]
        );
        server.send(other, &format!(r#"<iq id="q" to="u1@{HOST}/a" type="result"/>"#));
        assert_eq!(
            server.received(own),
            [format!(
                r#"<iq from="u2@{HOST}/b" id="q" to="u1@{HOST}/a" type="result" xmlns="jabber:client"/>"#
            )]
        );
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
        let own = server.connect("u1", "a");
        for to in [String::new(), format!(r#"to="{HOST}""#), format!(r#"to="u9@{HOST}/x""#)] {
            server.send(own, &format!(r#"<iq id="x" {to} type="result"/>"#));
            server.send(own, &format!(r#"<iq id="x" {to} type="error"/>"#));
        }
        assert_eq!(server.received(own), Vec::<String>::new());
    }
}
