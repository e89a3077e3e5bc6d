//! Logging in by a code: a browser shows it, alice's phone approves it and ends the session again.

use crate::exit::Failure;
use crate::qr::{Matrix, image, read};
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, Step, Trouble, done, ensure, success};
use mfly_client::{EndReason, QrLogin, QrLoginEvent, QrLoginOptions, QrSession};
use serde_json::json;

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let mut shown = None;
    recorder.step("generateQrCode", show(cast, &mut shown)).await?;
    let mut web = None;
    recorder.step("approveQrCode", approve(cast, shown, &mut web)).await?;
    recorder.step("endQrSession", end(cast, web)).await?;
    Ok(())
}

/// The code is drawn, and read again from the image.
async fn show(cast: &Cast, shown: &mut Option<(QrLogin, String)>) -> Step {
    let mut login = cast.app()?.qr_login(QrLoginOptions::new(&url(cast)?))?;
    let Some(QrLoginEvent::Code(text)) = login.next().await.transpose()? else {
        return Err(Trouble::NoEvent("code"));
    };
    let image = image::png(&Matrix::new(text.as_str())?, None)
        .map_err(|error| Trouble::Unexpected(error.to_string()))?;
    let read = read::text(&image)?;
    ensure(read == text.as_str(), "the code's text in its image", "another")?;
    let bytes = image.len();
    *shown = Some((login, read));
    done("a code is drawn, and read again from its image", json!({"imageBytes": bytes}))
}

async fn approve(
    cast: &Cast,
    shown: Option<(QrLogin, String)>,
    web: &mut Option<QrSession>,
) -> Step {
    let (mut login, text) = shown.ok_or(Trouble::Missing("the code"))?;
    let url = url(cast)?;
    let phone = cast.alice.credentials()?;
    let (approved, event) = tokio::join!(cast.app()?.approve_qr(&url, &text, phone), login.next());
    let approved = approved?;
    let Some(QrLoginEvent::Connected(session)) = event.transpose()? else {
        return Err(Trouble::NoEvent("session"));
    };
    let result =
        json!({"username": session.credentials.user.as_str(), "browser": approved.browser});
    *web = Some(session);
    done("the phone approves it, the browser is connected", result)
}

async fn end(cast: &Cast, web: Option<QrSession>) -> Step {
    let web = web.ok_or(Trouble::Missing("the browser's session"))?;
    let phone = cast.alice.session()?;
    phone.end_qr_session(&web.socket_id).await?;
    let reason = web.session.ended().await;
    ensure(reason == EndReason::LoggedOutRemotely, "an end from afar", &reason)?;
    done("the phone ends the browser's session", success())
}

fn url(cast: &Cast) -> Result<String, Trouble> {
    let url = cast.server.signalling_url_tls();
    url.ok_or(Trouble::Missing("the signalling server"))
}
