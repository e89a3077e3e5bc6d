//! Ordering faults.

use crate::core::stream::fault::StartTlsFault;
use crate::core::world::session::frame;
use crate::handle::faults::{ConnectionFault, DialFault, RequestFault, StreamFault};
use crate::state::ServerState;
use http::StatusCode;
use mfly_proto::jid::UserId;
use mfly_proto::stream::{StreamCondition, StreamError};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Makes the server misbehave, on purpose and as ordered.
#[must_use = "a fault is ordered by the method that says what happens"]
pub struct FaultBuilder {
    state: Arc<ServerState>,
}

impl FaultBuilder {
    pub(crate) fn new(state: Arc<ServerState>) -> Self {
        Self { state }
    }

    /// For the next request to `path` (without `/api/v1`), such as `/login`; `/websocket` is the
    /// handshake that begins XMPP.
    pub fn request(self, path: impl Into<String>) -> RequestFaults {
        RequestFaults { state: self.state, path: path.into(), times: 1 }
    }

    /// For the next XMPP connection, whatever carries it.
    pub fn next_connection(self) -> NextConnections {
        NextConnections { state: self.state, times: 1 }
    }

    /// For the XMPP connections that `user` has now.
    pub fn connections_of(self, user: impl Into<String>) -> ConnectionFaults {
        ConnectionFaults { state: self.state, user: user.into() }
    }

    /// Cuts all signalling connections; says how many there were.
    pub fn cut_signalling(self) -> usize {
        let clients = self.state.with_hub(|hub| hub.all());
        for sid in &clients {
            crate::signalling::close(&self.state, sid);
        }
        clients.len()
    }

    /// Forgets the faults that still wait for a request or a connection.
    pub fn clear(self) {
        self.state.faults.clear();
    }
}

/// What the next requests to one path suffer. Several orders for a path are used up in turn.
#[must_use = "a fault is ordered by the method that says what happens"]
pub struct RequestFaults {
    state: Arc<ServerState>,
    path: String,
    times: usize,
}

impl RequestFaults {
    /// For that many requests instead of one.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// They are answered as usual, but later.
    pub fn delay(self, delay: Duration) {
        self.add(RequestFault::Delay(delay));
    }

    /// They are answered with this HTTP status; one that HTTP does not know becomes 500.
    pub fn http_status(self, status: u16) {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.add(RequestFault::HttpStatus(status));
    }

    /// They are answered with HTTP 200 and `{"status":status,"message":message}`.
    pub fn refuse(self, status: u16, message: impl Into<String>) {
        self.add(RequestFault::Refuse(status, message.into()));
    }

    /// They are answered as if their token had expired.
    pub fn expired_token(self) {
        self.add(RequestFault::ExpiredToken);
    }

    /// They are answered with HTTP 200 and this body.
    pub fn garbage(self, body: impl Into<String>) {
        self.add(RequestFault::Garbage(body.into()));
    }

    /// They are never answered, and their connections stay open.
    pub fn silence(self) {
        self.add(RequestFault::Silence);
    }

    /// Their connections are closed without an answer.
    pub fn cut(self) {
        self.add(RequestFault::Cut);
    }

    fn add(self, fault: RequestFault) {
        self.state.faults.add(&self.path, self.times, fault);
    }
}

/// What the next XMPP connections suffer, over WebSocket, TCP and in memory alike. A connection
/// takes the first order of each kind, so that several can be combined; the next connection takes
/// the next.
#[must_use = "a fault is ordered by the method that says what happens"]
pub struct NextConnections {
    state: Arc<ServerState>,
    times: usize,
}

impl NextConnections {
    /// For that many connections instead of one.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// They are served as usual, but later.
    pub fn delay(self, delay: Duration) {
        self.add(StreamFault::Dial(DialFault::Delay(delay)));
    }

    /// They are closed before anything is said.
    pub fn cut(self) {
        self.add(StreamFault::Dial(DialFault::Cut));
    }

    /// Nothing is read from them or said to them.
    pub fn silence(self) {
        self.add(StreamFault::Dial(DialFault::Silence));
    }

    /// They are sent this text and closed.
    pub fn garbage(self, text: impl Into<String>) {
        self.add(StreamFault::Dial(DialFault::Garbage(text.into())));
    }

    /// STARTTLS is not offered to them, as if somebody in between had removed it. It is not
    /// required then.
    pub fn withhold_start_tls(self) {
        self.add(StreamFault::StartTls(StartTlsFault::Withhold));
    }

    /// STARTTLS is offered to them, and refused when they ask for it.
    pub fn refuse_start_tls(self) {
        self.add(StreamFault::StartTls(StartTlsFault::Refuse));
    }

    /// They are sent this text in the clear, in one write with the agreement to STARTTLS.
    pub fn inject_after_proceed(self, text: impl Into<String>) {
        self.add(StreamFault::StartTls(StartTlsFault::Inject(text.into())));
    }

    /// They are sent to another host when they open their stream, once it is encrypted.
    pub fn see_other_host(self, host: impl Into<String>) {
        self.add(StreamFault::SeeOtherHost(host.into()));
    }

    /// They are offered these SASL mechanisms only, in this order. Ones that the server does not
    /// have are announced all the same.
    pub fn mechanisms<'a>(self, names: impl IntoIterator<Item = &'a str>) {
        let names = names.into_iter().map(str::to_owned).collect();
        self.add(StreamFault::Mechanisms(names));
    }

    /// They do not hear of the -PLUS mechanisms that they are offered, as if somebody in between
    /// had removed them. The server notices when a client says so.
    pub fn strip_channel_binding(self) {
        self.add(StreamFault::StripBinding);
    }

    /// SCRAM asks them for so many iterations. Whoever agrees is refused.
    pub fn scram_iterations(self, count: u32) {
        self.add(StreamFault::Iterations(count));
    }

    /// They log in by SCRAM, but the server's last word does not prove that it knows the password.
    pub fn forge_server_signature(self) {
        self.add(StreamFault::ForgeSignature);
    }

    fn add(self, fault: StreamFault) {
        self.state.faults.add_stream(self.times, fault);
    }
}

/// What the XMPP connections of one user suffer, at once. Each method says how many there were.
#[must_use = "a fault is ordered by the method that says what happens"]
pub struct ConnectionFaults {
    state: Arc<ServerState>,
    user: String,
}

impl ConnectionFaults {
    /// They are closed without a word.
    pub fn cut(self) -> usize {
        self.suffer(&ConnectionFault::Drop)
    }

    /// They receive this text as a frame.
    pub fn send(self, text: impl Into<String>) -> usize {
        self.suffer(&ConnectionFault::Send(text.into()))
    }

    /// They end with a stream error.
    pub fn close_with(self, condition: StreamCondition) -> usize {
        let error = frame(|buffer| StreamError::new(condition).write(buffer));
        self.suffer(&ConnectionFault::CloseWith(error.as_str().to_owned()))
    }

    /// They stay open, but nothing is read from them or sent to them any more, until the server's
    /// own ping finds them dead.
    pub fn silence(self) -> usize {
        self.suffer(&ConnectionFault::Silence)
    }

    fn suffer(self, fault: &ConnectionFault) -> usize {
        UserId::new(&self.user).map_or(0, |user| self.state.break_connections(&user, fault))
    }
}

impl fmt::Debug for FaultBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaultBuilder")
    }
}

impl fmt::Debug for RequestFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestFaults({}, {} times)", self.path, self.times)
    }
}

impl fmt::Debug for NextConnections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NextConnections({} times)", self.times)
    }
}

impl fmt::Debug for ConnectionFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionFaults({})", self.user)
    }
}
