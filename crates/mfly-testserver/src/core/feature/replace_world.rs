//! Replacing all accounts: every session ends, and no contact is told that it left.

use crate::core::world::World;
use crate::core::world::document::{InvalidDocument, WorldDocument};
use crate::core::world::session::frame;
use mfly_proto::stream::{StreamCondition, StreamError};

/// Replaces all accounts and the plan, and ends all sessions with `system-shutdown`. Nothing
/// changes if the document cannot be read.
///
/// # Errors
/// See [`InvalidDocument`].
pub(crate) fn replace_world(
    world: &mut World,
    document: &WorldDocument,
) -> Result<(), InvalidDocument> {
    world.set_document(document)?;
    let streams = world.streams();
    // Otherwise each session would be told that the others leave.
    world.drop_sessions();
    let error = StreamError::new(StreamCondition::SystemShutdown);
    for stream in streams {
        world.send(stream, frame(|buffer| error.write(buffer)));
        world.close(stream);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Server, id};

    #[test]
    fn every_session_ends_without_news_of_the_others_and_passwords_stay_valid() {
        let mut server = Server::new();
        let (one, two) = (server.connect("u1", "a"), server.connect("u2", "b"));
        server.received(one);
        server.received(two);
        let document = server.core.world().document(false);
        replace_world(server.core.world_mut(), &document).unwrap();
        for stream in [one, two] {
            let received = server.received(stream);
            assert!(received[0].contains("system-shutdown"), "{received:?}");
            assert!(received.iter().all(|frame| !frame.contains("presence")), "{received:?}");
        }
        assert!(server.core.world().user(&id("u1")).is_some());
        // The device keeps its password although the document has none.
        server.connect("u1", "c");
    }

    #[test]
    fn a_document_that_cannot_be_read_changes_nothing() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        server.received(own);
        let mut document = server.core.world().document(true);
        document.users.extend(document.users.clone());
        let error = replace_world(server.core.world_mut(), &document).unwrap_err();
        assert_eq!(error.field, "users[1].id");
        assert_eq!(server.received(own), Vec::<String>::new());
        assert!(server.core.world().user(&id("u1")).is_some());
    }
}
