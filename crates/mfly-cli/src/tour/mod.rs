//! `mfly tour`: every operation between two users, against a server of its own.
//!
//! Each step prints a line: what was done, what came back, how long it took. A listener's step
//! waits for its event, with a deadline. A step that fails says why, and the tour goes on where it
//! can.

mod cast;
mod recorder;
mod steps;

use crate::exit::Failure;
use crate::operation::Run;
use crate::output::Output;
use crate::signal;
use cast::Cast;
use clap::Args;
use mfly_testserver::TestServer;
use mfly_testserver::command::CommandError;
use recorder::Recorder;

/// Performs every operation.
#[derive(Args, Debug)]
#[command(after_help = "\
With --json each line is one step, and the last one the summary:
  {\"operation\":\"getLastSeen\",\"ok\":true,\"what\":\"…\",\"result\":{…},\"milliseconds\":0.4}
  {\"summary\":{\"steps\":60,\"failed\":0,\"milliseconds\":500.0}}")]
pub(crate) struct TourArgs {}

impl Run for TourArgs {
    async fn run(self, output: &mut Output) -> Result<(), (&'static str, Failure)> {
        run(self, output).await.map_err(|failure| ("tour", failure))
    }
}

/// Goes on the tour.
///
/// # Errors
/// When the server cannot start, nobody reads the output any more, or a step failed.
async fn run(_: TourArgs, output: &mut Output) -> Result<(), Failure> {
    let interrupted = signal::interrupted()?;
    let server = TestServer::start().await.map_err(CommandError::from)?;
    let mut recorder = Recorder::new(output);
    let mut cast = Cast::new(server);
    tokio::select! {
        walked = steps::walk(&mut cast, &mut recorder) => walked?,
        () = interrupted => return Err(Failure::Interrupted),
    }
    cast.leave().await;
    recorder.finish()
}
