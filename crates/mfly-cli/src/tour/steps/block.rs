//! Blocking and unblocking, and the events on both sides.

use crate::command::block::official;
use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, done, ensure, refused, success};
use mfly_client::{ErrorKind, Event};

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let (alice, bob) = (&cast.alice, &cast.bob);
    let (mut at_alice, mut at_bob) = (alice.events(), bob.events());
    // One event stands for two calls at bob's, so each has a subscription of its own.
    let mut presence_at_bob = bob.events();
    let block = async {
        alice.session()?.block(&bob.jid()?).await?;
        done("alice blocks bob", success())
    };
    recorder.step("blockUser", block).await?;
    let is_block = |event: &Event| matches!(event, Event::Blocked { .. });
    recorder.listen(&mut at_alice, "blockUserListener", is_block).await?;
    let is_blocked = |event: &Event| matches!(event, Event::BlockedBy { .. });
    recorder.listen(&mut at_bob, "messageListener", is_blocked).await?;
    recorder.listen(&mut presence_at_bob, "presenceListener", is_blocked).await?;
    let blocked = async {
        let users = alice.session()?.blocked().await?;
        ensure(users == [bob.jid()?], "bob", &users)?;
        done("alice has blocked bob", official(&users))
    };
    recorder.step("getUsersIBlocked", blocked).await?;
    let blocked_by = async {
        let users = bob.session()?.blocked_by().await?;
        ensure(users == [alice.jid()?], "alice", &users)?;
        done("bob is blocked by alice", official(&users))
    };
    recorder.step("getUsersWhoBlockedMe", blocked_by).await?;
    let hidden = async {
        let seen = bob.session()?.last_seen(&alice.jid()?).await;
        let is_refusal = |kind: &ErrorKind| matches!(kind, ErrorKind::RequestRefused(_));
        refused(seen, "bob is refused alice's last seen", is_refusal)
    };
    recorder.step("getLastSeen", hidden).await?;

    let unblock = async {
        alice.session()?.unblock(&bob.jid()?).await?;
        done("alice unblocks bob", success())
    };
    recorder.step("unblockUser", unblock).await?;
    let is_unblock = |event: &Event| matches!(event, Event::Unblocked { .. });
    recorder.listen(&mut at_alice, "blockUserListener", is_unblock).await?;
    let is_unblocked = |event: &Event| matches!(event, Event::UnblockedBy { .. });
    recorder.listen(&mut at_bob, "messageListener", is_unblocked).await?;
    let none_blocked = async {
        let users = alice.session()?.blocked().await?;
        ensure(users.is_empty(), "no blocked user", &users)?;
        done("alice has blocked nobody", official(&users))
    };
    recorder.step("getUsersIBlocked", none_blocked).await?;
    Ok(())
}
