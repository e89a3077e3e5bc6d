//! XMPP frames over WebSocket and TLS, for clients and servers.
