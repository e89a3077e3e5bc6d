//! HTTP/1.1: reads requests within limits, applies faults, hands WebSocket upgrades over.

mod body;
mod fault;
mod options;
mod signal;

use crate::handle::journal::RequestEntry;
use crate::net::admission::{Place, busy};
use crate::net::connection::{self, Protection};
use crate::net::cors;
use crate::net::host;
use crate::net::lingering::{Lingering, Unread};
use crate::net::pipe::Pipe;
use crate::net::reading::{Counted, Share};
use crate::rest::request::{Caller, Reached};
use crate::rest::response::Answer;
use crate::rest::{self, ApiPath, Received};
use crate::shared::Shared;
use crate::signalling;
use body::RequestBody;
use bytes::Bytes;
use fault::suffer;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use mfly_transport::SubProtocol;
use mfly_transport::server::{self, UpgradeError};
use options::{methods, options};
use signal::signal;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::debug;

/// How long a connection is kept for further requests.
const LIFETIME: Duration = Duration::from_secs(3600);

/// How long the last answer of a connection may take, held ones included: whoever does not read its
/// answer would keep the connection, and the file in it, for ever.
const LAST_ANSWER: Duration = Duration::from_secs(900);

/// How long a connection may take to end that sent too much of an incomplete request.
const REFUSING: Duration = Duration::from_secs(5);

/// Largest head of a request, in bytes.
const HEAD_BYTES: usize = 64 * 1024;

/// Serves one connection: requests, then XMPP if one of them asks for it.
///
/// `protection` says whether it is encrypted. Once a request has shown whose it is, the connection
/// gives its `place` back.
pub(crate) async fn serve<T>(
    shared: Arc<Shared>,
    io: T,
    protection: Protection,
    address: Option<IpAddr>,
    place: Place,
) where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let share = shared.reading.share();
    let unread = Unread::default();
    let mut io = Counted::new(Lingering::new(io, unread.clone()), share.clone());
    let deadline = shared.admission.limits.deadline;
    tokio::select! {
        begun = tokio::time::timeout(deadline, io.begin()) => match begun {
            Ok(Ok(true)) => {}
            Ok(Ok(false) | Err(_)) => return,
            Err(_) => return busy(io).await,
        },
        () = place.evicted() => return busy(io).await,
        () = shared.stopped() => return,
    }
    let client = Client {
        shared: &shared,
        is_secure: matches!(protection, Protection::Tls(_)),
        address,
        place: &place,
        share: &share,
        unread: &unread,
        upgraded: Mutex::new(None),
    };
    let service = service_fn(|request| client.respond(request));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(deadline)
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
        () = share.refused() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(REFUSING, connection).await
        }
        () = place.evicted() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(REFUSING, connection).await
        }
    };
    match served {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%error, "an HTTP connection broke"),
        Err(_) => debug!("an HTTP connection did not end and is cut"),
    }
    unread.ignore();
    let upgrade = client.upgraded.lock().unwrap_or_else(PoisonError::into_inner).take();
    match upgrade {
        Some(Upgrade::Xmpp(upgrade)) => {
            xmpp(&shared, upgrade, protection, &place, share.clone()).await
        }
        Some(Upgrade::Signalling(upgrade, sid)) => match upgrade.await {
            Ok(io) => {
                let io = TokioIo::new(io);
                let connection = server::websocket(io, mfly_proto::signalling::MAX_BYTES);
                signalling::websocket::serve(&shared, connection, &share, address, sid).await;
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
async fn xmpp(
    shared: &Shared,
    upgrade: OnUpgrade,
    protection: Protection,
    place: &Place,
    share: Share,
) {
    match upgrade.await {
        Ok(io) => {
            let pipe = Pipe::websocket(TokioIo::new(io), share);
            connection::serve(shared, pipe, protection, place).await;
        }
        Err(error) => debug!(%error, "an upgrade failed"),
    }
}

/// The connection that a request came on.
struct Client<'a> {
    shared: &'a Shared,
    is_secure: bool,
    address: Option<IpAddr>,
    place: &'a Place,
    /// What has arrived of a request that is not answered.
    share: &'a Share,
    /// Whether a part of a request will not be read.
    unread: &'a Unread,
    upgraded: Mutex<Option<Upgrade>>,
}

impl Client<'_> {
    /// Answers one request. An error closes the connection without an answer; an answer that does
    /// not need the whole request closes it, too.
    async fn respond(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        if request.body().is_end_stream() {
            self.unread.clear();
        }
        self.place.begin();
        let answered = route(self, request).await;
        self.place.end();
        let mut response = answered?;
        let is_last = self.unread.is_some() || self.share.is_refused();
        if is_last && response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        self.share.complete(0);
        Ok(body::counted(self.shared, response))
    }
}

/// Hands a request to those who answer it.
async fn route(
    client: &Client<'_>,
    mut request: Request<Incoming>,
) -> io::Result<Response<Full<Bytes>>> {
    let (shared, upgraded) = (client.shared, &client.upgraded);
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
        return Ok(signal(client, request).await);
    }
    let (parts, body) = request.into_parts();
    let body = RequestBody::new(body, client.unread);
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
    let reached = Reached { is_secure: client.is_secure, host: host.as_deref() };
    let answered = answer(client, &parts, body, reached, &mut sent).await;
    let (answer, caller) = match answered {
        Ok(answered) => answered,
        Err(cut) => {
            shared.recorder.request(entry, &sent, b"");
            return Err(cut);
        }
    };
    if caller.is_some() {
        client.place.know();
    }
    entry.user = caller.map(|caller| caller.user.as_str().to_owned());
    entry.http_status = answer.http_status.as_u16();
    entry.status = answer.status;
    shared.recorder.request(entry, &sent, &answer.body);
    let mut response = answer.into_response();
    cors::allow(&mut response);
    Ok(response)
}

/// The answer after any fault, and for whom it is. `sent` gets the request's body.
async fn answer(
    client: &Client<'_>,
    parts: &http::request::Parts,
    body: RequestBody<'_>,
    reached: Reached<'_>,
    sent: &mut Bytes,
) -> io::Result<(Answer, Option<Caller>)> {
    let shared = client.shared;
    let path = ApiPath::new(parts.uri.path());
    let target = match rest::find(&parts.method, path) {
        Ok(target) => target,
        Err(answer) => return Ok((answer, None)),
    };
    if let Err(answer) = target.admits(shared, &parts.headers) {
        return Ok((answer, None));
    }
    // What a file takes is counted until it is stored.
    let receiving = shared.with_media(|store| store.receiving().share());
    let read = if target.takes_file() {
        client.share.complete(0);
        body.read_file(shared, &receiving, &parts.headers, target.body_limit()).await
    } else {
        body.read(client.share, &parts.headers, target.body_limit()).await
    };
    *sent = match read {
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

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().starts_with("multipart/form-data"))
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
    use crate::core::memory::Memory;
    use crate::core::{Core, testing::settings};
    use crate::handle::faults::RequestFault;
    use crate::net::addresses::Addresses;
    use crate::net::admission::{Admission, Limits};
    use crate::rest::media_store::File;
    use mfly_proto::jid::UserId;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    pub(crate) fn shared() -> Arc<Shared> {
        let core = Core::new(settings(), [1; 32]).unwrap();
        let plain = "127.0.0.1:1".parse().unwrap();
        let limits =
            Memory { media: 4 * 1024 * 1024, reading: 200 * 1024, ..Memory::DEFAULT_LIMITS };
        let lifetime = Duration::from_secs(60);
        let addresses = Addresses::plain(plain);
        let admission = Admission::new(Limits::default());
        Arc::new(Shared::new(core, [2; 64], addresses, limits, admission, lifetime))
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_its_answer_is_cut_in_the_end() {
        let shared = shared();
        shared.with_media(|store| {
            let file = File {
                owner: UserId::new("u1").unwrap(),
                content_type: "x/y".into(),
                bytes: vec![0; 1024 * 1024].into(),
            };
            store.insert("t".into(), file);
            store.sign_download("s".into(), "t");
        });
        let (mut client, server) = tokio::io::duplex(1024);
        let served = tokio::spawn(serve(shared, server, Protection::None, None, Place::none()));
        let request = b"GET /media-store/s HTTP/1.1\r\nHost: x\r\n\r\n";
        client.write_all(request).await.unwrap();
        let deadline = Duration::from_secs(24 * 3600);
        assert!(tokio::time::timeout(deadline, served).await.is_ok());
    }

    /// The status of the answer to a GET.
    pub(crate) async fn ask_with_token(shared: &Arc<Shared>, path: &str, token: &str) -> u16 {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {token}\r\n\r\n"
        );
        let answer = said(shared, request.as_bytes()).await;
        answer["HTTP/1.1 ".len()..][..3].parse().unwrap()
    }

    /// What the server says after `request`, once it closes the connection.
    async fn said(shared: &Arc<Shared>, request: &[u8]) -> String {
        let (mut client, server) = tokio::io::duplex(1024 * 1024);
        let serving = serve(Arc::clone(shared), server, Protection::None, None, Place::none());
        let reading = async {
            client.write_all(request).await.unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            answer
        };
        tokio::join!(serving, reading).1
    }

    /// Sends a request that never ends, and leaves it.
    async fn begun(shared: &Arc<Shared>, head: &str, bytes: usize) -> tokio::io::DuplexStream {
        let (mut client, server) = tokio::io::duplex(64);
        tokio::spawn(serve(Arc::clone(shared), server, Protection::None, None, Place::none()));
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&vec![b'x'; bytes]).await.unwrap();
        client
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_nobody_may_upload_is_refused_before_it_is_read() {
        let shared = shared();
        let length = "Host: x\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n";
        for (line, status) in [
            ("PUT /media-store/guess/1", "403"),
            ("PUT /media-store/guess", "404"),
            ("POST /api/v1/media/", "401"),
        ] {
            let head = format!("{line} HTTP/1.1\r\n{length}");
            let said = said(&shared, head.as_bytes()).await;
            assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{said}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn slow_uploads_keep_no_other_upload_waiting_and_the_slowest_makes_room() {
        let shared = shared();
        shared.with_media(|store| {
            let owner = UserId::new("u1").unwrap();
            store.begin("s".into(), owner, "t".into(), "x/y".into(), 20);
        });
        let head = |part| {
            format!(
                "PUT /media-store/s/{part} HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n"
            )
        };
        let mut slow = Vec::new();
        for part in 1..=8 {
            slow.push(begun(&shared, &head(part), 220_000).await);
        }
        let mut whole = head(9).replace("900000", "900000\r\nConnection: close");
        whole.push_str(&"x".repeat(900_000));
        let said = said(&shared, whole.as_bytes()).await;
        assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
        let mut answer = [0; 12];
        slow[0].read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 503");
        let bytes = shared.with_media(|store| store.bytes());
        assert!(bytes <= shared.limits.media, "{bytes}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_slowest_request_is_refused_when_unfinished_ones_take_all_the_room() {
        let shared = shared();
        let head = "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n";
        let mut slow = begun(&shared, head, 90_000).await;
        let endless = format!("GET /{} HTTP/1.1\r\nX: ", "x".repeat(30_000));
        let _heads = [begun(&shared, &endless, 10_000).await];
        let whole = head.replace("200000", "100000\r\nConnection: close");
        let whole = whole + &"x".repeat(100_000);
        let said = said(&shared, whole.as_bytes()).await;
        assert!(said.contains(r#""status":400"#), "{said}");
        let mut answer = [0; 12];
        slow.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 503");
        assert!(shared.reading.held() <= shared.limits.reading);
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_nobody_reads_are_bounded_together() {
        let mut limits = Memory::DEFAULT_LIMITS;
        limits.answers = 10;
        let core = Core::new(settings(), [1; 32]).unwrap();
        let addresses = Addresses::plain("127.0.0.1:1".parse().unwrap());
        let lifetime = Duration::from_secs(60);
        let admission = Admission::new(Limits::default());
        let shared = Arc::new(Shared::new(core, [2; 64], addresses, limits, admission, lifetime));
        let request = b"GET /licence.js HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let said = said(&shared, request).await;
        assert!(said.starts_with("HTTP/1.1 503 "), "{said}");
        assert_eq!(shared.answers.held(), 0);
    }

    #[tokio::test]
    async fn a_fault_can_hit_the_handshake_of_xmpp() {
        let shared = shared();
        let fault = RequestFault::HttpStatus(StatusCode::SERVICE_UNAVAILABLE);
        shared.faults.add("/websocket", 1, fault);
        let (mut client, server) = tokio::io::duplex(4096);
        tokio::spawn(serve(shared, server, Protection::None, None, Place::none()));
        let request = b"GET /websocket HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        client.write_all(request).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    }
}
