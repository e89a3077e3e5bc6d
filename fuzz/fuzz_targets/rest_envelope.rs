//! The fuzz target of `mfly_fuzz::rest_envelope`.
#![cfg_attr(fuzzing, no_main)]
mfly_fuzz::target!(mfly_fuzz::rest_envelope);
