//! A session that came from a QR code logs out, or another session of the account ends it: the
//! account's other sessions are told which one. If another session ends it, its registration ends,
//! too, and its browser is sent `logoutweb` (all inferred).

use crate::core::call::Call;
use mfly_proto::payload::logout::{ForcedLogout, LogOut};
use mfly_proto::stanza::StanzaError;

/// Ends the session of this socket id.
pub(crate) fn log_out(call: &mut Call<'_>, request: LogOut) -> Result<(), StanzaError> {
    let asker = call.world.session(call.stream).map(|session| session.registration);
    call.world.end_qr_session(call.now, &call.user, asker, &request.socket_id);
    let notice = ForcedLogout { socket_ids: vec![request.socket_id] };
    call.tell_others(|w| notice.write(w));
    Ok(())
}
