//! What was accepted for sending leaves before the end.

use super::{Driver, handle};
use crate::machine::{Command, EndReason, Input, Output};
use tokio::time::Instant;

impl Driver {
    /// Takes in all that was ordered by now, however little the server takes. That much always fits
    /// into the queue of the wire.
    pub(super) fn take_accepted(&mut self) {
        for _ in 0..handle::COMMANDS {
            let Ok(command) = self.channels.commands.try_recv() else {
                break;
            };
            self.take(command);
        }
    }

    /// Queues what the machine sends, and nothing else: there is no runtime any more to do more
    /// with.
    fn queue_last(&mut self, input: Input) {
        self.machine.handle(Instant::now().into_std(), input);
        while let Some(output) = self.machine.poll_output() {
            if let Output::Send(frame) = output {
                self.wire.send(frame);
            }
        }
    }
}

/// The runtime goes down under a session that was not closed, as at the end of `main`: what was
/// accepted is handed over to the system, as far as it takes it at once, with a goodbye.
impl Drop for Driver {
    fn drop(&mut self) {
        if self.machine.is_ended() {
            return;
        }
        // Handles on other threads add nothing from here on.
        self.channels.commands.close();
        while let Ok(command) = self.channels.commands.try_recv() {
            if let handle::DriverCommand::Command(command) = command {
                self.queue_last(Input::Command(command));
            }
        }
        self.queue_last(Input::Command(Command::Close(EndReason::Closed)));
        self.wire.write_now();
    }
}
