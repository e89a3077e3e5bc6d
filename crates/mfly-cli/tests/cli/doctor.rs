//! `mfly doctor`: its findings about servers without faults and with them.

pub(crate) mod servers;

use crate::setup::{Folder, Ran, mfly, run};
use mfly_testserver::{Builder, TestServer};
use serde_json::Value;
use servers::{Authority, NameServer, Server, nowhere};
use std::path::PathBuf;

/// Runs `mfly doctor` with a configuration folder and a file of trusted authorities.
struct Doctor {
    folder: Folder,
    ca_file: PathBuf,
}

/// The objects that an examination printed for programs.
struct Findings {
    code: i32,
    steps: Vec<Value>,
    summary: Value,
    stderr: String,
}

impl Doctor {
    fn trusting(pem: &str) -> Self {
        let folder = Folder::new();
        let ca_file = folder.file("ca.pem");
        std::fs::write(&ca_file, pem).unwrap();
        Self { folder, ca_file }
    }

    fn trusting_server(server: &TestServer) -> Self {
        Self::trusting(server.ca_certificate_pem().unwrap())
    }

    async fn run(&self, arguments: &[&str], password: Option<&str>) -> Ran {
        let mut command = mfly(&self.folder, &["doctor"]);
        command.args(arguments).arg("--ca-file").arg(&self.ca_file);
        if let Some(password) = password {
            command.env("MFLY_PASSWORD", password);
        }
        run(command).await
    }

    async fn examine(&self, arguments: &[&str]) -> Findings {
        Findings::of(self.run(&[arguments, &["--json"]].concat(), None).await)
    }

    async fn examine_account(&self, arguments: &[&str], password: &str) -> Findings {
        let arguments = [arguments, &["--json"]].concat();
        Findings::of(self.run(&arguments, Some(password)).await)
    }

    /// Examines a server where one step has to fail, with an exit code and a remedy.
    async fn fails(&self, arguments: &[&str], step: &str, code: i32, expected: &str) -> Findings {
        let found = self.examine(arguments).await;
        let (failed, remedy) = found.failure();
        assert_eq!((failed, found.code), (step, code), "{arguments:?}: {remedy}");
        assert!(remedy.contains(expected), "{arguments:?}: {remedy}");
        found
    }
}

impl Findings {
    fn of(ran: Ran) -> Self {
        let mut steps = ran.objects();
        let summary = steps.pop().unwrap()["summary"].take();
        assert!(summary.is_object(), "{ran:?}");
        for step in &steps {
            assert_eq!(step["operation"], "doctor");
        }
        Self { code: ran.code, steps, summary, stderr: ran.stderr }
    }

    /// Each step with its outcome.
    fn story(&self) -> String {
        let steps = self.steps.iter().map(|step| {
            let (name, status) = (&step["step"], &step["status"]);
            format!("{} {}", name.as_str().unwrap(), status.as_str().unwrap())
        });
        steps.collect::<Vec<_>>().join(", ")
    }

    fn step(&self, name: &str) -> &Value {
        let found = self.steps.iter().find(|step| step["step"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {}", self.story()))
    }

    /// The name and the remedy of the only failed step.
    fn failure(&self) -> (&str, String) {
        let failed: Vec<_> = self.steps.iter().filter(|step| step["ok"] == false).collect();
        let [failed] = failed.as_slice() else { panic!("{}", self.story()) };
        let code = failed["error"]["exitCode"].as_i64().unwrap();
        assert_eq!(code, i64::from(self.code), "{failed}");
        assert_eq!(self.summary["failed"], 1);
        assert_eq!(self.stderr, "");
        let remedy = failed["remedy"].as_str().unwrap().to_owned();
        assert_eq!(failed["error"]["hint"], remedy);
        (failed["step"].as_str().unwrap(), remedy)
    }
}

async fn started(builder: Builder) -> (TestServer, Doctor) {
    let server = builder.start().await.unwrap();
    let doctor = Doctor::trusting_server(&server);
    (server, doctor)
}

#[tokio::test]
async fn a_server_without_faults_is_examined_over_every_transport() {
    let (server, doctor) = started(TestServer::builder().scram(true)).await;
    let tcp = "dns ok, tcp ok, starttls ok, tls ok, certificate ok, features ok, \
               mechanisms ok, resumption ok, clock skipped";
    let tcps = "dns ok, tcp ok, tls ok, certificate ok, features ok, mechanisms ok, \
                resumption ok, clock skipped";
    let wss = "dns ok, tcp ok, tls ok, certificate ok, websocket ok, clock ok, features ok, \
               mechanisms ok, resumption ok";
    let ws = "dns ok, tcp ok, websocket ok, clock ok, features ok, mechanisms ok";
    for (address, story, alpn) in [
        (server.tcp_address().unwrap(), tcp, None),
        (server.tcps_address().unwrap(), tcps, Some("xmpp-client")),
        (server.websocket_url_tls().unwrap(), wss, Some("http/1.1")),
        (server.websocket_url(), ws, None),
    ] {
        let found = doctor.examine(&[&address]).await;
        assert_eq!(found.story(), story, "{address}: {:?}", found.steps);
        assert_eq!((found.code, &found.summary["warnings"]), (0, &Value::from(0)));
        for step in &found.steps {
            assert_eq!(step["address"], address.as_str());
        }
        if story == ws {
            continue;
        }
        let tls = &found.step("tls")["result"];
        assert_eq!(tls["version"], "TLS 1.3");
        assert_eq!(tls["alpn"].as_str(), alpn);
        let chain = &found.step("certificate")["result"]["chain"];
        assert_eq!(chain[0]["issuer"], "mfly-testserver authority");
        assert_eq!(chain[0]["names"][0], "localhost");
        assert_eq!(found.step("resumption")["result"]["resumed"], true);
        let mechanisms = &found.step("mechanisms")["result"];
        assert_eq!(mechanisms["forPasswords"], "SCRAM-SHA-512-PLUS");
        assert_eq!(mechanisms["channelBindings"][0], "tls-exporter");
    }
}

#[tokio::test]
async fn a_server_with_plain_alone_gets_a_warning() {
    let (server, doctor) = started(TestServer::builder()).await;
    let found = doctor.examine(&[&server.websocket_url_tls().unwrap()]).await;
    let mechanisms = found.step("mechanisms");
    assert_eq!((&mechanisms["status"], &mechanisms["ok"]), (&"warning".into(), &true.into()));
    assert!(mechanisms["remedy"].as_str().unwrap().contains("MirrorFly"), "{mechanisms}");
    assert_eq!((found.code, &found.summary["warnings"]), (0, &Value::from(1)));
}

#[tokio::test]
async fn a_rest_api_is_examined_up_to_its_answer() {
    let (server, doctor) = started(TestServer::builder()).await;
    let url = server.api_base_url_tls().unwrap();
    let found = doctor.examine(&[&url]).await;
    let story = "dns ok, tcp ok, tls ok, certificate ok, http ok, clock ok";
    assert_eq!((found.story().as_str(), found.code), (story, 0));
    assert_eq!(found.step("http")["result"]["code"], 401);

    let url = url.replace("/api/v1", "/other");
    let found = doctor.examine(&[&url]).await;
    let http = found.step("http");
    assert_eq!((&http["status"], found.code), (&Value::from("warning"), 0));
    assert!(http["remedy"].as_str().unwrap().contains("/api/v1"), "{http}");

    server.fault().request("/users/config").http_status(502);
    doctor.fails(&[&server.api_base_url()], "http", 1, "").await;
}

#[tokio::test]
async fn without_an_address_the_server_of_the_other_commands_is_examined() {
    let (server, doctor) = started(TestServer::builder()).await;
    let found = doctor.examine(&["--api-url", &server.api_base_url()]).await;
    assert_eq!(found.code, 0, "{}", found.story());
    assert_eq!(found.steps[0]["address"], server.api_base_url());
    assert_eq!(found.steps.last().unwrap()["address"], server.websocket_url());

    // Of a remote one only an account's configuration tells the XMPP address.
    let url = server.api_base_url_tls().unwrap();
    let found = doctor.examine(&["--api-url", &url]).await;
    assert_eq!(found.code, 0, "{}", found.story());
    assert_eq!(found.steps.last().unwrap()["status"], "skipped");
    let address = server.tcps_address().unwrap();
    let found = doctor.examine(&["--api-url", &url, "--xmpp-url", &address]).await;
    assert_eq!(found.steps.last().unwrap()["address"], address.as_str());
}

#[tokio::test]
async fn an_account_is_logged_in_and_out_again() {
    let (server, doctor) = started(TestServer::builder().scram(true)).await;
    let user = server.standard_user("u0", "s3cret").unwrap();
    for address in [server.tcp_address().unwrap(), server.websocket_url_tls().unwrap()] {
        let arguments = [address.as_str(), "--jid", "u0@localhost"];
        let found = doctor.examine_account(&arguments, "s3cret").await;
        assert_eq!(found.code, 0, "{:?}", found.steps);
        let login = &found.step("login")["result"];
        assert_eq!(login["mechanism"], "SCRAM-SHA-512-PLUS");
        assert!(login["loginRoundTrips"].as_u64().unwrap() >= 2, "{login}");
        assert!(login["jid"].as_str().unwrap().starts_with("u0@localhost/"));
        let clock = found.steps.iter().rfind(|step| step["step"] == "clock").unwrap();
        assert_eq!(clock["status"], "ok", "{clock}");
        let source = clock["result"]["source"].as_str().unwrap();
        assert_eq!(source, "XEP-0202");
        assert!(!user.is_online());
    }
}

#[tokio::test]
async fn a_wrong_password_is_exit_code_4_and_no_password_is_ever_printed() {
    let (server, doctor) = started(TestServer::builder().scram(true)).await;
    server.standard_user("u0", "s3cret").unwrap();
    let address = server.tcps_address().unwrap();
    let arguments = [address.as_str(), "--jid", "u0@localhost", "-vvv"];
    for (password, code) in [("s3cret", 0), ("hunter2", 4)] {
        let ran = doctor.run(&arguments, Some(password)).await;
        assert_eq!(ran.code, code, "{ran:?}");
        for printed in [&ran.stdout, &ran.stderr] {
            assert!(!printed.contains(password), "{printed}");
        }
        assert_eq!(ran.stdout.contains("check --jid"), code == 4, "{}", ran.stdout);
    }
    let ran = doctor.run(&arguments[..3], None).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (4, ""));
    assert!(ran.stderr.contains("MFLY_PASSWORD"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_port_where_nothing_listens_is_exit_code_3() {
    let doctor = Doctor::trusting(&Authority::new().pem());
    let address = nowhere().await;
    for scheme in ["wss", "xmpp", "https"] {
        let url = format!("{scheme}://{address}");
        let found = doctor.fails(&[&url], "tcp", 3, "nothing listens").await;
        let after: Vec<_> = found.steps.iter().skip(2).collect();
        assert!(after.iter().all(|step| step["status"] == "skipped"), "{}", found.story());
        assert!(after.len() >= 3);
    }
}

#[tokio::test]
async fn a_silent_port_is_exit_code_7_at_the_step_that_waits() {
    let doctor = Doctor::trusting(&Authority::new().pem());
    let silent = Server::silent().await;
    for (scheme, expected) in [
        ("wss", "tls"),
        ("xmpps", "tls"),
        ("xmpp", "starttls"),
        ("ws", "websocket"),
        ("http", "http"),
    ] {
        let url = silent.url(scheme);
        let found = doctor.fails(&[&url, "--timeout", "0.3"], expected, 7, "").await;
        let took = found.step(expected)["milliseconds"].as_f64().unwrap();
        assert!((300.0..30_000.0).contains(&took), "{took}");
    }
}

#[tokio::test]
async fn the_wrong_kind_of_port_is_recognised() {
    let (server, doctor) = started(TestServer::builder()).await;
    let (plain, tcp) = (server.listen_address(), server.tcp_address().unwrap());
    let tls = server.tls_listen_address().unwrap().port();
    for (address, step, expected) in [
        (format!("wss://{plain}/websocket"), "tls", "not TLS"),
        (format!("xmpps://{plain}"), "tls", "not TLS"),
        (format!("https://{plain}/api/v1"), "tls", "not TLS"),
        (format!("xmpp://{plain}"), "starttls", "not XMPP"),
        (tcp.replace("xmpp:", "xmpps:"), "tls", "xmpp:// is for STARTTLS"),
        (format!("xmpps://localhost:{tls}"), "tls", "XMPP is not among"),
        (tcp.replace("xmpp:", "ws:"), "websocket", "not speak HTTP"),
    ] {
        doctor.fails(&[&address], step, 1, expected).await;
    }
}

#[tokio::test]
async fn each_fault_of_a_certificate_has_its_remedy_and_the_chain_is_shown() {
    let authority = Authority::new();
    let doctor = Doctor::trusting(&authority.pem());
    let stranger = Authority::new();
    for (identity, what, expected) in [
        (authority.issue("other.example", (2000, 3000)), "another name", "other.example would fit"),
        (authority.issue("localhost", (2000, 2001)), "expired", "renew"),
        (authority.issue("localhost", (2999, 3000)), "not valid yet", "clock"),
        (stranger.issue("localhost", (2000, 3000)), "no trusted authority", "--ca-file"),
    ] {
        let server = Server::tls(&identity, &[]).await;
        let port = server.address.port();
        for scheme in ["wss", "xmpps", "https"] {
            let url = format!("{scheme}://localhost:{port}");
            let found = doctor.fails(&[&url], "tls", 1, expected).await;
            let tls = found.step("tls");
            assert!(tls["what"].as_str().unwrap().contains(what), "{tls}");
            assert_eq!(tls["result"]["chain"][0]["issuer"], "An Authority");
        }
    }
    let fitting = authority.issue("chat.example", (2000, 3000));
    let server = Server::tls(&fitting, &[]).await;
    doctor.fails(&[&server.url("xmpps")], "tls", 1, "--domain chat.example").await;
}

#[tokio::test]
async fn a_refused_upgrade_is_explained_by_its_status() {
    let doctor = Doctor::trusting(&Authority::new().pem());
    for (status, expected) in [
        ("404 Not Found", "/websocket"),
        ("403 Forbidden", "let this client in"),
        ("502 Bad Gateway", "behind it"),
        ("200 OK", "ordinary"),
    ] {
        let server = Server::http(status, "").await;
        let found = doctor.fails(&[&server.url("ws")], "websocket", 1, expected).await;
        let what = found.step("websocket")["what"].as_str().unwrap();
        assert!(what.contains(&status[..3]), "{what}");
    }
    let other = Server::websocket("Sec-WebSocket-Protocol: chat\r\n").await;
    doctor.fails(&[&other.url("ws")], "websocket", 1, "something else than XMPP").await;
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_a_warning() {
    let doctor = Doctor::trusting(&Authority::new().pem());
    let lines = "Sec-WebSocket-Protocol: xmpp\r\nDate: Thu, 01 Jan 2015 00:00:00 GMT\r\n";
    let server = Server::websocket(lines).await;
    // The server stays silent after the handshake.
    let found = doctor.fails(&[&server.url("ws"), "--timeout", "0.3"], "features", 7, "").await;
    let clock = found.step("clock");
    assert_eq!(clock["status"], "warning");
    assert!(clock["what"].as_str().unwrap().contains("days behind"), "{clock}");
}

#[tokio::test]
async fn tampering_with_start_tls_is_recognised() {
    let (server, doctor) = started(TestServer::builder()).await;
    let address = server.tcp_address().unwrap();
    let next = || server.fault().next_connection();
    let arguments = [address.as_str()];
    let examine = |expected| doctor.fails(&arguments, "starttls", 1, expected);
    next().withhold_start_tls();
    examine("removes the offer").await;
    next().refuse_start_tls();
    examine("operator").await;
    next().inject_after_proceed("<message/>");
    examine("tampers").await;
    next().garbage("SSH-2.0-OpenSSH_9.9\r\n");
    examine("not XMPP").await;
    next().cut();
    examine("").await;
}

#[tokio::test]
async fn another_domain_is_named_with_the_one_that_fits() {
    let (server, doctor) = started(TestServer::builder().xmpp_host("chat.test")).await;
    let url = server.websocket_url();
    doctor.fails(&[&url], "features", 1, "--domain").await;
    let found = doctor.examine(&[&url, "--domain", "chat.test"]).await;
    assert_eq!(found.code, 0, "{:?}", found.steps);
    assert_eq!(found.step("features")["result"]["from"], "chat.test");
}

#[tokio::test]
async fn unusable_mechanisms_and_a_redirection_are_failures() {
    let (server, doctor) = started(TestServer::builder()).await;
    let address = server.tcps_address().unwrap();
    server.fault().next_connection().mechanisms(["GSSAPI"]);
    let found = doctor.fails(&[&address], "mechanisms", 1, "SCRAM-SHA-1").await;
    assert_eq!(found.step("resumption")["status"], "ok");
    server.fault().next_connection().see_other_host("b.example");
    doctor.fails(&[&address], "features", 1, "points to").await;
}

#[tokio::test]
async fn every_server_that_a_domain_names_is_examined() {
    let (server, doctor) = started(TestServer::builder().xmpp_host("chat.test")).await;
    let port = |address: Option<std::net::SocketAddr>| address.unwrap().port();
    let records = [
        ("_xmpp-client._tcp.chat.test", (port(server.tcp_listen_address()), "localhost.")),
        ("_xmpps-client._tcp.chat.test", (nowhere().await.port(), "localhost.")),
        ("_xmpp-client._tcp.none.test", (0, ".")),
    ];
    let names = NameServer::start(&records).await;
    let name_server = names.address.to_string();
    let ask = |domain| {
        let arguments = [domain, "--name-server", name_server.as_str()];
        let doctor = &doctor;
        async move { doctor.examine(&arguments).await }
    };
    let found = ask("alice@chat.test").await;
    assert_eq!(found.steps[0]["result"]["source"], "records");
    assert_eq!(found.steps[0]["result"]["addresses"].as_array().unwrap().len(), 2);
    // One of the two is down; the other one has a certificate for the domain, not for its host.
    assert_eq!((found.failure().0, found.code), ("tcp", 3));
    let of_tcp = server.tcp_listen_address().unwrap().port();
    let of_tcp = format!("xmpp://localhost:{of_tcp}");
    let well: Vec<_> = found.steps.iter().filter(|step| step["address"] == of_tcp).collect();
    assert!(well.len() > 6 && well.iter().all(|step| step["ok"] == true), "{}", found.story());

    let found = ask("none.test").await;
    assert_eq!((found.failure().0, found.code), ("srv", 3));
    assert_eq!(found.steps.len(), 1);
}

#[tokio::test]
async fn a_proxy_is_a_step_of_its_own_and_may_refuse() {
    let (server, doctor) = started(TestServer::builder()).await;
    let address = server.tcps_address().unwrap();
    let willing = Server::proxy("200 OK").await;
    let found = doctor.examine(&[&address, "--proxy", &willing.url("http")]).await;
    assert_eq!(found.code, 0, "{}", found.story());
    assert!(found.story().starts_with("dns ok, tcp ok, proxy ok, tls ok"), "{}", found.story());
    let peer = &found.step("tcp")["result"]["peer"];
    assert_eq!(*peer, willing.address.to_string());

    for (status, expected) in [
        ("403 Forbidden", "rules"),
        ("407 Proxy Authentication Required", "user:password"),
        ("502 Bad Gateway", "cannot reach"),
    ] {
        let refusing = Server::proxy(status).await;
        let arguments = [address.as_str(), "--proxy", &refusing.url("http")];
        doctor.fails(&arguments, "proxy", 3, expected).await;
    }
    let arguments = [address.as_str(), "--proxy", &format!("socks5h://{}", nowhere().await)];
    doctor.fails(&arguments, "tcp", 3, "--proxy").await;
}

#[tokio::test]
async fn every_command_goes_through_the_proxy() {
    let folder = Folder::new();
    let server = TestServer::builder().tls(false).start().await.unwrap();
    let proxy = nowhere().await;
    let mut command = mfly(&folder, &["register", "alice"]);
    command
        .env("MFLY_API_URL", server.api_base_url())
        .env("MFLY_LICENCE_KEY", server.licence_key().expose())
        .env("MFLY_PROXY", format!("http://alice:hunter2@{proxy}"));
    let ran = run(command).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(!ran.stderr.contains("hunter2"));
    assert!(server.journal().entries().is_empty());
}

#[tokio::test]
async fn people_read_lines_that_fit_a_terminal() {
    let (server, doctor) = started(TestServer::builder()).await;
    let well = doctor.run(&[&server.tcp_address().unwrap()], None).await;
    assert_eq!(well.code, 0, "{well:?}");
    assert!(well.stdout.contains("✓ starttls    offered"), "{}", well.stdout);
    assert!(well.stdout.contains("! mechanisms  warning: PLAIN"), "{}", well.stdout);
    let ill = doctor.run(&[&server.tcp_address().unwrap().replace("xmpp:", "wss:")], None).await;
    assert!(ill.stdout.contains("✗ tls         failed: "), "{}", ill.stdout);
    assert!(ill.stdout.contains("\n- websocket   skipped: tls failed\n"), "{}", ill.stdout);
    assert!(ill.stdout.contains("\n1 of 3 steps failed, "), "{}", ill.stdout);
    for ran in [well, ill] {
        assert_eq!(ran.stderr, "");
        for line in ran.stdout.lines() {
            assert!(line.chars().count() <= 80, "{line}");
            assert!(!line.contains('\x1b'), "{line}");
        }
    }
}

#[tokio::test]
async fn an_address_that_makes_no_sense_is_exit_code_2_and_not_repeated() {
    let doctor = Doctor::trusting(&Authority::new().pem());
    for (address, expected) in [
        ("example.com:5222", "xmpp://example.com:5222"),
        ("ftp://example.com", "wss://"),
        ("https://alice:hunter2@example.com/api/v1", "user information"),
        ("wss://alice:hunter2@example.com/", "user"),
    ] {
        let ran = doctor.run(&[address], None).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{address}");
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    }
}
