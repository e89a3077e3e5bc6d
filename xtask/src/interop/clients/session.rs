//! One client over one framing: its steps, and its partner.

use super::driver::{Driver, Line};
use super::install::Installed;
use super::report::Row;
use super::server::Place;
use super::{Client, Framing, LOG_IN, PASSWORD, Partner, RECEIVE, SEND, STEPS, lacks, partner_of};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What clients send: all that has to be escaped, and characters of two to four bytes.
const BODY: &str = "Grüße & <b>\"it's\"</b> ]]> € 🦀";

/// What partners answer.
const REPLY: &str = "Danke & <i>'so'</i> \"]]>\" ₿ 🐍";

/// What is needed for it.
#[derive(Debug)]
pub(super) struct Session<'a> {
    installed: &'a Installed,
    folder: &'a Path,
    server: &'a Place,
    client: &'static Client,
    framing: Framing,
    account: String,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        installed: &'a Installed,
        folder: &'a Path,
        server: &'a Place,
        client: &'static Client,
        framing: Framing,
    ) -> Self {
        Self { installed, folder, server, client, framing, account: client.account(framing) }
    }

    /// Takes the steps until they are done or one cannot be. What goes wrong with a program is a
    /// failed row, too.
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
        // Where there is no logging in, there is nobody to talk with.
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

    /// A partner that is logged in.
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

    /// What is right about a step and its line, or what is wrong.
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

    /// A folder that only this account uses.
    fn own(&self, account: &str) -> PathBuf {
        self.folder.join(account)
    }

    fn jid(&self, account: &str) -> String {
        format!("{account}@{}", self.server.domain)
    }

    /// What every driver is told, and `more`.
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
