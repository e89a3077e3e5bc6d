//! The fuzz target of `mfly_fuzz::payloads`.
#![cfg_attr(fuzzing, no_main)]
mfly_fuzz::target!(mfly_fuzz::payloads);
