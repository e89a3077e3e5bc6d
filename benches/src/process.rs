//! The memory and the time of this process (Linux: files below `/proc`).

use std::io;
use std::time::Duration;

/// Memory of this process that is in RAM, in KiB.
pub fn resident_kib() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kib = status.lines().find_map(|line| {
        let figure = line.strip_prefix("VmRSS:")?;
        figure.split_whitespace().next()?.parse().ok()
    });
    kib.ok_or_else(|| missing("VmRSS in /proc/self/status"))
}

/// Time that the calling thread has spent on a processor.
pub fn thread_time() -> io::Result<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split_whitespace().next().and_then(|figure| figure.parse().ok());
    nanoseconds
        .map(Duration::from_nanos)
        .ok_or_else(|| missing("a time in /proc/thread-self/schedstat"))
}

fn missing(what: &str) -> io::Error {
    io::Error::other(format!("there is no {what}"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_runs_has_memory() {
        assert!(resident_kib().unwrap() > 0);
    }

    #[test]
    fn the_time_of_a_thread_never_goes_back() {
        let before = thread_time().unwrap();
        assert!(thread_time().unwrap() >= before);
    }
}
