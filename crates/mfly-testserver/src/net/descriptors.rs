//! How many files and sockets the system lets this process open.

/// Raises the limit to `wanted`, as far as the system lets any process: many begin with 1,024.
#[cfg(unix)]
pub(crate) fn raise(wanted: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
    let allowed = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    if limit.current.is_none_or(|current| current >= allowed) {
        return;
    }
    let raised = Rlimit { current: Some(allowed), maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => tracing::debug!(limit = allowed, "more files may be open now"),
        Err(error) => tracing::debug!(%error, "the limit of open files stays"),
    }
}

/// Elsewhere there is no such limit to raise.
#[cfg(not(unix))]
pub(crate) fn raise(_: usize) {}
