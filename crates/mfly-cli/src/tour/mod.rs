//! `mfly tour`: every operation between two users, against a server of its own.
//!
//! Each step prints a line: the operation, its result, its duration. A listener's step waits for
//! its event, with a deadline. A step that fails prints the reason, and the tour continues where
//! later steps do not need its result.

mod cast;
mod recorder;
mod steps;

use crate::exit::Failure;
use crate::operation::{Failed, Run};
use crate::output::Output;
use cast::Cast;
use clap::Args;
use mfly_testserver::TestServer;
use mfly_testserver::command::{CommandError, interrupted};
use recorder::Recorder;

/// Perform every operation between two users on a local server, and print how each went.
#[derive(Args, Debug)]
#[command(after_help = "\
With --json each line is one step, and the last one the summary:
  {\"operation\":\"getLastSeen\",\"ok\":true,\"what\":\"…\",\"result\":{…},\"milliseconds\":0.4}
  {\"summary\":{\"steps\":60,\"failed\":0,\"milliseconds\":500.0}}")]
pub(crate) struct TourArgs {}

impl Run for TourArgs {
    async fn run(self, output: &mut Output) -> Result<(), Failed> {
        tour(output).await.map_err(|failure| ("tour", failure))
    }
}

/// Runs the tour.
async fn tour(output: &mut Output) -> Result<(), Failure> {
    let interrupted = interrupted()?;
    let server = TestServer::start().await.map_err(CommandError::from)?;
    let mut recorder = Recorder::new(output);
    let mut cast = Cast::new(server);
    tokio::select! {
        walked = steps::walk(&mut cast, &mut recorder) => walked?,
        () = interrupted => return Err(Failure::Interrupted),
    }
    cast.close().await;
    recorder.finish()
}
