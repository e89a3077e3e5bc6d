//! Examining a REST API.

use super::clock;
use super::examination::Examination;
use super::finding::{Finding, Step};
use super::options::{ExamOptions, ExamTarget};
use super::route::{Route, steps};
use crate::exit::{Code, Failure, code_of, with_causes};
use mfly_client::Error;
use mfly_client::probe::{RestAnswer, RestServer};
use mfly_transport::{Options, Proxy, Tls, TransportError};
use serde_json::json;
use std::time::SystemTime;

/// Takes every step of a request.
pub(super) async fn examine(
    url: &str,
    exam: &ExamOptions,
    examination: &mut Examination<'_>,
) -> Result<(), Failure> {
    let server = RestServer::new(url, exam.options.clone())?;
    examination.begin(server.base_url());
    let mut steps = steps(None, server.is_tls(), exam.options.proxy.is_some());
    steps.extend([Step::Http, Step::Clock]);
    let target = ExamTarget {
        host: server.host(),
        domain: server.host(),
        scheme: None,
        proxy: exam.options.proxy.as_ref().map(Proxy::host),
    };
    let mut route = Route::new(examination, target, steps);
    let reached = server.reach(&mut |step| route.on(step)).await;
    if let Err(error) = reached {
        let shown = show(url, &exam.options, &error).await;
        route.fail(&error, &shown);
        return Ok(());
    }
    let answer = server.ask().await;
    let took = route.since();
    match answer {
        Ok(answer) => {
            let date = answer.date.clone().map(|date| (date, SystemTime::now()));
            route.record(answered(&answer, &server).took(took));
            route.record(clock::by_http(date.as_ref()));
        }
        Err(error) => {
            route.record(unanswered(&error).took(took));
            route.skip_rest("http failed");
        }
    }
    Ok(())
}

fn answered(answer: &RestAnswer, server: &RestServer) -> Finding {
    let RestAnswer { status, code, .. } = *answer;
    // The platform puts its real code into the body.
    let real = code.unwrap_or(status);
    let what = match code {
        Some(401) => format!("HTTP {status}: an API that wants a token"),
        Some(code) => format!("HTTP {status}, with code {code} in it"),
        None => format!("HTTP {status}, and not in the platform's form"),
    };
    let result = json!({"status": status, "code": code});
    let finding = Finding::ok(Step::Http, what.clone(), result);
    match real {
        500..=599 => {
            let remedy = "the server, or what stands in front of it, has trouble of its own: try \
                          again later, and look at its logs";
            Finding::failed(Step::Http, Code::Failed, what, remedy)
        }
        404 => finding
            .warn("there is no API of the platform at this path: base URLs usually end in /api/v1"),
        _ if code.is_none() => finding.warn(
            "something answers, and not an API of the platform; it may stand in front of one, and \
             not let this client in",
        ),
        _ if !server.is_tls() && !server.is_loopback() => {
            finding.warn("nothing is encrypted: everyone on the way can read it; use https://")
        }
        _ => finding,
    }
}

fn unanswered(error: &Error) -> Finding {
    let remedy = "the server takes connections and does not answer requests: look at its logs";
    let code = match code_of(error.kind()) {
        // It was reached a moment ago.
        Code::Unreachable => Code::Failed,
        code => code,
    };
    Finding::failed(Step::Http, code, with_causes(error), remedy)
}

/// The certificates of a server whose certificate was not accepted.
async fn show(url: &str, options: &Options, error: &TransportError) -> Vec<Vec<u8>> {
    if error.certificate_problem().is_none() {
        return Vec::new();
    }
    let (tls, captured) = Tls::capture_only();
    let options = Options { tls, ..options.clone() };
    if let Ok(server) = RestServer::new(url, options) {
        // The connection cannot be made, because nothing is trusted on it.
        let _ = server.reach(&mut |_| {}).await;
    }
    captured.certificates()
}
