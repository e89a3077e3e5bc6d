//! `mfly serve`: a local server for tests and app development.

use crate::exit::Failure;
use crate::operation::{Failed, Run};
use crate::output::{Format, Output, Report};
use clap::Args;
use mfly_testserver::command;
use serde_json::json;

/// Run a local server for tests and app development.
#[derive(Args, Debug)]
#[command(after_help = "\
With --json one object has its addresses, as soon as it can be used:
  {\"operation\":\"serve\",\"ok\":true,\"result\":{\"apiBaseUrl\":\"…\",\"websocketUrl\":\"…\",\"licenceKey\":\"…\",…}}")]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    server: command::CommandLine,
}

impl Run for ServeArgs {
    async fn run(self, output: &mut Output) -> Result<(), Failed> {
        serve(self, output).await.map_err(|failure| ("serve", failure))
    }
}

async fn serve(args: ServeArgs, output: &mut Output) -> Result<(), Failure> {
    let print = |settings: &command::Info| match output.format() {
        Format::Human => {
            let sink = output.sink();
            write!(sink, "{settings}")?;
            sink.flush()
        }
        Format::Json => output.report("serve", &Report::line("", json!(settings))),
    };
    Ok(command::run(args.server.args, print).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{LOCAL_API_URL, LOCAL_LICENCE_KEY};
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: ServeArgs,
    }

    #[test]
    fn a_server_started_without_flags_is_the_one_that_commands_use_without_flags() {
        let args = Cli::parse_from(["serve"]).args.server.args;
        assert_eq!(format!("http://{}/api/v1", args.listen[0]), LOCAL_API_URL);
        assert_eq!(args.licence_key.expose(), LOCAL_LICENCE_KEY);
    }
}
