//! Limits on one top-level element.

/// Limits on one top-level element. The defaults suit stanzas that any sender may send to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole element. Default 256 KiB; values from 4 GiB act as 4 GiB - 1.
    pub bytes: usize,
    /// Nesting depth; the top element is 1. Default 32.
    pub depth: usize,
    /// Attributes and namespace declarations of one element together. Default 64.
    pub attributes: usize,
    /// Child elements of one element. Default 4,096.
    pub children: usize,
    /// Elements altogether. Each takes about 50 bytes of memory beside its text. Default 65,536,
    /// more than 256 KiB can hold.
    pub elements: usize,
}

impl Limits {
    /// Namespace declarations in scope at one element. Fixed, so that resolving a prefix takes
    /// bounded time.
    pub const NAMESPACES: usize = 64;
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 256 * 1024, depth: 32, attributes: 64, children: 4_096, elements: 65_536 }
    }
}
