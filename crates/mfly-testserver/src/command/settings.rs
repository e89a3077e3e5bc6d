//! The settings that an app needs to use a running server, as text with examples.

use crate::handle::info::{Authority, Info};
use std::fmt;

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "A local MirrorFly server is running. Ctrl-C stops it.\n\
             \n\
             API base URL    {}\n\
             WebSocket       {}\n\
             Licence key     {}\n\
             Licence look-up {}\n\
             XMPP host       {}\n\
             Plan            {}\n",
            self.api_base_url,
            self.websocket_url,
            self.licence_key,
            self.licence_url,
            self.xmpp_domain,
            if self.trial { "trial" } else { "live" },
        )?;
        if let Some(url) = &self.control_url {
            writeln!(f, "Page, control   {url}")?;
        }
        if let Some(tls) = &self.tls {
            let (base_url, websocket) = (&tls.api_base_url, &tls.websocket_url);
            write!(f, "Over TLS        {base_url}\n                {websocket}\n")?;
        }
        if let Some(address) = &self.tcp_address {
            writeln!(f, "XMPP over TCP   {address}")?;
        }
        if let Some(address) = &self.tcps_address {
            writeln!(f, "XMPP over TLS   {address}")?;
        }
        for (index, listener) in self.listeners.iter().enumerate() {
            let is_first = !self.listeners[..index].iter().any(|other| other.kind == listener.kind);
            if !is_first {
                writeln!(f, "Also at         {} ({})", listener.address, listener.kind)?;
            }
        }
        if self.trial {
            f.write_str(
                "\nThe Web SDK learns of a trial plan from its licence server only: it needs a live \
                 plan here, or its look-up led to the one above.\n",
            )?;
        } else {
            let (script, key) = (&self.licence_script_url, &self.licence_key);
            write!(
                f,
                "\nFor a page with the Web SDK, before the SDK's own script:\n\
                 \n  <script src=\"{script}\"></script>\n\
                 \nand then:\n\
                 \n  SDK.initializeSDK({{ licenseKey: \"{key}\" }});\n",
            )?;
        }
        match &self.authority {
            Some(authority) => fmt::Display::fmt(authority, f),
            None => f.write_str(
                "\nThe Web SDK reaches XMPP over TLS only, unless its options name host, port and \
                 ssl: false; see --tls-listen.\n",
            ),
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hash, pem) = (&self.public_key_hash, &self.certificate);
        let (file, kept) = match &self.file {
            Some(file) => (file.as_str(), "kept in that file"),
            None => ("authority.pem", "made for this run; --authority FILE keeps one"),
        };
        write!(
            f,
            "\nApps have to trust this authority ({kept}). As {file}, it goes here:\n\
             \n  Chromium, Chrome  Settings, Privacy and security, Security, Manage certificates: import it as trusted\
             \n  Firefox           Settings, Privacy & Security, View Certificates, Authorities: import it for web sites\
             \n  Node.js, curl     NODE_EXTRA_CA_CERTS={file}, --cacert {file}\n\
             \nA Chromium for tests trusts it without that when it is started with\n\
             \n  --user-data-dir=FOLDER --ignore-certificate-errors-spki-list={hash}\n\n{pem}"
        )
    }
}
