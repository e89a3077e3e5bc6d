//! The subjects and the methods of the benchmarks.
//!
//! `cargo bench -p mfly-benches --bench codec` prints one table: this workspace's codec beside its
//! peers on the same stanzas in the same run. Every contender is a [`Contender`]: a name and a
//! closure. `--bench login` does the same for whole clients, which are [`login::Client`]s.

pub mod corpus;
pub mod flights;
pub mod login;
pub mod measure;
pub mod parse;
pub mod process;
pub mod proxy;
pub mod serialise;
pub mod statistics;
pub mod table;
pub mod tcp;

/// A codec's way to do a job on one stanza.
pub struct Contender<'c> {
    /// Its name, the same for all stanzas.
    pub name: &'static str,
    /// Does the job once.
    pub run: Box<dyn FnMut() + 'c>,
}

impl<'c> Contender<'c> {
    /// A contender that drops what `job` returns, which the compiler must not see through.
    pub fn new<T>(name: &'static str, mut job: impl FnMut() -> T + 'c) -> Self {
        let run = move || {
            std::hint::black_box(job());
        };
        Self { name, run: Box::new(run) }
    }
}
