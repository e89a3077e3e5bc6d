//! A local MirrorFly server for tests and for app development in any language.
