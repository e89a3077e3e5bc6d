//! The step `login`: logs in with a standard account, and reports the mechanism and the time.

use super::clock;
use super::finding::{Finding, Step};
use super::options::ExamOptions;
use crate::exit::{Code, code_of, with_causes};
use async_trait::async_trait;
use mfly_client::standard::{Account, Connector, ConnectorError, Dialled, Session};
use mfly_client::{BareJid, Error, ErrorKind, Password, ReconnectPolicy, Redirect, RedirectPolicy};
use mfly_transport::{Address, Options, RoundTrips, connect};
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The number of steps of a connection and a log-in that have a time-out of their own.
const STAGES: u32 = 6;

/// A connector that records the time and the round trips of its connection.
struct Observed {
    address: Address,
    options: Options,
    made: Mutex<Option<(Duration, RoundTrips)>>,
}

#[async_trait]
impl Connector for Observed {
    async fn connect(&self, _: Option<&Redirect>) -> Result<Dialled, ConnectorError> {
        let started = Instant::now();
        let mut connection = connect(&self.address, &self.options).await?;
        let made = (started.elapsed(), connection.count_round_trips());
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        let confidential = connection.security().is_some() || self.address.is_loopback();
        Ok(Dialled::new(connection, confidential))
    }
}

/// Logs in, asks the server for its time, and logs out.
pub(super) async fn try_out(
    address: &Address,
    options: &Options,
    (jid, password): &(BareJid, Password),
    exam: &ExamOptions,
) -> Vec<Finding> {
    let mut options = options.clone();
    // The first connection has seen the offer.
    options.expect_start_tls = true;
    let observed = Arc::new(Observed { address: address.clone(), options, made: Mutex::default() });
    // Contacts of the account must not notice the login.
    let account = Account::new(jid.clone(), password.clone())
        .connector(Arc::clone(&observed) as _)
        .redirects(RedirectPolicy::Never)
        .reconnect(ReconnectPolicy::never())
        .request_timeout(exam.limit)
        .initial_presence(false)
        .carbons(false);
    let started = Instant::now();
    let limit = exam.limit.saturating_mul(STAGES);
    let connected = tokio::time::timeout(limit, account.connect()).await;
    let took = started.elapsed();
    let session = match connected.unwrap_or_else(|_| Err(ErrorKind::Timeout.into())) {
        Ok(session) => session,
        Err(error) => return vec![refused(&error).took(took)],
    };
    let made = observed.made.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (connecting, round_trips) = made.unwrap_or_default();
    let findings =
        vec![online(&session, took, connecting, round_trips.count()), time(&session).await];
    session.close().await;
    findings
}

fn online(session: &Session, took: Duration, connecting: Duration, round_trips: u32) -> Finding {
    let known = session.known_server();
    let mechanism = known.as_ref().map(|known| known.mechanism());
    let (jid, way) = (session.jid(), mechanism.unwrap_or("an unknown mechanism"));
    let account = jid.bare();
    let milliseconds = |time: Duration| crate::output::milliseconds(time);
    let rest = took.saturating_sub(connecting);
    let trips = match round_trips {
        1 => "1 round trip".to_owned(),
        count => format!("{count} round trips"),
    };
    let detail = format!(
        "{:.1} ms to connect, then {trips} and {:.1} ms to be online",
        milliseconds(connecting),
        milliseconds(rest),
    );
    let result = json!({
        "jid": jid.as_str(),
        "mechanism": mechanism,
        "connectMilliseconds": milliseconds(connecting),
        "loginMilliseconds": milliseconds(rest),
        "loginRoundTrips": round_trips,
    });
    Finding::ok(Step::Login, format!("{account} is online, by {way}"), result)
        .details([detail])
        .took(took)
}

/// The server's clock (XEP-0202), by the middle of the time that asking took.
async fn time(session: &Session) -> Finding {
    let (asked, started) = (SystemTime::now(), Instant::now());
    let answer = session.entity_time(None).await;
    let took = started.elapsed();
    let Ok(time) = answer else {
        let why = "the server does not tell its time (XEP-0202)";
        return Finding::skipped(Step::Clock, why);
    };
    let ours = (asked + took / 2).duration_since(UNIX_EPOCH).unwrap_or_default();
    let ours = i64::try_from(ours.as_millis()).unwrap_or(i64::MAX);
    // Many servers tell whole seconds.
    let ahead = time.utc.unix_millis().saturating_sub(ours).saturating_add(500) / 1000;
    clock::compared(ahead, "XEP-0202").took(took)
}

fn refused(error: &Error) -> Finding {
    let code = match code_of(error.kind()) {
        // The server answered a moment ago.
        Code::Unreachable => Code::Failed,
        code => code,
    };
    let remedy = match error.kind() {
        ErrorKind::InvalidCredentials { .. } => {
            "check --jid and MFLY_PASSWORD; the account may be on another server"
        }
        ErrorKind::Timeout => "the server accepts connections and does not finish the log-in",
        _ => error.hint(),
    };
    Finding::failed(Step::Login, code, with_causes(error), remedy)
}
