//! Logging in by a code: a browser shows it, alice's phone approves it and ends the session.

use crate::exit::Failure;
use crate::qr::{Matrix, image, read};
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, Trouble, done, ensure, shown, success};
use mfly_client::{EndReason, QrLoginEvent, QrLoginOptions};
use serde_json::json;

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    // The code is drawn, and read again from the image.
    let show = async {
        let mut login = cast.app()?.qr_login(QrLoginOptions::new(&url(cast)?))?;
        let Some(QrLoginEvent::Code(text)) = login.next().await.transpose()? else {
            return Err(Trouble::NoEvent("code"));
        };
        let image = image::png(&Matrix::new(text.as_str())?, None)
            .map_err(|error| Trouble::Unexpected(error.to_string()))?;
        let read = read::text(&image)?;
        ensure(read == text.as_str(), "the code's text in its image", "another")?;
        let result = json!({"imageBytes": image.len()});
        Ok(((login, read), shown("a code is drawn, and read again from its image", result)))
    };
    let code = recorder.step("generateQrCode", show).await?;
    let approve = async {
        let (mut login, text) = code.ok_or(Trouble::Missing("the code"))?;
        let (url, phone) = (url(cast)?, cast.alice.credentials()?);
        let approving = cast.app()?.approve_qr(&url, &text, phone);
        let (approved, event) = tokio::join!(approving, login.next());
        let approved = approved?;
        let Some(QrLoginEvent::Connected(session)) = event.transpose()? else {
            return Err(Trouble::NoEvent("session"));
        };
        let user = session.credentials.user.as_str();
        let result = json!({"username": user, "browser": approved.browser});
        Ok((session, shown("the phone approves it, the browser is connected", result)))
    };
    let web = recorder.step("approveQrCode", approve).await?;
    let end = async {
        let web = web.ok_or(Trouble::Missing("the browser's session"))?;
        cast.alice.session()?.end_qr_session(&web.socket_id).await?;
        let reason = web.session.ended().await;
        ensure(reason == EndReason::LoggedOutRemotely, "an end from afar", &reason)?;
        done("the phone ends the browser's session", success())
    };
    recorder.step("endQrSession", end).await?;
    Ok(())
}

fn url(cast: &Cast) -> Result<String, Trouble> {
    let url = cast.server.signalling_url_tls();
    url.ok_or(Trouble::Missing("the signalling server"))
}
