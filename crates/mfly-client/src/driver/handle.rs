//! The handle on a running driver.

use super::status::{StateChanges, Status};
use crate::machine::{
    Command, ConnectionState, EndReason, KnownServer, Request, RequestFailure, RequestId,
    SeededRandom, YEAR,
};
use mfly_proto::framing::Frame;
use mfly_proto::id::StanzaId;
use mfly_proto::jid::FullJid;
use mfly_proto::payload::ping::Ping;
use mfly_proto::stanza::{Iq, IqRequest, Reply, iq};
use mfly_proto::xml::Document;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// What becomes of a request.
type Outcome = Result<Document, RequestFailure>;

/// Where the outcome of a request goes.
pub(super) struct Caller {
    outcome: oneshot::Sender<Outcome>,
    /// Set once the machine has the request: its deadline is then the machine's alone.
    taken: Arc<AtomicBool>,
}

impl Caller {
    /// Notes that the machine has the request. `false` means that nobody waits for it any more.
    pub(super) fn take(&self) -> bool {
        self.taken.store(true, Ordering::Release);
        !self.outcome.is_closed()
    }

    /// Tells the outcome. The caller may have gone away a moment ago.
    pub(super) fn tell(self, outcome: Outcome) {
        let _ = self.outcome.send(outcome);
    }
}

/// Settings of one request. `None` stands for the session's own setting.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RequestOptions {
    /// How long the caller waits.
    pub(crate) timeout: Option<Duration>,
    /// Whether the request fails at once while there is no connection.
    pub(crate) fail_fast: Option<bool>,
}

/// The session's own settings of requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestDefaults {
    pub(super) request_timeout: Duration,
    /// How long the answer to a check may take.
    pub(super) check_timeout: Duration,
    /// Whether requests fail at once while there is no connection.
    pub(super) fail_fast: bool,
}

/// What a handle tells the driver. When every sender is gone, the session closes.
pub(super) enum DriverCommand {
    /// For the machine as it is.
    Command(Command),
    /// A request, and where its answer goes.
    Request(Request, Caller),
}

/// What does not wait its turn behind commands.
pub(super) enum Urgent {
    /// The caller of this request is gone.
    Cancel(RequestId),
    /// Close for this reason, although the server takes so little that commands pile up.
    Close(EndReason),
    /// Connect again at once, and say when that has begun.
    Reconnect(oneshot::Sender<()>),
}

/// A handle on a running session. Cheap to clone; when the last clone is dropped the session says
/// goodbye and ends.
#[derive(Clone)]
pub(crate) struct DriverHandle {
    commands: mpsc::Sender<DriverCommand>,
    /// Apart from `commands`, because dropping a future cannot wait. There is at most one
    /// cancellation a request that is queued or pending, and both of these are bounded.
    urgent: mpsc::UnboundedSender<Urgent>,
    status: watch::Receiver<Status>,
    shared: Arc<Shared>,
    defaults: RequestDefaults,
}

struct Shared {
    next_request: AtomicU64,
    ids: Mutex<SeededRandom>,
}

/// The driver's ends of the channels.
pub(super) struct DriverChannels {
    pub(super) commands: mpsc::Receiver<DriverCommand>,
    pub(super) urgent: mpsc::UnboundedReceiver<Urgent>,
    pub(super) status: watch::Sender<Status>,
}

/// Commands that may wait for the driver.
pub(super) const COMMANDS: usize = 64;

/// How long closing waits for the commands before it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

impl DriverHandle {
    pub(super) fn new(ids: SeededRandom, defaults: RequestDefaults) -> (Self, DriverChannels) {
        let (commands, commands_end) = mpsc::channel(COMMANDS);
        let (urgent, urgent_end) = mpsc::unbounded_channel();
        let (status_end, status) = watch::channel(Status::default());
        let shared = Arc::new(Shared { next_request: AtomicU64::new(0), ids: Mutex::new(ids) });
        let handle = Self { commands, urgent, status, shared, defaults };
        let channels =
            DriverChannels { commands: commands_end, urgent: urgent_end, status: status_end };
        (handle, channels)
    }

    /// Asks the server. Without a connection the request waits for one, until its deadline at most,
    /// unless it is to fail fast. Dropping the future cancels the request: it is not sent if it was
    /// not sent yet, and a later answer is ignored, though the server may carry it out.
    ///
    /// # Errors
    /// As [`RequestFailure`] lists.
    pub(crate) async fn request<R: IqRequest>(
        &self,
        request: &R,
        options: RequestOptions,
    ) -> Result<R::Response, RequestFailure> {
        let answer = self.ask(request, options, false).await?;
        let reply = Iq::read(answer.root()).map_err(RequestFailure::Malformed)?;
        let reply = Reply { from: reply.from.as_ref(), payload: reply.payload() };
        R::read_response(&reply).map_err(RequestFailure::Malformed)
    }

    /// Asks the server whether it answers, and says how long that took. Without an answer the
    /// connection is given up.
    ///
    /// # Errors
    /// When there is no connection, or no longer.
    pub(crate) async fn check(&self) -> Result<Duration, RequestFailure> {
        let options =
            RequestOptions { timeout: Some(self.defaults.check_timeout), fail_fast: Some(true) };
        let asked = Instant::now();
        match self.ask(&Ping::default(), options, true).await {
            // A server that refuses pings answers.
            Ok(_) | Err(RequestFailure::Refused(_)) => Ok(asked.elapsed()),
            Err(failure) => Err(failure),
        }
    }

    async fn ask<R: IqRequest>(
        &self,
        request: &R,
        options: RequestOptions,
        is_check: bool,
    ) -> Outcome {
        let deadline = deadline_after(options.timeout.unwrap_or(self.defaults.request_timeout));
        let number = RequestId(self.shared.next_request.fetch_add(1, Ordering::Relaxed));
        let id = self.stanza_id();
        let mut buffer = Vec::new();
        iq::write_request(request, &id, &mut buffer).map_err(RequestFailure::InvalidArgument)?;
        self.check_length(&buffer)?;
        let prepared = Request {
            request: number,
            id,
            stanza: Frame::written(buffer),
            to: request.to().cloned(),
            deadline: deadline.into_std(),
            fail_fast: options.fail_fast.unwrap_or(self.defaults.fail_fast),
            is_check,
        };
        let (sender, mut outcome) = oneshot::channel();
        let taken = Arc::new(AtomicBool::new(false));
        let caller = Caller { outcome: sender, taken: Arc::clone(&taken) };
        match timeout_at(deadline, self.commands.send(DriverCommand::Request(prepared, caller)))
            .await
        {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(RequestFailure::Closed),
            Err(_) => return Err(RequestFailure::TimedOut),
        }
        let mut guard = CancelOnDrop { request: Some(number), driver: self };
        // Only the machine knows whether an answer came in time, so from when it has the request,
        // it decides. It decides about each.
        let outcome = tokio::select! {
            biased;
            outcome = &mut outcome => outcome,
            () = sleep_until(deadline) => match taken.load(Ordering::Acquire) {
                true => outcome.await,
                false => return Err(RequestFailure::TimedOut),
            },
        };
        guard.request = None;
        outcome.unwrap_or(Err(RequestFailure::Closed))
    }

    /// Lets the connection go, or the attempt to make one, and connects again at once. Returns when
    /// that has begun.
    pub(crate) async fn reconnect(&self) {
        let (sender, begun) = oneshot::channel();
        // A closed channel means that the session is over.
        if self.urgent.send(Urgent::Reconnect(sender)).is_ok() {
            let _ = begun.await;
        }
    }

    /// Sends a stanza that needs no answer, for example a presence. It is lost when the connection
    /// breaks.
    ///
    /// # Errors
    /// When there is no connection now, or the session is over.
    pub(crate) async fn send(&self, stanza: Vec<u8>) -> Result<(), RequestFailure> {
        match self.state() {
            ConnectionState::Connected => {}
            ConnectionState::Closing | ConnectionState::Ended => {
                return Err(RequestFailure::Closed);
            }
            _ => return Err(RequestFailure::NotConnected { last: None }),
        }
        self.check_length(&stanza)?;
        let command = DriverCommand::Command(Command::Send(Frame::written(stanza)));
        match timeout_at(deadline_after(self.defaults.request_timeout), self.commands.send(command))
            .await
        {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(RequestFailure::Closed),
            Err(_) => Err(RequestFailure::TimedOut),
        }
    }

    /// Refuses what would make the server end the stream.
    fn check_length(&self, stanza: &[u8]) -> Result<(), RequestFailure> {
        match self.status.borrow().stanza_limit {
            Some(limit) if stanza.len() as u64 > limit => Err(RequestFailure::TooLarge { limit }),
            _ => Ok(()),
        }
    }

    /// A fresh id.
    pub(crate) fn stanza_id(&self) -> StanzaId {
        self.shared.ids.lock().unwrap_or_else(PoisonError::into_inner).stanza_id()
    }

    /// The connection state.
    pub(crate) fn state(&self) -> ConnectionState {
        self.status.borrow().state
    }

    pub(crate) fn state_changes(&self) -> StateChanges {
        StateChanges::new(self.status.clone())
    }

    /// The address of this session: the last one while reconnecting, none before the first
    /// connection.
    pub(crate) fn jid(&self) -> Option<FullJid> {
        self.status.borrow().jid.clone()
    }

    /// What is known about the server.
    pub(crate) fn server(&self) -> Option<KnownServer> {
        self.status.borrow().server.as_deref().cloned()
    }

    /// Waits for the first connection.
    ///
    /// # Errors
    /// Why there will be none. Connecting is bounded, so this is too.
    pub(crate) async fn ready(&self) -> Result<FullJid, EndReason> {
        let mut status = self.status.clone();
        let settled = |status: &Status| status.jid.is_some() || status.ended.is_some();
        match status.wait_for(settled).await {
            Ok(status) => match (&status.jid, &status.ended) {
                (Some(jid), _) => Ok(jid.clone()),
                (None, Some(reason)) => Err(reason.clone()),
                (None, None) => Err(EndReason::Closed),
            },
            // The runtime that drove the session is gone.
            Err(_) => Err(EndReason::Closed),
        }
    }

    /// Says goodbye, ends the session for this reason, and waits until it is over. That is bounded:
    /// what the server does not answer in time is left unsaid.
    pub(crate) async fn close(&self, reason: EndReason) {
        let in_turn = async {
            let command = DriverCommand::Command(Command::Close(reason.clone()));
            // A closed channel means that it is over already.
            let _ = self.commands.send(command).await;
            self.ended().await
        };
        if timeout(CLOSE_TIMEOUT, in_turn).await.is_err() {
            // A second close changes nothing.
            let _ = self.urgent.send(Urgent::Close(reason));
            self.ended().await;
        }
    }

    /// Waits until the session is over and says why.
    pub(crate) async fn ended(&self) -> EndReason {
        let mut status = self.status.clone();
        match status.wait_for(|status| status.ended.is_some()).await {
            Ok(status) => status.ended.clone().unwrap_or(EndReason::Closed),
            Err(_) => EndReason::Closed,
        }
    }
}

struct CancelOnDrop<'a> {
    request: Option<RequestId>,
    driver: &'a DriverHandle,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(request) = self.request {
            // Without a driver there is nothing to cancel.
            let _ = self.driver.urgent.send(Urgent::Cancel(request));
        }
    }
}

/// The caller's time-out may be anything, `Duration::MAX` included: a year is as good as for ever.
fn deadline_after(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(YEAR)
}
