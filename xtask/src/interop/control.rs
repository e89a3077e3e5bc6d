//! The control API of the test server, as programs in other languages use it.
//!
//! 1. A test in Python with nothing but its standard library.
//! 2. The recipes of `docs/server` for Python and JavaScript, cut out of their pages, so that what
//!    is documented is what runs.
//! 3. schemathesis: requests of every kind that the API's description allows, and many that it does
//!    not allow. Each answer has to be one that the description names.

use super::packages;
use super::python::{self, PIP, PYTHON};
use super::{node, web_sdk};
use crate::run::{cargo, root, status, target};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The number of examples of each operation.
const EXAMPLES: &str = "60";

pub(crate) fn run() -> Result<(), String> {
    let browser = web_sdk::prepare()?;
    packages::install(&[PYTHON, PIP])?;
    let folder = root().join("tests").join("interop").join("control");
    let built = target()?;
    let work = built.join("interop").join("control");
    let packages = built.join("interop").join("control-python");
    node::install_locked(&folder)?;
    python::install(&folder.join("requirements.txt"), &packages)?;
    status(&mut cargo(&["build", "-p", "mfly-testserver", "--bins"]))?;
    let server = built.join("debug").join("mfly-testserver");
    status(Command::new(PYTHON.probe).arg(folder.join("test_control.py")).arg(&server))?;
    super::empty(&work)?;
    recipes("python.md", &work)?;
    recipes("javascript.md", &work)?;
    let module = |name: &str| {
        let mut command = Command::new(PYTHON.probe);
        command.args(["-m", name]).env("PYTHONPATH", &packages).env("MFLY_TESTSERVER", &server);
        command.current_dir(&work);
        command
    };
    status(module("pytest").args(["-q", "-p", "no:cacheprovider", "test_app.py"]))?;
    let modules = work.join("node_modules");
    link(&folder.join("node_modules"), &modules)?;
    let vitest = modules.join("vitest").join("vitest.mjs");
    for arguments in [
        vec![vitest.display().to_string(), "run".to_owned(), "app.test.js".to_owned()],
        vec!["--test".to_owned(), "app.spec.js".to_owned()],
    ] {
        let mut command = Command::new(node::NODE.probe);
        command.args(arguments).env("MFLY_TESTSERVER", &server).env("CHROMIUM", &browser);
        status(command.current_dir(&work))?;
    }
    let (mut running, url) = start(&server)?;
    let mut checks = module("schemathesis.cli");
    checks.arg("run").arg(format!("{url}/control/v1/openapi.json"));
    checks.args(["--max-examples", EXAMPLES, "--seed", "1", "--checks", "all", "--no-color"]);
    // Both may be refused for reasons that a description cannot say, such as a user who does not
    // exist.
    checks.args(["--exclude-checks", "positive_data_acceptance,missing_required_header"]);
    // Its answer has no end; the test in Python reads it.
    checks.args(["--exclude-path", "/control/v1/journal/stream"]);
    checks.args(["--suppress-health-check", "all"]);
    let folders = std::env::join_paths([&packages, &folder]).map_err(|error| error.to_string())?;
    checks.env("PYTHONPATH", folders).env("SCHEMATHESIS_HOOKS", "schema_hooks");
    let checked = status(&mut checks);
    let ended = running.kill().and_then(|()| running.wait());
    checked?;
    ended.map(drop).map_err(|error| format!("the server could not be ended: {error}"))
}

/// Starts a server for schemathesis, and returns its control API's address.
fn start(server: &Path) -> Result<(Child, String), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", server.display());
    let mut command = Command::new(server);
    command.args(["--json", "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        BufReader::new(output).read_line(&mut line).map_err(failed)?;
    }
    let url = line.split("\"controlUrl\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let url = url.map(str::to_owned).ok_or_else(|| format!("no address in {line:?}"))?;
    Ok((child, url))
}

/// Writes the code blocks of a page that name a file into the folder: ```` ```js server.js ````.
fn recipes(page: &str, folder: &Path) -> Result<(), String> {
    let path = root().join("docs").join("server").join(page);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{page}: {error}"))?;
    for (name, code) in blocks(&text) {
        std::fs::write(folder.join(name), code).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// The code blocks that name a file, each with the name.
fn blocks(text: &str) -> Vec<(&str, &str)> {
    let found = text.split("\n```").filter_map(|block| {
        let (head, code) = block.split_once('\n')?;
        let (_, name) = head.split_once(' ')?;
        let is_file = name.contains('.') && !name.contains(' ');
        is_file.then_some((name, code))
    });
    found.collect()
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> Result<(), String> {
    std::os::unix::fs::symlink(from, to).map_err(|error| format!("{}: {error}", to.display()))
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> Result<(), String> {
    Err("the recipes run on Unix only".to_owned())
}

#[cfg(test)]
mod tests {
    use super::blocks;

    #[test]
    fn code_blocks_that_name_a_file_are_cut_out_whole() {
        let page = "# A\n\n```js a.js\none\ntwo\n```\n\ntext of a.b c\n\n```js\nno name\n```\n";
        assert_eq!(blocks(page), [("a.js", "one\ntwo")]);
    }
}
