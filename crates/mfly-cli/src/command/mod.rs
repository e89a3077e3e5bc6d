//! The sub-commands, one feature a file, under the same word as in every other layer.
//!
//! A file holds the arguments and what is done with them. Adding a sub-command adds a file, a
//! variant of [`Command`] with its help text, and a row in [`run`].

pub(crate) mod block;
pub(crate) mod connect;
pub(crate) mod current_user;
pub(crate) mod delete_account;
pub(crate) mod doctor;
pub(crate) mod features;
pub(crate) mod feedback;
pub(crate) mod friends;
pub(crate) mod last_seen;
pub(crate) mod logout;
pub(crate) mod media;
pub(crate) mod metadata;
pub(crate) mod profile;
pub(crate) mod qr_login;
pub(crate) mod register;
pub(crate) mod report;
pub(crate) mod serve;
pub(crate) mod settings;
pub(crate) mod user_token;

use crate::args::{Command, TargetArgs};
use crate::context::Context;
use crate::exit::Failure;
use crate::output::{Format, Output, Report};
use crate::signal;
use crate::tour;

/// A sub-command that asks a server something and ends.
pub(crate) trait Operation {
    /// The official SDK's name of it; our own where it has none.
    fn name(&self) -> &'static str;

    /// Which server and account.
    fn target(&self) -> &TargetArgs;

    /// Whether a file goes to the standard output, so that nothing else may.
    fn writes_standard_output(&self) -> bool {
        false
    }

    /// Does it.
    async fn perform(self, context: &Context) -> Result<Report, Failure>;
}

/// Runs one sub-command and prints what it has to tell. A failure comes with the name of the
/// operation.
pub(crate) async fn run(
    command: Command,
    output: &mut Output,
) -> Result<(), (&'static str, Failure)> {
    match command {
        Command::Tour(args) => tour::run(args, output).await.map_err(|failure| ("tour", failure)),
        Command::Serve(args) => {
            serve::run(args, output).await.map_err(|failure| ("serve", failure))
        }
        Command::Doctor(args) => {
            doctor::run(args, output).await.map_err(|failure| ("doctor", failure))
        }
        Command::Watch(args) => {
            connect::run(args, output).await.map_err(|failure| ("connect", failure))
        }
        Command::Qr(args) => qr_login::run(args, output).await,
        Command::Register(args) => perform(args, output).await,
        Command::Whoami(args) => perform(args, output).await,
        Command::Profile(args) => perform(args, output).await,
        Command::LastSeen(args) => perform(args, output).await,
        Command::Block(args) => perform(args, output).await,
        Command::Unblock(args) => perform(args, output).await,
        Command::Blocked(args) => perform(args, output).await,
        Command::BlockedBy(args) => perform(args, output).await,
        Command::Token(args) => perform(args, output).await,
        Command::Feedback(args) => perform(args, output).await,
        Command::Report(args) => perform(args, output).await,
        Command::Media(args) => perform(args, output).await,
        Command::Friends(args) => perform(args, output).await,
        Command::Settings(args) => perform(args, output).await,
        Command::Metadata(args) => perform(args, output).await,
        Command::Features(args) => perform(args, output).await,
        Command::Logout(args) => perform(args, output).await,
        Command::DeleteAccount(args) => perform(args, output).await,
    }
}

/// A file and something else are to be written to the standard output.
fn two_outputs() -> Failure {
    Failure::Usage {
        message: "the standard output cannot take two things".to_owned(),
        hint: "name a file instead of -".to_owned(),
    }
}

async fn perform<O: Operation>(
    operation: O,
    output: &mut Output,
) -> Result<(), (&'static str, Failure)> {
    let name = operation.name();
    let is_taken = operation.writes_standard_output();
    let work = async {
        if is_taken && output.format() == Format::Json {
            return Err(two_outputs());
        }
        let interrupted = signal::interrupted()?;
        let context = Context::new(operation.target())?;
        let performed = tokio::select! {
            performed = operation.perform(&context) => performed,
            () = interrupted => Err(Failure::Interrupted),
        };
        let report = performed.map_err(|failure| context.explain(failure))?;
        if !is_taken {
            output.report(name, &report)?;
        }
        Ok(())
    };
    work.await.map_err(|failure| (name, failure))
}
