//! `mfly doctor`: takes the steps of a connection one by one, and names the remedy where one fails.
//!
//! | file | content |
//! |---|---|
//! | `address` | the address that is examined: a server, an API or a domain |
//! | `xmpp`, `rest`, `domain` | how each kind of address is examined |
//! | `route` | the steps of making a connection, as the transport reports them |
//! | `certificate`, `clock`, `offer`, `login` | one step each |
//! | `remedy` | what to do about a failure |
//! | `finding`, `examination` | the result of a step, and how it is printed |
//! | `options` | the options of an examination, and the target of a connection |
//!
//! The connections are made by the code that every other command uses.

mod address;
mod certificate;
mod clock;
mod domain;
mod examination;
mod finding;
mod login;
mod offer;
mod options;
mod remedy;
mod rest;
mod route;
mod xmpp;

use crate::arguments::{Secret, TargetArgs};
use crate::context::{ServerTarget, given_password, trust};
use crate::exit::Failure;
use crate::operation::{Failed, Run};
use crate::output::Output;
use address::ExamAddress;
use clap::Args;
use examination::Examination;
use finding::{Finding, Step};
use mfly_client::BareJid;
use mfly_testserver::command::interrupted;
use mfly_transport::{Options, Timeouts};
use options::ExamOptions;
use std::net::SocketAddr;

/// Find out step by step why a server cannot be reached, and what to do about it.
#[derive(Args, Debug)]
#[command(after_help = include_str!("doctor/help.txt").trim_ascii_end())]
pub(crate) struct DoctorArgs {
    /// The server, API or domain to examine.
    #[arg(value_name = "ADDRESS", value_parser = Secret(ExamAddress::parse))]
    address: Option<ExamAddress>,
    /// The XMPP domain, if it is not the address's host.
    #[arg(long, value_name = "DOMAIN", value_parser = address::domain)]
    domain: Option<String>,
    /// Log in with this standard account as well; MFLY_PASSWORD holds its password.
    #[arg(long, value_name = "JID", value_parser = address::account)]
    jid: Option<BareJid>,
    /// Ask this name server for SRV records instead of the system's.
    #[arg(long, value_name = "IP:PORT")]
    name_server: Option<SocketAddr>,
    #[command(flatten)]
    target: TargetArgs,
}

impl Run for DoctorArgs {
    async fn run(self, output: &mut Output) -> Result<(), Failed> {
        run(self, output).await.map_err(|failure| ("doctor", failure))
    }
}

async fn run(args: DoctorArgs, output: &mut Output) -> Result<(), Failure> {
    let interrupted = interrupted()?;
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
    let addresses = match (args.address, &account) {
        (Some(address), _) => vec![address],
        (None, Some((jid, _))) => vec![ExamAddress::Domain(jid.domain().to_owned())],
        (None, None) => {
            let server = ServerTarget::new(&args.target)?;
            is_xmpp_unknown = server.xmpp_url.is_none();
            let addresses = address::of_server(&server)?;
            ca_file = server.ca_file;
            addresses
        }
    };
    let limit = args.target.timeout;
    let tls = trust(ca_file.as_deref()).await?;
    // Loads the system's authorities, which takes longer than a handshake and is no part of one.
    let _ = tls.client_config(&[]);
    let mut options = Options::new(tls);
    options.timeouts = Timeouts { dial: limit, tls: limit, handshake: limit };
    // Nothing private is sent before the encryption was examined.
    options.allow_cleartext = true;
    options.proxy = args.target.proxy;
    let exam =
        ExamOptions { options, domain: args.domain, account, name_server: args.name_server, limit };
    for address in addresses {
        match address {
            ExamAddress::Xmpp(address) => xmpp::examine(&address, &exam, None, examination).await,
            ExamAddress::Rest(url) => rest::examine(url.as_str(), &exam, examination).await?,
            ExamAddress::Domain(domain) => domain::examine(&domain, &exam, examination).await,
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
    Failure::no_credentials("no password for --jid", "set MFLY_PASSWORD to it")
}
