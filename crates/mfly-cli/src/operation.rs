//! Running a sub-command that asks a server for something and ends.

use crate::arguments::TargetArgs;
use crate::context::Context;
use crate::exit::Failure;
use crate::output::{Format, Output, Report};
use clap::Args;
use mfly_testserver::command::interrupted;

/// A failure, and the name of the operation that failed.
pub(crate) type Failed = (&'static str, Failure);

/// A sub-command with its arguments.
pub(crate) trait Run {
    /// Runs the sub-command and prints its result.
    async fn run(self, output: &mut Output) -> Result<(), Failed>;
}

/// An operation at a server.
pub(crate) trait Operation {
    /// The official SDK's name for the operation, or this command's own where the SDK has none.
    fn name(&self) -> &'static str;

    /// Whether a file goes to standard output, so that nothing else may be printed there.
    fn writes_standard_output(&self) -> bool {
        false
    }

    /// Performs the operation.
    async fn perform(self, context: &Context) -> Result<Report, Failure>;
}

// The arguments of an operation with those that choose the server and the account. This is no doc
// comment, because clap would show it instead of the operation's.
#[derive(Args, Debug)]
pub(crate) struct WithTarget<O: Args> {
    #[command(flatten)]
    pub(crate) operation: O,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

impl<O: Args + Operation> Run for WithTarget<O> {
    async fn run(self, output: &mut Output) -> Result<(), Failed> {
        perform(self.operation, &self.target, output).await
    }
}

/// Performs an operation until it ends or Ctrl-C is pressed, and prints its report.
pub(crate) async fn perform<O: Operation>(
    operation: O,
    target: &TargetArgs,
    output: &mut Output,
) -> Result<(), Failed> {
    let name = operation.name();
    let is_taken = operation.writes_standard_output();
    let work = async {
        if is_taken && output.format() == Format::Json {
            return Err(two_outputs());
        }
        let interrupted = interrupted()?;
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

/// Refuses to write a file and something else to standard output.
pub(crate) fn two_outputs() -> Failure {
    Failure::usage("the standard output cannot take two things", "name a file instead of -")
}
