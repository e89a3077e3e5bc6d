//! The handle to a running driver.

use super::status::{StateChanges, Status};
use crate::machine::{
    Command, ConnectionState, EndReason, KnownServer, Request, RequestFailure, RequestId,
    SeededRandom, YEAR,
};
use mfly_proto::framing::Frame;
use mfly_proto::id::StanzaId;
use mfly_proto::jid::FullJid;
use mfly_proto::payload::ping::Ping;
use mfly_proto::stanza::IqRequest;
use mfly_proto::xml::Document;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// The outcome of a request.
type Outcome = Result<Document, RequestFailure>;

/// The receiver of a request's outcome.
pub(super) struct Caller {
    outcome: oneshot::Sender<Outcome>,
    /// Set when the machine gets the request; from then on the machine alone decides its deadline.
    taken: Arc<AtomicBool>,
}

impl Caller {
    /// Notes that the machine gets the request. Returns `false` if the caller no longer waits.
    pub(super) fn mark_taken(&self) -> bool {
        self.taken.store(true, Ordering::Release);
        !self.outcome.is_closed()
    }

    /// Gives the outcome to the caller, which may be gone.
    pub(super) fn reply(self, outcome: Outcome) {
        let _ = self.outcome.send(outcome);
    }
}

/// Settings of one request. `None` means the default of the session.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RequestOptions {
    /// The time after which the request fails without an answer.
    pub(crate) timeout: Option<Duration>,
    /// Whether the request fails at once while there is no connection.
    pub(crate) fail_fast: Option<bool>,
}

/// The session's default settings of requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestDefaults {
    pub(super) request_timeout: Duration,
    /// How long the answer to a check may take.
    pub(super) check_timeout: Duration,
    /// Whether requests fail at once while there is no connection.
    pub(super) fail_fast: bool,
}

/// A command of a handle to the driver. When every sender is dropped, the session closes.
pub(super) enum DriverCommand {
    /// A command that is passed to the machine.
    Command(Command),
    /// A request, and the receiver of its outcome.
    Request(Request, Caller),
}

/// A command that does not wait behind queued commands.
pub(super) enum UrgentCommand {
    /// Cancel this request, whose caller is gone.
    Cancel(RequestId),
    /// Close for this reason, even if commands are queued because the server does not read.
    Close(EndReason),
    /// Connect again at once, and report when that has begun.
    Reconnect(oneshot::Sender<()>),
}

/// A handle to a running session. It is cheap to clone; when the last clone is dropped, the session
/// closes.
#[derive(Clone)]
pub(crate) struct DriverHandle {
    commands: mpsc::Sender<DriverCommand>,
    /// An unbounded channel, because dropping a future cannot wait. There is at most one
    /// cancellation per queued or pending request, and the number of these is bounded.
    urgent: mpsc::UnboundedSender<UrgentCommand>,
    status: watch::Receiver<Status>,
    shared: Arc<Shared>,
    defaults: RequestDefaults,
}

struct Shared {
    next_request: AtomicU64,
    ids: Mutex<SeededRandom>,
}

/// The driver's ends of the channels to its handles.
pub(super) struct DriverChannels {
    pub(super) commands: mpsc::Receiver<DriverCommand>,
    pub(super) urgent: mpsc::UnboundedReceiver<UrgentCommand>,
    pub(super) status: watch::Sender<Status>,
}

/// The most commands that may be queued for the driver.
pub(super) const MAX_QUEUED: usize = 64;

/// How long closing waits for the commands that are queued before it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

impl DriverHandle {
    pub(super) fn new(ids: SeededRandom, defaults: RequestDefaults) -> (Self, DriverChannels) {
        let (commands, command_receiver) = mpsc::channel(MAX_QUEUED);
        let (urgent, urgent_receiver) = mpsc::unbounded_channel();
        let (status_sender, status) = watch::channel(Status::default());
        let shared = Arc::new(Shared { next_request: AtomicU64::new(0), ids: Mutex::new(ids) });
        let handle = Self { commands, urgent, status, shared, defaults };
        let channels = DriverChannels {
            commands: command_receiver,
            urgent: urgent_receiver,
            status: status_sender,
        };
        (handle, channels)
    }

    /// Sends a request and waits for the answer. Without a connection the request waits for one,
    /// until its deadline, unless it is to fail fast. Dropping the future cancels the request: it
    /// is not sent any more, or its answer is ignored, though the server may carry it out.
    ///
    /// # Errors
    /// See [`RequestFailure`].
    pub(crate) async fn request<R: IqRequest>(
        &self,
        request: &R,
        options: RequestOptions,
    ) -> Result<R::Response, RequestFailure> {
        let answer = self.ask(request, options, false).await?;
        Request::read_answer::<R>(&answer)
    }

    /// Pings the server and returns how long the answer took. Without an answer, the connection is
    /// closed and made again.
    ///
    /// # Errors
    /// When there is no connection, or it was lost.
    pub(crate) async fn check(&self) -> Result<Duration, RequestFailure> {
        let options =
            RequestOptions { timeout: Some(self.defaults.check_timeout), fail_fast: Some(true) };
        let asked = Instant::now();
        match self.ask(&Ping::default(), options, true).await {
            // A refusal is an answer, too.
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
        let mut prepared = Request::new(request, number, self.stanza_id(), deadline.into_std())
            .map_err(RequestFailure::InvalidArgument)?;
        self.check_length(prepared.stanza.len())?;
        prepared.fail_fast = options.fail_fast.unwrap_or(self.defaults.fail_fast);
        prepared.is_check = is_check;
        let (sender, mut outcome) = oneshot::channel();
        let taken = Arc::new(AtomicBool::new(false));
        let caller = Caller { outcome: sender, taken: Arc::clone(&taken) };
        self.enqueue(DriverCommand::Request(prepared, caller), deadline).await?;
        let mut guard = CancelOnDrop { request: Some(number), driver: self };
        // Once the machine has the request, it alone decides whether the answer came in time, and
        // it settles every request.
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

    /// Closes the connection, or cancels the attempt to make one, and connects again at once.
    /// Returns when that has begun.
    pub(crate) async fn reconnect(&self) {
        let (sender, begun) = oneshot::channel();
        // A closed channel means that the session has ended.
        if self.urgent.send(UrgentCommand::Reconnect(sender)).is_ok() {
            let _ = begun.await;
        }
    }

    /// Sends a stanza that has no answer, for example a presence. It may be lost when the
    /// connection breaks.
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
        self.check_length(stanza.len())?;
        let command = DriverCommand::Command(Command::Send(Frame::written(stanza)));
        self.enqueue(command, deadline_after(self.defaults.request_timeout)).await
    }

    /// Queues a command for the driver, until the deadline at most.
    async fn enqueue(
        &self,
        command: DriverCommand,
        deadline: Instant,
    ) -> Result<(), RequestFailure> {
        match timeout_at(deadline, self.commands.send(command)).await {
            Ok(sent) => sent.map_err(|_| RequestFailure::Closed),
            Err(_) => Err(RequestFailure::TimedOut),
        }
    }

    /// Refuses a stanza that exceeds the server's limit, because the server would end the stream.
    fn check_length(&self, length: usize) -> Result<(), RequestFailure> {
        match self.status.borrow().stanza_limit {
            Some(limit) if length as u64 > limit => Err(RequestFailure::TooLarge { limit }),
            _ => Ok(()),
        }
    }

    /// Makes a fresh stanza id.
    pub(crate) fn stanza_id(&self) -> StanzaId {
        self.shared.ids.lock().unwrap_or_else(PoisonError::into_inner).stanza_id()
    }

    /// The current connection state.
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

    /// What the server offered at the last login.
    pub(crate) fn server(&self) -> Option<KnownServer> {
        self.status.borrow().server.as_deref().cloned()
    }

    /// Waits for the first connection.
    ///
    /// # Errors
    /// When the session ended before it was connected. The number of attempts is bounded, so the
    /// wait is too.
    pub(crate) async fn ready(&self) -> Result<FullJid, EndReason> {
        let mut status = self.status.clone();
        let settled = |status: &Status| status.jid.is_some() || status.ended.is_some();
        match status.wait_for(settled).await {
            Ok(status) => match (&status.jid, &status.ended) {
                (Some(jid), _) => Ok(jid.clone()),
                (None, Some(reason)) => Err(reason.clone()),
                (None, None) => Err(EndReason::Closed),
            },
            // The driver's runtime has shut down.
            Err(_) => Err(EndReason::Closed),
        }
    }

    /// Closes the session for this reason and waits until it has ended. The wait is bounded, even
    /// if the server does not read or answer.
    pub(crate) async fn close(&self, reason: EndReason) {
        let queued_close = async {
            let command = DriverCommand::Command(Command::Close(reason.clone()));
            // A closed channel means that the session has ended already.
            let _ = self.commands.send(command).await;
            self.ended().await
        };
        if timeout(CLOSE_TIMEOUT, queued_close).await.is_err() {
            // A second close has no effect.
            let _ = self.urgent.send(UrgentCommand::Close(reason));
            self.ended().await;
        }
    }

    /// Waits until the session has ended and returns the reason.
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
            // If the driver is gone, no request is pending.
            let _ = self.driver.urgent.send(UrgentCommand::Cancel(request));
        }
    }
}

/// The deadline after a timeout, which may be as long as `Duration::MAX`.
fn deadline_after(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(YEAR)
}
