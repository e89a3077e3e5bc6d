//! The process of a driver, which is read line by line.

use serde_json::Value;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// The time-out for one line. Drivers give up a step after ten seconds; before the first step, a
/// process has to start.
const LINE: Duration = Duration::from_secs(30);

/// The time-out for the end of a process.
const END: Duration = Duration::from_secs(10);

/// The line of a driver about a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) ok: bool,
    pub(super) detail: String,
    /// The sender, when the line is about a received message.
    pub(super) from: Option<String>,
}

impl Line {
    fn read(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let string = |name: &str| value[name].as_str().map(str::to_owned);
        Some(Self {
            name: string("name")?,
            ok: value["ok"].as_bool()?,
            detail: string("detail")?,
            from: string("from"),
        })
    }
}

/// How a process is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Not at all: it ends by itself.
    Nothing,
    /// By the end of its standard input.
    Input,
}

/// A running process that prints lines. It is killed on drop.
#[derive(Debug)]
pub(super) struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    log: PathBuf,
}

impl Process {
    /// Starts a process. Its standard error goes to `log`.
    pub(super) fn start(mut command: Command, name: &str, log: PathBuf) -> Result<Self, String> {
        let failed = |error| format!("{name} could not be started: {error}");
        let errors = File::create(&log).map_err(failed)?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .map_err(failed)?;
        let input = child.stdin.take();
        let (send, lines) = channel();
        if let Some(output) = child.stdout.take() {
            // The thread ends with the process. Nothing waits for it, because a child of the
            // process may keep the pipe open.
            std::thread::spawn(move || {
                let read = BufReader::new(output).lines().map_while(Result::ok);
                read.map_while(|line| send.send(line).ok()).count()
            });
        }
        Ok(Self { name: name.to_owned(), child, input, lines, log })
    }

    /// Writes a line to its standard input.
    pub(super) fn tell(&mut self, line: &str) -> Result<(), String> {
        let input = self.input.as_mut();
        let written = input.map_or(Ok(()), |input| writeln!(input, "{line}"));
        written.map_err(|error| self.failed(&format!("takes no input: {error}")))
    }

    /// The next line of its output.
    pub(super) fn line(&self) -> Result<String, String> {
        self.lines.recv_timeout(LINE).map_err(|error| match error {
            RecvTimeoutError::Timeout => self.failed(&format!("said nothing for {LINE:?}")),
            RecvTimeoutError::Disconnected => self.failed("ended"),
        })
    }

    /// The failure, with the path of the log.
    fn failed(&self, what: &str) -> String {
        format!("{} {what}; see {}", self.name, self.log.display())
    }

    /// Asks the process to end, and waits for its end.
    pub(super) fn end(mut self, ask: Ask) -> Result<(), String> {
        if ask == Ask::Input {
            drop(self.input.take());
        }
        if !self.is_silent() {
            return Err(self.failed(&format!("did not end within {END:?}")));
        }
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(self.failed(&format!("ended with {status}"))) }
    }

    /// Waits for the end of its output. Returns whether that came in time.
    fn is_silent(&self) -> bool {
        let end = Instant::now() + END;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A driver ends its client when its input ends.
        if self.input.take().is_some() {
            self.is_silent();
        }
        // Both fail when the process has ended already.
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A process that prints the result of each step.
#[derive(Debug)]
pub(super) struct Driver(Process);

impl Driver {
    /// Starts the driver in `folder`, in Python or Node.js.
    pub(super) fn start(
        program: &Path,
        environment: &[(&str, &Path)],
        name: &str,
        log: PathBuf,
    ) -> Result<Self, String> {
        let is_python = program.extension().is_some_and(|end| end == "py");
        let mut command = Command::new(if is_python { "python3" } else { "node" });
        command.arg(program).envs(environment.iter().copied());
        Process::start(command, name, log).map(Self)
    }

    /// Sends the settings, which start the driver.
    pub(super) fn set(&mut self, settings: &Value) -> Result<(), String> {
        self.0.tell(&settings.to_string())
    }

    /// The next line about a step.
    pub(super) fn next(&self) -> Result<Line, String> {
        let text = self.0.line()?;
        Line::read(&text).ok_or_else(|| self.0.failed(&format!("said {text:?}")))
    }

    /// Waits for the end after the last step.
    pub(super) fn wait(self) -> Result<(), String> {
        self.0.end(Ask::Nothing)
    }

    /// Ends a partner.
    pub(super) fn stop(self) -> Result<(), String> {
        self.0.end(Ask::Input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<Process, String> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let name = format!("mfly-driver-{}-{}", std::process::id(), script.len());
        Process::start(command, "sh", std::env::temp_dir().join(name))
    }

    #[test]
    fn a_line_is_read_and_one_that_is_none_is_not() {
        let line = Line::read(r#"{"name":"ping","ok":true,"detail":"1 ms"}"#).unwrap();
        assert_eq!((line.name.as_str(), line.ok, line.from), ("ping", true, None));
        assert_eq!(Line::read("Warning: ping"), None);
        assert_eq!(Line::read(r#"{"name":"ping"}"#), None);
    }

    #[test]
    fn a_process_is_told_what_to_do_and_ends_with_its_input() {
        let mut process = shell("read a; echo \"$a!\"; read b; exit 0").unwrap();
        process.tell("hello").unwrap();
        assert_eq!(process.line().as_deref(), Ok("hello!"));
        process.end(Ask::Input).unwrap();
    }

    #[test]
    fn a_process_that_ends_badly_is_named_with_its_log() {
        let process = shell("read a; exit 3").unwrap();
        let log = process.log.display().to_string();
        let error = process.end(Ask::Input).unwrap_err();
        assert!(error.contains("sh ended with") && error.contains(&log), "{error}");
    }
}
