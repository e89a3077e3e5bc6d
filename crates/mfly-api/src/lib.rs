//! The MirrorFly REST API: endpoints as types, sealed payloads, token refresh.
