//! Adds faults to a running server.

use crate::core::stream::fault::StartTlsFault;
use crate::core::world::session::frame;
use crate::handle::faults::{ConnectionFault, DialFault, RequestFault, StreamFault, Target};
use crate::state::ServerState;
use http::StatusCode;
use mfly_proto::jid::UserId;
use mfly_proto::stream::{StreamCondition, StreamError};
use std::sync::Arc;
use std::time::Duration;

/// Makes the server misbehave on demand: chooses the requests or connections, and then the fault.
#[derive(Debug)]
#[must_use = "the method that names the fault adds it"]
pub struct FaultBuilder {
    state: Arc<ServerState>,
}

impl FaultBuilder {
    pub(crate) fn new(state: Arc<ServerState>) -> Self {
        Self { state }
    }

    /// Chooses the next request to `path` (without `/api/v1`), such as `/login`. `/websocket` is
    /// the WebSocket handshake of XMPP.
    pub fn request(self, path: impl Into<String>) -> RequestFaults {
        RequestFaults { state: self.state, path: path.into(), user: None, times: 1 }
    }

    /// Chooses the next XMPP connection over any transport.
    pub fn next_connection(self) -> NextConnections {
        NextConnections { state: self.state, times: 1 }
    }

    /// Chooses the XMPP connections that `user` has now.
    pub fn connections_of(self, user: impl Into<String>) -> ConnectionFaults {
        ConnectionFaults { state: self.state, user: user.into() }
    }

    /// Closes all signalling connections at once, and returns how many there were.
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

/// Faults of the next requests to one path. Several faults of a path apply one after the other.
#[derive(Debug)]
#[must_use = "the method that names the fault adds it"]
pub struct RequestFaults {
    state: Arc<ServerState>,
    path: String,
    user: Option<String>,
    times: usize,
}

impl RequestFaults {
    /// Applies the fault to this number of requests; one unless set.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Applies the fault only to requests of this user: of the token, or the name that logs in.
    pub fn of(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Sends the usual response after a delay.
    pub fn delay(self, delay: Duration) {
        self.add(RequestFault::Delay(delay));
    }

    /// Responds with this HTTP status. A number that is no HTTP status becomes 500.
    pub fn http_status(self, status: u16) {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.add(RequestFault::HttpStatus(status));
    }

    /// Responds with HTTP 200 and `{"status":status,"message":message}`.
    pub fn refuse(self, status: u16, message: impl Into<String>) {
        self.add(RequestFault::Refuse(status, message.into()));
    }

    /// Responds with HTTP 401, as if the token had expired.
    pub fn expired_token(self) {
        self.add(RequestFault::ExpiredToken);
    }

    /// Responds with HTTP 200 and this body.
    pub fn garbage(self, body: impl Into<String>) {
        self.add(RequestFault::Garbage(body.into()));
    }

    /// Sends no response, and leaves the connection open.
    pub fn silence(self) {
        self.add(RequestFault::Silence);
    }

    /// Closes the connection without a response.
    pub fn cut(self) {
        self.add(RequestFault::Cut);
    }

    fn add(self, fault: RequestFault) {
        let user = match self.user.map(|user| UserId::new(&user)) {
            None => None,
            Some(Ok(user)) => Some(user),
            // No request is of a user who cannot exist.
            Some(Err(_)) => return,
        };
        self.state.faults.add(self.times, Target::Request { path: self.path, user, fault });
    }
}

/// Faults of the next XMPP connections, over WebSocket, TCP and in memory. A connection takes the
/// first fault of each kind, so several kinds can be combined; a second fault of one kind applies
/// to a later connection.
#[derive(Debug)]
#[must_use = "the method that names the fault adds it"]
pub struct NextConnections {
    state: Arc<ServerState>,
    times: usize,
}

impl NextConnections {
    /// Applies the fault to this number of connections; one unless set.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Serves the connection as usual after a delay.
    pub fn delay(self, delay: Duration) {
        self.add(StreamFault::Dial(DialFault::Delay(delay)));
    }

    /// Closes the connection before anything is sent.
    pub fn cut(self) {
        self.add(StreamFault::Dial(DialFault::Cut));
    }

    /// Leaves the connection open without reading from it or sending to it.
    pub fn silence(self) {
        self.add(StreamFault::Dial(DialFault::Silence));
    }

    /// Sends this text and closes the connection.
    pub fn garbage(self, text: impl Into<String>) {
        self.add(StreamFault::Dial(DialFault::Garbage(text.into())));
    }

    /// Neither offers nor requires STARTTLS, as if an attacker had removed the offer.
    pub fn withhold_start_tls(self) {
        self.add(StreamFault::StartTls(StartTlsFault::Withhold));
    }

    /// Offers STARTTLS, and refuses it on request.
    pub fn refuse_start_tls(self) {
        self.add(StreamFault::StartTls(StartTlsFault::Refuse));
    }

    /// Sends this text unencrypted, in one write with the `<proceed/>` of STARTTLS.
    pub fn inject_after_proceed(self, text: impl Into<String>) {
        self.add(StreamFault::StartTls(StartTlsFault::Inject(text.into())));
    }

    /// Ends the stream with `see-other-host` when the client opens it, after encryption.
    pub fn see_other_host(self, host: impl Into<String>) {
        self.add(StreamFault::SeeOtherHost(host.into()));
    }

    /// Offers only these SASL mechanisms, in this order, even if the server does not have them.
    pub fn mechanisms<'a>(self, names: impl IntoIterator<Item = &'a str>) {
        let names = names.into_iter().map(str::to_owned).collect();
        self.add(StreamFault::Mechanisms(names));
    }

    /// Removes the -PLUS mechanisms from the offer, as an attacker would. The server detects it if
    /// the client reports an offer without them.
    pub fn strip_channel_binding(self) {
        self.add(StreamFault::StripBinding);
    }

    /// Makes SCRAM require this number of iterations. A client that agrees is refused.
    pub fn scram_iterations(self, count: u32) {
        self.add(StreamFault::Iterations(count));
    }

    /// Lets SCRAM succeed with a wrong server signature, as from a server that does not know the
    /// password.
    pub fn forge_server_signature(self) {
        self.add(StreamFault::ForgeSignature);
    }

    fn add(self, fault: StreamFault) {
        self.state.faults.add(self.times, Target::Stream(fault));
    }
}

/// Faults of the XMPP connections that one user has now. Each method applies its fault at once, and
/// returns how many connections there were.
#[derive(Debug)]
#[must_use = "the method that names the fault applies it"]
pub struct ConnectionFaults {
    state: Arc<ServerState>,
    user: String,
}

impl ConnectionFaults {
    /// Closes the connections without a closing frame.
    pub fn cut(self) -> usize {
        self.apply_fault(&ConnectionFault::Cut)
    }

    /// Sends this text as a frame.
    pub fn send(self, text: impl Into<String>) -> usize {
        self.apply_fault(&ConnectionFault::Send(text.into()))
    }

    /// Ends the streams with a stream error, and closes the connections.
    pub fn close_with(self, condition: StreamCondition) -> usize {
        let error = frame(|buffer| StreamError::new(condition).write(buffer));
        self.apply_fault(&ConnectionFault::CloseWith(error.as_str().to_owned()))
    }

    /// Leaves the connections open without reading from them or sending to them, until the server's
    /// own ping times out.
    pub fn silence(self) -> usize {
        self.apply_fault(&ConnectionFault::Silence)
    }

    fn apply_fault(self, fault: &ConnectionFault) -> usize {
        UserId::new(&self.user).map_or(0, |user| self.state.apply_fault(&user, fault))
    }
}
