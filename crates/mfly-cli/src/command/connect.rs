//! `mfly watch`, also `mfly connect`: connects and prints what happens.

use crate::arguments::{TargetArgs, seconds};
use crate::context::Context;
use crate::event;
use crate::exit::{Code, Failure, code_of_end};
use crate::operation::{Failed, Run};
use crate::output::{Colour, Format, Output, printable};
use clap::Args;
use mfly_client::{EndReason, Error, ErrorKind, Event, Events};
use mfly_testserver::command::interrupted;
use std::time::{Duration, Instant};

/// Connect and print what happens, until Ctrl-C.
#[derive(Args, Debug)]
#[command(
    visible_alias = "connect",
    after_help = "\
With --json each line is one call of a listener of the official SDK:
  {\"listener\":\"presenceListener\",\"payload\":{\"fromUserJid\":\"bob@host\",\"status\":\"online\"}}"
)]
pub(crate) struct WatchArgs {
    /// Stop after so many events.
    #[arg(long, value_name = "NUMBER")]
    count: Option<u64>,
    /// Stop after this time.
    #[arg(long = "for", value_name = "SECONDS", value_parser = seconds)]
    duration: Option<Duration>,
    #[command(flatten)]
    target: TargetArgs,
}

impl Run for WatchArgs {
    async fn run(self, output: &mut Output) -> Result<(), Failed> {
        watch(self, output).await.map_err(|failure| ("connect", failure))
    }
}

/// Connects and prints events. A lost connection is opened again.
async fn watch(args: WatchArgs, output: &mut Output) -> Result<(), Failure> {
    let context = Context::new(&args.target)?;
    let interrupted = interrupted()?;
    tokio::pin!(interrupted);
    let connecting = async {
        let request = context.app().await?.connect(&context.credentials()?);
        let events = request.events();
        let session = context.within(request.request_timeout(context.timeout)).await?;
        context.use_token(&session);
        Ok((session, events))
    };
    let (session, events) = tokio::select! {
        connected = connecting => connected.map_err(|failure| context.explain(failure))?,
        () = &mut interrupted => return Err(Failure::Interrupted),
    };
    let stopped = async {
        match args.duration {
            Some(duration) => tokio::select! {
                () = &mut interrupted => {}
                () = tokio::time::sleep(duration) => {}
            },
            None => interrupted.await,
        }
    };
    let watched = tokio::select! {
        watched = print_all(events, args.count, output) => watched,
        () = stopped => Ok(None),
    };
    session.close().await;
    match watched? {
        Some(reason) if code_of_end(&reason) != Code::Done => {
            Err(Error::from(ErrorKind::Ended(reason)).into())
        }
        _ => Ok(()),
    }
}

/// Prints events until `count` were printed or the session ends.
async fn print_all(
    mut events: Events,
    count: Option<u64>,
    output: &mut Output,
) -> Result<Option<EndReason>, Failure> {
    let started = Instant::now();
    let mut seen = 0;
    while count.is_none_or(|count| seen < count) {
        let Some(event) = events.next().await else {
            break;
        };
        seen += 1;
        print(&event, started.elapsed(), output)?;
        if let Event::Ended(reason) = event {
            return Ok(Some(reason));
        }
    }
    Ok(None)
}

fn print(event: &Event, since_start: Duration, output: &mut Output) -> Result<(), Failure> {
    match output.format() {
        Format::Human => {
            let time = output.paint(Colour::Grey, &format!("{:>9.3} s", since_start.as_secs_f64()));
            output.line(&format!("{time}  {}", printable(&event::described(event))))?;
        }
        Format::Json => {
            for object in event::objects(event) {
                output.object(&object)?;
            }
        }
    }
    Ok(())
}
