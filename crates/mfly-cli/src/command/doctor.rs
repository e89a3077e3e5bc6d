//! `mfly doctor`: goes the way that a connection goes, step by step, and says what to do where it
//! fails.
//!
//! | file | what |
//! |---|---|
//! | `target` | which address is meant, and what kind of server is there |
//! | `xmpp`, `rest`, `domain` | the ways to examine one |
//! | `route` | the steps of making a connection, as the transport reports them |
//! | `certificate`, `clock`, `offer`, `login` | one step each |
//! | `remedy` | what to do about a failure |
//! | `finding`, `examination` | what a step found, and how that is printed |
//!
//! The connections are those of every other command, made by the same code.

mod certificate;
mod clock;
mod domain;
mod examination;
mod finding;
mod login;
mod offer;
mod remedy;
mod rest;
mod route;
mod target;
mod xmpp;

use crate::args::{Secret, TargetArgs};
use crate::context::{Place, given_password, trust};
use crate::exit::Failure;
use crate::operation::Run;
use crate::output::Output;
use crate::signal;
use clap::Args;
use examination::Examination;
use finding::{Finding, Step};
use mfly_client::{BareJid, Password};
use mfly_transport::{Options, Timeouts};
use std::net::SocketAddr;
use std::time::Duration;
use target::Target;

/// Finds out why a server cannot be reached.
#[derive(Args, Debug)]
#[command(after_help = "\
ADDRESS is one of:
  wss://host[:port]/path, ws://…     XMPP over WebSocket
  xmpp://host[:port]                 XMPP over TCP with STARTTLS
  xmpps://host[:port]                XMPP over TCP with TLS from the start
  https://host/api/v1                a MirrorFly REST API
  example.com, alice@example.com     wherever the domain's SRV records lead
Without it: the server that other commands would use.

With --jid it also logs in, with the password in MFLY_PASSWORD. That is for standard XMPP accounts; the
credentials that `mfly register` saves are not touched.

Exit codes: 0 nothing failed, otherwise that of the first failure: 3 not reachable, 7 no answer in time,
4 credentials refused, 1 anything else.")]
pub(crate) struct DoctorArgs {
    /// What to examine.
    #[arg(value_name = "ADDRESS", value_parser = Secret(Target::parse))]
    address: Option<Target>,
    /// The XMPP domain, if it is not the address's host.
    #[arg(long, value_name = "DOMAIN", value_parser = target::domain)]
    domain: Option<String>,
    /// Log in with this standard account as well; MFLY_PASSWORD holds its password.
    #[arg(long, value_name = "JID", value_parser = target::account)]
    jid: Option<BareJid>,
    /// Ask this name server for SRV records instead of the system's.
    #[arg(long, value_name = "IP:PORT")]
    name_server: Option<SocketAddr>,
    #[command(flatten)]
    target: TargetArgs,
}

/// What is the same for every address of one examination.
struct ExamOptions {
    options: Options,
    /// The XMPP domain, if it was named.
    domain: Option<String>,
    account: Option<(BareJid, Password)>,
    name_server: Option<SocketAddr>,
    /// How long each step may take.
    limit: Duration,
}

impl Run for DoctorArgs {
    async fn run(self, output: &mut Output) -> Result<(), (&'static str, Failure)> {
        run(self, output).await.map_err(|failure| ("doctor", failure))
    }
}

/// Examines.
///
/// # Errors
/// When a step failed, which has then been told, or when there is nothing to examine.
async fn run(args: DoctorArgs, output: &mut Output) -> Result<(), Failure> {
    let interrupted = signal::interrupted()?;
    let mut examination = Examination::new(output);
    tokio::select! {
        done = examine(args, &mut examination) => done?,
        () = interrupted => return Err(Failure::Interrupted),
    }
    examination.finish()
}

async fn examine(args: DoctorArgs, examination: &mut Examination<'_>) -> Result<(), Failure> {
    let account = match args.jid {
        Some(jid) => Some((jid, given_password()?.ok_or_else(no_password)?)),
        None => None,
    };
    let mut ca_file = args.target.ca_file.clone();
    let mut is_xmpp_unknown = false;
    let targets = match (args.address, &account) {
        (Some(target), _) => vec![target],
        (None, Some((jid, _))) => vec![Target::Domain(jid.domain().to_owned())],
        (None, None) => {
            let place = Place::new(&args.target)?;
            is_xmpp_unknown = place.xmpp_url.is_none();
            let targets = target::of_place(&place)?;
            ca_file = place.ca_file;
            targets
        }
    };
    let limit = args.target.timeout;
    let tls = trust(ca_file.as_deref()).await?;
    // Loads the system's authorities, which takes longer than a handshake and is no part of one.
    let _ = tls.client_config(&[]);
    let mut options = Options::new(tls);
    options.timeouts = Timeouts { dial: limit, tls: limit, handshake: limit };
    // Nothing private is sent before that was looked at.
    options.allow_cleartext = true;
    options.proxy = args.target.proxy;
    let exam_options =
        ExamOptions { options, domain: args.domain, account, name_server: args.name_server, limit };
    for target in targets {
        match target {
            Target::Xmpp(address) => {
                xmpp::examine(&address, &exam_options, None, examination).await
            }
            Target::Rest(url) => rest::examine(&url, &exam_options, examination).await?,
            Target::Domain(domain) => domain::examine(&domain, &exam_options, examination).await,
        }
    }
    if is_xmpp_unknown {
        let reason =
            "its address comes with an account's configuration; name it to have it examined";
        examination.begin("XMPP");
        examination.record(Finding::skipped(Step::Features, reason));
    }
    Ok(())
}

fn no_password() -> Failure {
    Failure::NoCredentials {
        message: "no password for --jid".to_owned(),
        hint: "set MFLY_PASSWORD to it".to_owned(),
    }
}
