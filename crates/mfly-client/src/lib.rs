//! A MirrorFly client: register, connect, profile, presence, block lists, media and events.
