//! `mfly server journal`: what the server received and sent, also while it happens.

use super::NAME;
use super::client::{ControlClient, ControlRequest, members};
use super::table;
use crate::exit::Failure;
use crate::output::{Output, Report};
use clap::Args;
use http::Method;
use serde_json::{Value, json};

/// How long the server is asked to wait for further entries.
const WAIT_MS: u64 = 30_000;

/// Which entries are shown.
#[derive(Args, Debug)]
pub(super) struct JournalArgs {
    /// Only entries of this user.
    #[arg(long)]
    user: Option<String>,
    /// Only requests to this path, or paths that begin with it.
    #[arg(long)]
    path: Option<String>,
    /// Only stanzas of this kind: iq, message, presence.
    #[arg(long)]
    kind: Option<String>,
    /// Only entries that contain this text.
    #[arg(long, value_name = "TEXT")]
    contains: Option<String>,
    /// The number of entries, newest last.
    #[arg(long, default_value_t = 100, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=1000))]
    limit: u64,
    /// Show further entries until Ctrl-C.
    #[arg(long)]
    follow: bool,
    /// Forget all entries.
    #[arg(long, conflicts_with = "follow")]
    clear: bool,
}

impl JournalArgs {
    /// The filters as the control API takes them.
    fn filters(&self) -> Value {
        let text = |value: &Option<String>| value.as_ref().map(|value| json!(value));
        members([
            ("user", text(&self.user)),
            ("path", text(&self.path)),
            ("kind", text(&self.kind)),
            ("contains", text(&self.contains)),
        ])
    }
}

/// Shows the journal.
pub(super) async fn show(
    arguments: &JournalArgs,
    client: &ControlClient,
    output: &mut Output,
) -> Result<(), Failure> {
    if arguments.clear {
        let cleared = client.send(ControlRequest::new(Method::DELETE, "/journal")).await?;
        output.report(NAME, &Report::line("done", cleared))?;
        return Ok(());
    }
    let mut query = form(&arguments.filters());
    query.push(format!("limit={}", arguments.limit));
    let path = format!("/journal?{}", query.join("&"));
    let page = client.send(ControlRequest::new(Method::GET, path)).await?;
    let mut next = page["next"].as_u64().unwrap_or_default();
    if !arguments.follow {
        let mut lines: Vec<_> = entries(&page).iter().map(table::entry).collect();
        if lines.is_empty() {
            lines.push("none".to_owned());
        }
        output.report(NAME, &Report { lines, result: page })?;
        return Ok(());
    }
    print(&page, output)?;
    loop {
        let mut filters = arguments.filters();
        filters["since"] = next.into();
        let body = json!({ "match": filters, "count": 1, "deadlineMs": WAIT_MS });
        match client.send(ControlRequest::with(Method::POST, "/journal/wait", body)).await {
            Ok(page) => {
                let newest = entries(&page).iter().filter_map(|entry| entry["seq"].as_u64()).max();
                next = newest.unwrap_or(next).max(next);
                print(&page, output)?;
            }
            // Nothing happened in this time.
            Err(Failure::Control { status: 408, .. }) => {}
            Err(failure) => return Err(failure),
        }
    }
}

fn print(page: &Value, output: &mut Output) -> Result<(), Failure> {
    for entry in entries(page) {
        output.report(NAME, &Report::line(table::entry(entry), entry.clone()))?;
    }
    Ok(())
}

fn entries(page: &Value) -> &[Value] {
    page["entries"].as_array().map_or(&[], Vec::as_slice)
}

/// Texts of an object as the parameters of a query.
fn form(filters: &Value) -> Vec<String> {
    let members = filters.as_object().into_iter().flatten();
    let texts = members.filter_map(|(name, value)| Some((name, value.as_str()?)));
    texts.map(|(name, text)| format!("{name}={}", super::client::segment(text))).collect()
}
