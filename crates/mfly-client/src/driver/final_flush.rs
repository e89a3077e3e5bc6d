//! Commands that were accepted are carried out before the session ends.

use super::{Driver, handle};
use crate::machine::{Command, EndReason, Input, Output};
use tokio::time::Instant;

impl Driver {
    /// Handles all queued commands, even if the server does not read. Their frames always fit into
    /// the wire's queue.
    pub(super) fn take_all_queued(&mut self) {
        for _ in 0..handle::MAX_QUEUED {
            let Ok(command) = self.channels.commands.try_recv() else {
                break;
            };
            self.on_command(command);
        }
    }

    /// Queues the frames that the machine sends, and drops its other outputs, which need a runtime.
    fn queue_frames(&mut self, input: Input) {
        self.machine.handle(Instant::now().into_std(), input);
        while let Some(output) = self.machine.poll_output() {
            if let Output::Send(frame) = output {
                self.wire.send(frame);
            }
        }
    }
}

/// The runtime shuts down under a session that was not closed, as at the end of `main`: accepted
/// stanzas and the closing frames are written, as far as the system takes them without waiting.
impl Drop for Driver {
    fn drop(&mut self) {
        if self.machine.is_ended() {
            return;
        }
        // Handles on other threads can queue no more commands.
        self.channels.commands.close();
        while let Ok(command) = self.channels.commands.try_recv() {
            if let handle::DriverCommand::Command(command) = command {
                self.queue_frames(Input::Command(command));
            }
        }
        self.queue_frames(Input::Command(Command::Close(EndReason::Closed)));
        self.wire.write_now();
    }
}
