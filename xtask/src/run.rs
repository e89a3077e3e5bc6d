//! Running programs, and questions to cargo.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// A cargo command that runs in the root of the repository.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Runs a command to its end.
pub(crate) fn status(command: &mut Command) -> Result<(), String> {
    let shown = show(command);
    println!("\n$ {shown}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("'{shown}' ended with {status}")),
        Err(error) => Err(format!("'{shown}' could not be started: {error}")),
    }
}

/// Runs a command and returns what it prints.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let shown = show(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("'{shown}' could not be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("'{shown}' ended with {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("'{shown}' did not print UTF-8"))
}

/// Cargo's description of the workspace.
pub(crate) fn metadata(arguments: &[&str]) -> Result<Value, String> {
    let mut command = cargo(&["metadata", "--format-version", "1"]);
    serde_json::from_str(&output(command.args(arguments))?).map_err(|error| error.to_string())
}

/// The folder into which cargo builds.
pub(crate) fn target() -> Result<PathBuf, String> {
    let metadata = metadata(&["--no-deps"])?;
    let target = metadata["target_directory"].as_str();
    target.map(PathBuf::from).ok_or_else(|| "cargo names no target directory".to_owned())
}

/// The names of the Rust files in a folder, without `.rs`.
pub(crate) fn stems(folder: &str) -> Result<Vec<String>, String> {
    let folder = root().join(folder);
    let entries =
        std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let mut stems: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    stems.sort();
    Ok(stems)
}

fn show(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
}
