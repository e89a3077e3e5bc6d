-- Options are those of Prosody 0.12's documentation. The others keep their defaults, so that the suite
-- checks a server as it is usually installed.
-- Generated: an instance on loopback for one run.
run_as_root = true
pidfile = @file:prosody.pid@
data_path = @file:data@
log = { info = @file:server.log@ }
certificates = @file:certificates@ -- an empty folder: each service below names its certificate

interfaces = { "127.0.0.1" }
c2s_ports = { @start_tls@ }
c2s_direct_tls_ports = { @direct_tls@ }
http_interfaces = { "127.0.0.1" }
https_interfaces = { "127.0.0.1" }
http_ports = { @websocket@ }
https_ports = { @secure_websocket@ }

ssl = { certificate = @file:server.crt@; key = @file:server.key@ }
c2s_direct_tls_ssl = { certificate = @file:server.crt@; key = @file:server.key@ }
https_ssl = { certificate = @file:server.crt@; key = @file:server.key@ }
c2s_require_encryption = true
consider_websocket_secure = true -- without it ws:// offers no mechanism

modules_enabled = {
	"roster"; "saslauth"; "tls"; "disco"; "presence"; "message"; "iq";
	"blocklist"; "carbons"; "lastactivity"; "pep"; "ping"; "time"; "vcard_legacy"; "version";
}
modules_disabled = { "s2s" } -- no federation

authentication = "internal_hashed"
storage = "internal"
c2s_stanza_size_limit = @max_stanza_bytes@

VirtualHost "@domain@"
	password_hash = "SHA-256"
	modules_enabled = { "websocket" }
	http_host = "localhost"
	http_paths = { websocket = "@websocket_path@" }

-- The modules of the package prosody-modules are for a later version: they fail with TLS, and work without.
VirtualHost "sasl2.test"
	password_hash = "SHA-1" -- the default
	modules_enabled = { "sasl2"; "sasl2_bind2" }
