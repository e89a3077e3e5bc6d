//! HTTP/1.1: reads requests within limits, applies faults, hands WebSocket upgrades over.

mod body;
mod options;

use crate::answer::Answer;
use crate::call::{Caller, Reached};
use crate::connection::{self, Protection};
use crate::cors;
use crate::faults::RequestFault;
use crate::host;
use crate::journal::RequestEntry;
use crate::lingering::{Lingering, Unread};
use crate::pipe::Pipe;
use crate::rest::{self, ApiPath, Received};
use crate::shared::Shared;
use crate::signalling::{self, polling};
use body::RequestBody;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use mfly_transport::server::{self, UpgradeError};
use mfly_transport::{DEFAULT_MAX_FRAME_BYTES, SubProtocol};
use options::{methods, options};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::debug;

/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(30);

/// How long a file may wait until others were received.
const FILE_TURN: Duration = Duration::from_secs(60);

/// How long a request of a silent fault is held.
const SILENCE: Duration = Duration::from_secs(600);

/// How long a connection is kept for further requests.
const LIFETIME: Duration = Duration::from_secs(3600);

/// How long the last answer of a connection may take, held ones included: whoever does not read its
/// answer would keep the connection, and the file in it, for ever.
const LAST_ANSWER: Duration = Duration::from_secs(900);

/// Largest head of a request, in bytes.
const HEAD_BYTES: usize = 64 * 1024;

/// Serves one connection: requests, then XMPP if one of them asks for it.
///
/// `protection` says whether it is encrypted.
pub(crate) async fn serve<T>(shared: Arc<Shared>, io: T, protection: Protection)
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let is_secure = matches!(protection, Protection::Tls(_));
    let upgraded = Mutex::new(None);
    let unread = Unread::default();
    let io = Lingering::new(io, unread.clone());
    let service = service_fn(|request| respond(&shared, request, is_secure, &upgraded, &unread));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => Ok(served),
        () = retired(&shared) => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(LAST_ANSWER, connection).await
        }
    };
    match served {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%error, "an HTTP connection broke"),
        Err(_) => debug!("an HTTP connection did not end and is cut"),
    }
    unread.ignore();
    let upgrade = upgraded
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    match upgrade {
        Some(Upgrade::Xmpp(upgrade)) => xmpp(&shared, upgrade, protection).await,
        Some(Upgrade::Signalling(upgrade, sid)) => match upgrade.await {
            Ok(io) => {
                let io = TokioIo::new(io);
                let connection = server::websocket(io, mfly_proto::signalling::MAX_BYTES);
                signalling::websocket::serve(&shared, connection, sid).await;
            }
            Err(error) => debug!(%error, "an upgrade failed"),
        },
        None => {}
    }
}

/// Resolves when a connection shall take no further requests.
async fn retired(shared: &Shared) {
    // Either way: the server stops, or the time is over.
    let _ = tokio::time::timeout(LIFETIME, shared.stopped()).await;
}

/// What a connection becomes after HTTP.
enum Upgrade {
    Xmpp(OnUpgrade),
    /// With the client that moves to it, if it is known already.
    Signalling(OnUpgrade, Option<String>),
}

/// Goes on with XMPP on a connection that began with HTTP.
async fn xmpp(shared: &Shared, upgrade: OnUpgrade, protection: Protection) {
    match upgrade.await {
        Ok(io) => {
            let connection = server::websocket(TokioIo::new(io), DEFAULT_MAX_FRAME_BYTES);
            connection::serve(shared, Pipe::websocket(connection), protection).await;
        }
        Err(error) => debug!(%error, "an upgrade failed"),
    }
}

/// Answers one request. An error closes the connection without an answer; an answer that does not need the whole request closes
/// it, too.
async fn respond(
    shared: &Shared,
    request: Request<Incoming>,
    is_secure: bool,
    upgraded: &Mutex<Option<Upgrade>>,
    unread: &Unread,
) -> io::Result<Response<Full<Bytes>>> {
    if request.body().is_end_stream() {
        unread.clear();
    }
    let mut response = route(shared, request, is_secure, upgraded, unread).await?;
    if unread.is_some() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    Ok(response)
}

/// Hands a request to those who answer it.
async fn route(
    shared: &Shared,
    mut request: Request<Incoming>,
    is_secure: bool,
    upgraded: &Mutex<Option<Upgrade>>,
    unread: &Unread,
) -> io::Result<Response<Full<Bytes>>> {
    let host = match host::of(request.version(), request.uri(), request.headers()) {
        Ok(host) => host,
        Err(refused) => {
            let (parts, _) = request.into_parts();
            return Ok(recorded(shared, &parts, refused.answer().into_response()));
        }
    };
    if request.method() == Method::OPTIONS {
        return Ok(options(&request));
    }
    if request.uri().path() == "/websocket" {
        let on_upgrade = hyper::upgrade::on(&mut request);
        let (parts, _) = request.into_parts();
        let fault = match shared.faults.take("/websocket") {
            Some(fault) => suffer(shared, fault).await?,
            None => None,
        };
        let response = match fault {
            Some(answer) => answer.into_response(),
            None => match methods(parts.uri.path()) {
                Some(methods) if !methods.contain(&parts.method) => {
                    methods.refusal().into_response()
                }
                _ => websocket(&parts),
            },
        };
        let response = recorded(shared, &parts, response);
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            *upgraded.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Upgrade::Xmpp(on_upgrade));
        }
        return Ok(response);
    }
    if signalling::is_path(request.uri().path()) {
        return Ok(signal(shared, request, upgraded, unread).await);
    }
    let (parts, body) = request.into_parts();
    let body = RequestBody::new(body, unread);
    let path = ApiPath::new(parts.uri.path());
    let mut entry = RequestEntry {
        method: parts.method.to_string(),
        path: path.name().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        user: None,
        body: String::new(),
        http_status: 0,
        status: None,
        answer: String::new(),
    };
    let mut sent = Bytes::new();
    let reached = Reached {
        is_secure,
        host: host.as_deref(),
    };
    let answered = answer(shared, &parts, body, reached, &mut sent).await;
    let (answer, caller) = match answered {
        Ok(answered) => answered,
        Err(cut) => {
            shared.recorder.request(entry, &sent, b"");
            return Err(cut);
        }
    };
    entry.user = caller.map(|caller| caller.user.as_str().to_owned());
    entry.http_status = answer.http_status.as_u16();
    entry.status = answer.status;
    shared.recorder.request(entry, &sent, &answer.body);
    let mut response = answer.into_response();
    cors::allow(&mut response);
    Ok(response)
}

/// Answers a request of the signalling server.
async fn signal(
    shared: &Shared,
    mut request: Request<Incoming>,
    upgraded: &Mutex<Option<Upgrade>>,
    unread: &Unread,
) -> Response<Full<Bytes>> {
    let on_upgrade = hyper::upgrade::on(&mut request);
    let (parts, body) = request.into_parts();
    let body = RequestBody::new(body, unread);
    let unknown = methods(parts.uri.path()).filter(|methods| !methods.contain(&parts.method));
    if let Some(methods) = unknown {
        let mut response = methods.refusal().into_response();
        polling::allow(&parts.headers, &mut response);
        return response;
    }
    let mut response = match polling::asked(parts.uri.query().unwrap_or_default()) {
        Err(refusal) => refusal.response(),
        Ok((transport, sid)) if transport == "websocket" => {
            let known = sid
                .as_deref()
                .map(|sid| shared.with_hub(|hub| hub.is_polling(sid)));
            match known {
                Some(None) => polling::Refusal::Session.response(),
                Some(Some(false)) => polling::Refusal::Request.response(),
                None | Some(Some(true)) => {
                    let answered = handshake(&parts, SubProtocol::Unnamed);
                    if answered.is_ok() {
                        *upgraded.lock().unwrap_or_else(PoisonError::into_inner) =
                            Some(Upgrade::Signalling(on_upgrade, sid));
                    }
                    let response = answered.unwrap_or_else(UpgradeError::response);
                    return response.map(|()| Full::default());
                }
            }
        }
        Ok((_, sid)) => {
            let limit = mfly_proto::signalling::MAX_BYTES;
            match body.read(&parts.headers, limit).await {
                Ok(body) => polling::respond(shared, &parts.method, sid, &body).await,
                Err(answer) => answer.into_response(),
            }
        }
    };
    polling::allow(&parts.headers, &mut response);
    response
}

/// The answer after any fault, and for whom it is. `sent` gets the request's body.
async fn answer(
    shared: &Shared,
    parts: &http::request::Parts,
    body: RequestBody<'_>,
    reached: Reached<'_>,
    sent: &mut Bytes,
) -> io::Result<(Answer, Option<Caller>)> {
    let path = ApiPath::new(parts.uri.path());
    let target = match rest::find(&parts.method, path) {
        Ok(target) => target,
        Err(answer) => return Ok((answer, None)),
    };
    let _permit = if target.takes_file() {
        match tokio::time::timeout(FILE_TURN, shared.receiving_files.acquire()).await {
            Ok(permit) => permit.ok(),
            Err(_) => {
                let unavailable = StatusCode::SERVICE_UNAVAILABLE;
                return Ok((Answer::http(unavailable, "Service Unavailable"), None));
            }
        }
    } else {
        None
    };
    *sent = match body.read(&parts.headers, target.body_limit()).await {
        Ok(body) => body,
        Err(answer) => return Ok((answer, None)),
    };
    if let Some(fault) = shared.faults.take(path.name())
        && let Some(answer) = suffer(shared, fault).await?
    {
        return Ok((answer, None));
    }
    let form = match is_form(&parts.headers) {
        true => rest::form(&parts.headers, sent).await,
        false => Some(Vec::new()),
    };
    let Some(form) = form else {
        return Ok((Answer::invalid("Invalid request"), None));
    };
    let received = Received {
        reached,
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body: sent,
        form: &form,
    };
    Ok(rest::answer(shared, &target, &received))
}

/// Lets a request suffer a fault; `None` when it is then answered as usual.
async fn suffer(shared: &Shared, fault: RequestFault) -> io::Result<Option<Answer>> {
    Ok(Some(match fault {
        RequestFault::Delay(delay) => {
            tokio::time::sleep(delay).await;
            return Ok(None);
        }
        RequestFault::HttpStatus(status) => {
            Answer::http(status, status.canonical_reason().unwrap_or("Error"))
        }
        RequestFault::Refuse(status, message) => Answer::refused(status, message),
        RequestFault::ExpiredToken => Answer::token_expired(),
        RequestFault::Garbage(text) => {
            let json = HeaderValue::from_static("application/json; charset=utf-8");
            Answer::content(json, text.into())
        }
        RequestFault::Silence => {
            let _ = tokio::time::timeout(SILENCE, shared.stopped()).await;
            return Err(io::ErrorKind::TimedOut.into());
        }
        RequestFault::Cut => return Err(io::ErrorKind::ConnectionAborted.into()),
    }))
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .to_ascii_lowercase()
                .starts_with("multipart/form-data")
        })
}

/// Answers a WebSocket handshake.
fn websocket(parts: &http::request::Parts) -> Response<Full<Bytes>> {
    let response = handshake(parts, SubProtocol::Xmpp).unwrap_or_else(UpgradeError::response);
    response.map(|()| Full::default())
}

/// The answer to a WebSocket handshake. A HEAD is never one.
fn handshake(
    parts: &http::request::Parts,
    sub_protocol: SubProtocol,
) -> Result<Response<()>, UpgradeError> {
    match parts.method {
        Method::HEAD => Err(UpgradeError::NotWebSocket),
        _ => server::upgrade_with(parts, sub_protocol),
    }
}

/// Records how a WebSocket handshake is answered, and lets pages read a refusal.
fn recorded(
    shared: &Shared,
    parts: &http::request::Parts,
    mut response: Response<Full<Bytes>>,
) -> Response<Full<Bytes>> {
    let entry = RequestEntry {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: String::new(),
        user: None,
        body: String::new(),
        http_status: response.status().as_u16(),
        status: None,
        answer: String::new(),
    };
    shared.recorder.request(entry, b"", b"");
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        cors::allow(&mut response);
    }
    response
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::addresses::Addresses;
    use crate::core::{Core, testing::settings};
    use crate::signalling::hub::Hub;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    pub(crate) fn shared() -> Arc<Shared> {
        let core = Core::new(settings(), [1; 32]).unwrap();
        let plain = "127.0.0.1:1".parse().unwrap();
        Arc::new(Shared::new(
            core,
            [2; 64],
            Addresses::plain(plain),
            Hub::new(FILE_TURN),
        ))
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_its_answer_is_cut_in_the_end() {
        let shared = shared();
        shared.with_media(|store| {
            store.insert("t".into(), "x/y".into(), vec![0; 1024 * 1024].into());
            store.sign_download("s".into(), "t");
        });
        let (mut client, server) = tokio::io::duplex(1024);
        let served = tokio::spawn(serve(shared, server, Protection::None));
        let request = b"GET /media-store/s HTTP/1.1\r\nHost: x\r\n\r\n";
        client.write_all(request).await.unwrap();
        let deadline = Duration::from_secs(24 * 3600);
        assert!(tokio::time::timeout(deadline, served).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_does_not_wait_for_ever_for_others_to_be_received() {
        let shared = shared();
        let _all = shared.receiving_files.acquire_many(8).await.unwrap();
        let (mut client, server) = tokio::io::duplex(4096);
        tokio::spawn(serve(Arc::clone(&shared), server, Protection::None));
        let request = b"PUT /media-store/s/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        client.write_all(request).await.unwrap();
        let mut answer = String::new();
        let read = client.read_to_string(&mut answer);
        let deadline = Duration::from_secs(24 * 3600);
        tokio::time::timeout(deadline, read).await.unwrap().unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    }

    #[tokio::test]
    async fn a_fault_can_hit_the_handshake_of_xmpp() {
        let shared = shared();
        let fault = RequestFault::HttpStatus(StatusCode::SERVICE_UNAVAILABLE);
        shared.faults.add("/websocket", 1, fault);
        let (mut client, server) = tokio::io::duplex(4096);
        tokio::spawn(serve(shared, server, Protection::None));
        let request = b"GET /websocket HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        client.write_all(request).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    }
}
