//! The user's settings; the account's other sessions are told of a change.

use crate::core::call::{Call, refusal};
use crate::core::world::session::Notice;
use mfly_proto::payload::settings::{GetSettings, Settings, UpdateSettings};
use mfly_proto::stanza::{ErrorCondition, StanzaError};

/// The settings of the account.
pub(crate) fn get(call: &mut Call<'_>, _: GetSettings) -> Result<Settings, StanzaError> {
    Ok(Settings { archive: call.world.user(&call.user).map(|user| user.archive) })
}

/// Changes the settings, and tells the account's other sessions.
pub(crate) fn update(call: &mut Call<'_>, request: UpdateSettings) -> Result<(), StanzaError> {
    let Some(account) = call.world.user_mut(&call.user) else {
        return Err(refusal(ErrorCondition::ItemNotFound));
    };
    account.archive = request.archive;
    let settings = Settings { archive: Some(request.archive) };
    let from = call.own();
    let envelope = Notice { from: from.as_str(), chat: false, except: Some(call.stream) };
    call.world.notify(&call.user, &envelope, |w| settings.write_push(w));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server};

    #[test]
    fn a_change_is_kept_and_told_to_the_other_sessions_only() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let other = server.connect("u1", "b");
        let stranger = server.connect("u2", "c");
        server.received(own);
        server.received(other);
        let query = "<query status='user_settings' xmlns='jabber:iq:user_activities'/>";
        assert!(server.ask(own, "get", None, query).contains("<archive>0</archive>"));
        server.ask(
            own,
            "set",
            None,
            "<query archive='1' status='user_settings' xmlns='jabber:iq:user_activities'/>",
        );
        assert_eq!(
            server.received(other),
            [format!(
                r#"<message from="u1@{HOST}" to="u1@{HOST}" xmlns="jabber:client"><user_settings archive="1"/></message>"#
            )]
        );
        assert_eq!(server.received(own), Vec::<String>::new());
        assert_eq!(server.received(stranger), Vec::<String>::new());
        assert!(server.ask(other, "get", None, query).contains("<archive>1</archive>"));
    }

    #[test]
    fn a_setting_that_is_neither_on_nor_off_is_a_bad_request() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let answer = server.ask(
            own,
            "set",
            None,
            "<query archive='maybe' status='user_settings' xmlns='jabber:iq:user_activities'/>",
        );
        assert!(answer.contains("<bad-request "), "{answer}");
    }
}
