//! The phone's side: approving a code.

use crate::app::App;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::signalling::{Endpoint, Signalling};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::RequestCipher;
use mfly_proto::qr_login::{APPROVE, Approve, LOGIN_STATUS, LoginStatus, QrCode};
use mfly_proto::signalling::socket_io::Kind;
use mfly_transport::overdue;
use serde_json::Value;
use std::time::Duration;

/// How long the server may take to accept the approval.
const ANSWER: Duration = Duration::from_secs(10);

/// How long the other side may take to log in.
const LOGIN: Duration = Duration::from_secs(45);

/// A login that was approved and succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApprovedQr {
    /// The id of the new session, to end it:
    /// [`Session::end_qr_session`](crate::Session::end_qr_session).
    pub socket_id: String,
    /// The program that logged in, as it calls itself.
    pub browser: String,
    /// Its machine, as it says.
    pub platform: String,
}

impl App {
    /// Approves a code that another device shows, as the phone does, and waits until that device is
    /// logged in to this account.
    ///
    /// The other device gets a password of its own. Dropping the future after the code was sent
    /// does not take the approval back.
    ///
    /// # Errors
    /// - [`InvalidArgument`](ErrorKind::InvalidArgument) for a text that is no code of this
    ///   licence.
    /// - [`Refused`](ErrorKind::Refused) with 410 when the code was used or has expired, with 500
    ///   when the other device failed to log in.
    /// - [`SessionLimit`](ErrorKind::SessionLimit),
    ///   [`InvalidCredentials`](ErrorKind::InvalidCredentials), and what [`ErrorKind`] lists.
    pub async fn approve_qr(
        &self,
        signalling_url: &str,
        code_text: &str,
        credentials: &Credentials,
    ) -> Result<ApprovedQr> {
        let endpoint = Endpoint::new(self, signalling_url, false)?;
        let cipher = RequestCipher::new(&self.shared().licence_key);
        let code = QrCode::open(&cipher, code_text)
            .map_err(|error| InvalidArgument::new("codeText", error.to_string()))?;
        let approve =
            Approve { token: code.token, authorization: self.user_token(credentials).await? };
        let mut signalling = Signalling::connect(&endpoint).await?;
        let outcome = ask(&mut signalling, &approve).await;
        signalling.close().await;
        Ok(ApprovedQr { socket_id: outcome?, browser: code.browser, platform: code.platform })
    }
}

async fn ask(signalling: &mut Signalling, approve: &Approve) -> Result<String> {
    let number = signalling.ask(APPROVE, approve.encode()).await?;
    // The other device may be faster than the acknowledgement.
    let mut status = None;
    let accepting = async {
        loop {
            match signalling.next().await? {
                Kind::Ack { id, arguments } if id == number => {
                    return accepted(arguments.first().unwrap_or(&Value::Null));
                }
                Kind::Event { name, arguments, .. } if name == LOGIN_STATUS => {
                    status = Some(success(&arguments)?)
                }
                _ => {}
            }
        }
    };
    let socket_id = overdue::timeout(ANSWER, accepting)
        .await
        .map_err(|elapsed| Error::new(ErrorKind::Timeout, elapsed))??;
    let logging_in = async {
        loop {
            match signalling.next().await? {
                Kind::Event { name, arguments, .. } if name == LOGIN_STATUS => {
                    return success(&arguments);
                }
                _ => {}
            }
        }
    };
    let is_connected = match status {
        Some(status) => status,
        None => overdue::timeout(LOGIN, logging_in)
            .await
            .map_err(|elapsed| Error::new(ErrorKind::Timeout, elapsed))??,
    };
    if is_connected {
        Ok(socket_id)
    } else {
        Err(ErrorKind::Refused {
            status: 500,
            message: "the other device could not log in".to_owned(),
        }
        .into())
    }
}

fn accepted(answer: &Value) -> Result<String> {
    let status = answer["statusCode"].as_u64();
    let status = status.and_then(|status| u16::try_from(status).ok());
    let kind = match (status, answer["socketId"].as_str()) {
        (Some(200), Some(socket_id)) => return Ok(socket_id.to_owned()),
        (Some(401), _) => ErrorKind::Unauthorized,
        (Some(403), _) => ErrorKind::AdminBlocked,
        (Some(405), _) => ErrorKind::SessionLimit,
        (Some(status @ 400..), _) => ErrorKind::Refused {
            status,
            message: answer["message"].as_str().unwrap_or_default().to_owned(),
        },
        _ => ErrorKind::UnexpectedAnswer,
    };
    Err(kind.into())
}

fn success(arguments: &[Value]) -> Result<bool> {
    LoginStatus::decode(arguments.first().unwrap_or(&Value::Null))
        .map(|status| status.success)
        .map_err(|error| Error::new(ErrorKind::UnexpectedAnswer, error))
}
