//! One client over one framing: its steps, and its partner.

use super::driver::{Driver, Line};
use super::install::Installed;
use super::report::Row;
use super::server::ServerTarget;
use super::{Client, Framing, LOG_IN, PASSWORD, Partner, RECEIVE, SEND, STEPS, lacks, partner_of};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The text that clients send: everything that has to be escaped, and characters of two to four
/// bytes.
const BODY: &str = "Grüße & <b>\"it's\"</b> ]]> € 🦀";

/// The text that partners answer.
const REPLY: &str = "Danke & <i>'so'</i> \"]]>\" ₿ 🐍";

/// A client, a framing and a server.
#[derive(Debug)]
pub(super) struct Session<'a> {
    installed: &'a Installed,
    folder: &'a Path,
    server: &'a ServerTarget,
    client: &'static Client,
    framing: Framing,
    account: String,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        installed: &'a Installed,
        folder: &'a Path,
        server: &'a ServerTarget,
        client: &'static Client,
        framing: Framing,
    ) -> Self {
        Self { installed, folder, server, client, framing, account: client.account(framing) }
    }

    /// Takes the steps until they are done or one cannot be taken. A program that fails is a failed
    /// row, too.
    pub(super) fn run(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut version = self.client.name.to_owned();
        if let Err(why) = self.steps(&mut version, &mut rows) {
            let step = STEPS.get(rows.len()).unwrap_or(&"end");
            rows.push(self.row(&version, step, Err(why), Duration::ZERO));
        }
        rows
    }

    fn steps(&self, version: &mut String, rows: &mut Vec<Row>) -> Result<(), String> {
        let partner = partner_of(&self.account);
        // A client that cannot log in needs no partner.
        let other = match lacks::lacks(self.client.name, self.framing, LOG_IN) {
            None => Some(self.partner(&partner)?),
            Some(_) => None,
        };
        let mut driver = self.start(&self.account, self.client.driver)?;
        let settings = json!({
            "partner": self.jid(&partner),
            "body": BODY,
            "contact": format!("{partner}: 'Rock' & <Röll>"),
            "card": format!("{} & <Söhne> 🦀", self.client.name),
        });
        driver.set(&self.settings(&self.account, self.framing, settings))?;
        *version = driver.next()?.detail;
        for step in STEPS {
            let began = Instant::now();
            let seen = self.judge(step, driver.next()?, other.as_ref());
            let is_over = *step == LOG_IN && seen.is_err();
            rows.push(self.row(version, step, seen, began.elapsed()));
            if is_over {
                break;
            }
        }
        driver.wait()?;
        other.map_or(Ok(()), Driver::stop)
    }

    fn row(&self, version: &str, step: &str, seen: Result<String, String>, took: Duration) -> Row {
        Row::new((self.client, version), self.framing, step, seen, took)
    }

    /// Starts a partner and waits until it is logged in.
    fn partner(&self, account: &str) -> Result<Driver, String> {
        let Partner { driver, framing } = self.client.partner;
        let mut driver = self.start(account, driver)?;
        let settings = json!({ "answers": true, "reply": REPLY });
        driver.set(&self.settings(account, *framing, settings))?;
        let _version = driver.next()?;
        match driver.next()? {
            Line { ok: true, .. } => Ok(driver),
            line => Err(format!("{account} is not logged in: {}", line.detail)),
        }
    }

    /// Checks the line of a step. Returns the text of the line, or the fault.
    fn judge(&self, step: &str, line: Line, other: Option<&Driver>) -> Result<String, String> {
        if line.name != step {
            return Err(format!("the driver told of {:?} instead", line.name));
        }
        if !line.ok {
            return Err(line.detail);
        }
        match (step, other) {
            (SEND, Some(other)) => {
                let came = other.next()?;
                same("the sender", &self.jid(&self.account), came.from.as_deref())?;
                same("the message", BODY, Some(&came.detail))?;
            }
            (RECEIVE, _) => same("the message", REPLY, Some(&line.detail))?,
            _ => {}
        }
        Ok(line.detail)
    }

    fn start(&self, account: &str, program: &str) -> Result<Driver, String> {
        let folder = self.own(account);
        std::fs::create_dir(&folder)
            .map_err(|error| format!("{} could not be made: {error}", folder.display()))?;
        let authority = self.server.authority.as_path();
        let environment = [
            ("NODE_EXTRA_CA_CERTS", authority),
            ("PYTHONPATH", &self.installed.python),
            // Nothing is written beside the drivers.
            ("PYTHONDONTWRITEBYTECODE", Path::new("1")),
        ];
        let program = self.installed.drivers.join(program);
        Driver::start(&program, &environment, account, folder.join("log"))
    }

    /// The folder of an account.
    fn own(&self, account: &str) -> PathBuf {
        self.folder.join(account)
    }

    fn jid(&self, account: &str) -> String {
        format!("{account}@{}", self.server.domain)
    }

    /// The settings of every driver, and `more`.
    fn settings(&self, account: &str, framing: Framing, mut more: Value) -> Value {
        more["url"] = self.server.address(framing).into();
        more["domain"] = self.server.domain.as_str().into();
        more["user"] = account.into();
        more["password"] = PASSWORD.into();
        more["authority"] = self.server.authority.to_string_lossy().into();
        more["folder"] = self.own(account).to_string_lossy().into();
        more
    }
}

fn same(what: &str, expected: &str, seen: Option<&str>) -> Result<(), String> {
    if seen == Some(expected) {
        Ok(())
    } else {
        Err(format!("{what} should be {expected:?}, and is {seen:?}"))
    }
}
