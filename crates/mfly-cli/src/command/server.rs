//! `mfly server`: drives a local server over its control API.
//!
//! | file | content |
//! |---|---|
//! | `client` | requests to the control API |
//! | `request` | what each sub-command asks for |
//! | `faults` | the sub-command `fault` and its kinds |
//! | `journal` | the sub-command `journal`, also with `--follow` |
//! | `table` | answers as lines for people |

mod client;
mod faults;
mod journal;
mod request;
mod table;

use crate::arguments::Secret;
use crate::exit::Failure;
use crate::operation::{Failed, Run};
use crate::output::{Output, Report};
use clap::{Args, Subcommand};
use client::{ControlClient, ControlUrl};
use faults::FaultArgs;
use journal::JournalArgs;
use mfly_client::{Password, Token};
use mfly_testserver::command::interrupted;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// The operation's name in JSON.
const NAME: &str = "server";

/// Drive a local server: users, faults, time, journal, state.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  mfly server users add alice --password secret --nick-name Alice
  mfly server fault request /login --times 2 status 503
  mfly server clock advance 1h
  mfly server journal --user alice --follow
  mfly server reset

--json prints what the server answers, as its control API describes it (/control/v1/openapi.json).")]
pub(crate) struct ServerArgs {
    /// The control API of the server, which `mfly serve` prints.
    #[arg(
        long,
        global = true,
        env = "MFLY_CONTROL_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8119",
        value_parser = ControlUrl::parse
    )]
    control_url: ControlUrl,
    /// The token, if the server requires one.
    #[arg(
        long,
        global = true,
        env = "MFLY_CONTROL_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        value_parser = Secret(|text| crate::wording::refused(Token::new(text)))
    )]
    control_token: Option<Token>,
    #[command(subcommand)]
    command: ServerCommand,
}

/// What is done with the server.
#[derive(Debug, Subcommand)]
enum ServerCommand {
    /// Show every address, the licence key and the certificate authority.
    Info,
    /// List, add, change or remove platform accounts.
    Users {
        #[command(subcommand)]
        command: Option<UsersCommand>,
    },
    /// List, add or remove standard accounts, which any XMPP client can use.
    StandardUsers {
        #[command(subcommand)]
        command: Option<StandardUsersCommand>,
    },
    /// List or end XMPP sessions.
    Sessions {
        #[command(subcommand)]
        command: Option<SessionsCommand>,
    },
    /// List QR codes that are shown, or approve one as a phone would.
    Qr {
        #[command(subcommand)]
        command: Option<QrCommand>,
    },
    /// Show or change the plan.
    Plan {
        /// A feature to add or remove: block=off; repeatable.
        #[arg(long = "feature", value_name = "NAME=on|off", value_parser = feature)]
        features: Vec<(String, bool)>,
        /// Limit of devices that a user may have registered at a time.
        #[arg(long, value_name = "COUNT")]
        session_limit: Option<u64>,
        /// How long new tokens are valid, such as 5m.
        #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
        token_lifetime: Option<Duration>,
    },
    /// Make the tokens of a user expire now, or those of all users.
    ExpireTokens {
        /// The user; all users if it is left out.
        user: Option<String>,
    },
    /// Make the server misbehave at the next request or connection.
    Fault(FaultArgs),
    /// List the faults that wait, or remove them.
    Faults {
        #[command(subcommand)]
        command: Option<FaultsCommand>,
    },
    /// Show what the server received and sent.
    Journal(JournalArgs),
    /// Read, advance, freeze or resume the server's clock.
    Clock {
        #[command(subcommand)]
        command: Option<ClockCommand>,
    },
    /// Read, replace or save the whole state of the server.
    State {
        #[command(subcommand)]
        command: StateCommand,
    },
    /// Return to the state at the start; sessions, faults and journal end.
    Reset {
        /// Return to no accounts at all.
        #[arg(long)]
        empty: bool,
    },
}

/// What is done with platform accounts.
#[derive(Debug, Subcommand)]
enum UsersCommand {
    /// List the accounts.
    List {
        /// Only those that are online.
        #[arg(long)]
        online: bool,
    },
    /// Add an account, and register a device if a password or a device is named.
    Add {
        /// The id of the account.
        user: String,
        /// The password of the device; drawn by the server if only a device is named.
        #[arg(long, value_parser = Secret(password))]
        password: Option<Password>,
        /// The id of the device.
        #[arg(long, value_name = "ID")]
        device: Option<String>,
        #[command(flatten)]
        profile: Profile,
        /// A user whom the account blocks; repeatable.
        #[arg(long = "blocks", value_name = "USER")]
        blocks: Vec<String>,
    },
    /// Show an account: profile, blocks, devices, sessions.
    Show {
        /// The id of the account.
        user: String,
    },
    /// Change the profile of an account.
    Set {
        /// The id of the account.
        user: String,
        #[command(flatten)]
        profile: Profile,
    },
    /// Block an account as an administrator.
    Block {
        /// The id of the account.
        user: String,
    },
    /// Lift an administrator's block.
    Unblock {
        /// The id of the account.
        user: String,
    },
    /// Log out all devices of an account.
    Logout {
        /// The id of the account.
        user: String,
    },
    /// Delete an account, as its user could.
    Rm {
        /// The id of the account.
        user: String,
    },
}

/// The fields of a profile.
#[derive(Args, Debug)]
struct Profile {
    /// The name that others see.
    #[arg(long, value_name = "NAME")]
    nick_name: Option<String>,
    /// The e-mail address.
    #[arg(long)]
    email: Option<String>,
    /// The telephone number.
    #[arg(long, value_name = "NUMBER")]
    mobile_number: Option<String>,
    /// The status text.
    #[arg(long, value_name = "TEXT")]
    status: Option<String>,
}

/// What is done with standard accounts.
#[derive(Debug, Subcommand)]
enum StandardUsersCommand {
    /// List the accounts.
    List,
    /// Add an account.
    Add {
        /// The name of the account.
        name: String,
        /// The password of the account.
        #[arg(long, value_parser = Secret(password))]
        password: Password,
    },
    /// Remove an account.
    Rm {
        /// The name of the account.
        name: String,
    },
}

/// What is done with sessions.
#[derive(Debug, Subcommand)]
enum SessionsCommand {
    /// List the sessions.
    List {
        /// Only those of this user.
        #[arg(long)]
        user: Option<String>,
    },
    /// End a session.
    End {
        /// The number of the session.
        session: u64,
        /// Drop the connection without a closing frame.
        #[arg(long)]
        cut: bool,
    },
}

/// What is done with QR codes.
#[derive(Debug, Subcommand)]
enum QrCommand {
    /// List the codes.
    List,
    /// Approve a code: the browser that shows it logs in as this user.
    Approve {
        /// The code that a browser shows.
        code: String,
        /// The user who logs in.
        user: String,
    },
}

/// What is done with waiting faults.
#[derive(Debug, Subcommand)]
enum FaultsCommand {
    /// List the faults.
    List,
    /// Remove a fault.
    Rm {
        /// The number of the fault.
        fault: u64,
    },
    /// Remove all faults.
    Clear,
}

/// What is done with the clock.
#[derive(Debug, Subcommand)]
enum ClockCommand {
    /// Move the clock forward; tokens and deadlines follow.
    Advance {
        /// How far, such as 90s, 1h or 2days.
        #[arg(value_name = "TIME", value_parser = humantime::parse_duration)]
        by: Duration,
    },
    /// Stop the clock.
    Freeze,
    /// Let the clock go on.
    Resume,
}

/// What is done with the state.
#[derive(Debug, Subcommand)]
enum StateCommand {
    /// Print the state as one JSON document.
    Get {
        /// Reads the name of a feature, and whether it is on.
        #[arg(long)]
        secrets: bool,
        /// Leave out uploaded files.
        #[arg(long)]
        no_media: bool,
    },
    /// Replace the state by a document.
    Put {
        /// The document's file; - is the standard input.
        file: PathBuf,
    },
    /// Save the state in the file that the server was started with.
    Save,
}

impl Run for ServerArgs {
    async fn run(self, output: &mut Output) -> Result<(), Failed> {
        let client = ControlClient::new(self.control_url, self.control_token);
        let work = async {
            let interrupted = interrupted()?;
            tokio::select! {
                done = run(self.command, &client, output) => done,
                () = interrupted => Err(Failure::Interrupted),
            }
        };
        work.await.map_err(|failure| (NAME, failure))
    }
}

async fn run(
    command: ServerCommand,
    client: &ControlClient,
    output: &mut Output,
) -> Result<(), Failure> {
    let command = match command {
        ServerCommand::Journal(arguments) => {
            return journal::show(&arguments, client, output).await;
        }
        other => other,
    };
    let is_document = matches!(command, ServerCommand::State { command: StateCommand::Get { .. } });
    let answer = client.send(request::of(command)?).await?;
    let lines = match &answer {
        // A document is printed whole, so that it can be kept in a file.
        Value::Object(_) if is_document => vec![format!("{answer:#}")],
        answer => table::lines(answer),
    };
    output.report(NAME, &Report { lines, result: answer })?;
    Ok(())
}

fn password(text: &str) -> Result<Password, String> {
    crate::wording::refused(Password::new(text))
}

/// Reads a feature and whether it is on.
fn feature(text: &str) -> Result<(String, bool), String> {
    match crate::arguments::pair(text)? {
        (name, state) if state == "on" => Ok((name, true)),
        (name, state) if state == "off" => Ok((name, false)),
        _ => Err("must be NAME=on or NAME=off".to_owned()),
    }
}
