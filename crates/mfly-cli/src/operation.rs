//! How a sub-command runs: the two kinds of them, and what every operation goes through.

use crate::args::TargetArgs;
use crate::context::Context;
use crate::exit::Failure;
use crate::output::{Format, Output, Report};
use crate::signal;
use clap::Args;

/// A sub-command that prints while it runs.
pub(crate) trait Run {
    /// Runs to the end. A failure comes with the name of the operation.
    async fn run(self, output: &mut Output) -> Result<(), (&'static str, Failure)>;
}

/// A sub-command that asks a server for one thing and prints what came back.
pub(crate) trait Operation {
    /// The official SDK's name of it; our own where it has none.
    fn name(&self) -> &'static str;

    /// Whether a file goes to the standard output, so that nothing else may.
    fn writes_standard_output(&self) -> bool {
        false
    }

    /// Asks the server.
    async fn perform(self, context: &Context) -> Result<Report, Failure>;
}

/// An operation, and the server and account that it is for.
#[derive(Args, Debug)]
pub(crate) struct Targeted<O: Args> {
    #[command(flatten)]
    pub(crate) operation: O,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

impl<O: Operation + Args> Run for Targeted<O> {
    async fn run(self, output: &mut Output) -> Result<(), (&'static str, Failure)> {
        perform(self.operation, &self.target, output).await
    }
}

/// Performs an operation until it ends or is interrupted, and prints its report.
pub(crate) async fn perform(
    operation: impl Operation,
    target: &TargetArgs,
    output: &mut Output,
) -> Result<(), (&'static str, Failure)> {
    let name = operation.name();
    let is_taken = operation.writes_standard_output();
    let work = async {
        if is_taken && output.format() == Format::Json {
            return Err(two_outputs());
        }
        let interrupted = signal::interrupted()?;
        let context = Context::new(target)?;
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

/// A file and something else are to be written to the standard output.
pub(crate) fn two_outputs() -> Failure {
    Failure::Usage {
        message: "the standard output cannot take two things".to_owned(),
        hint: "name a file instead of -".to_owned(),
    }
}
