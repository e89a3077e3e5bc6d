//! The settings that the container image and the systemd service come with.

use clap::{Args as _, Command, FromArgMatches as _};
use mfly_testserver::command::{CommandLine, ControlListen};
use std::path::Path;

/// The settings in a file of the folder `packaging`.
fn settings(file: &str) -> mfly_testserver::command::Args {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging");
    let line = ["server".into(), "--config".into(), folder.join(file).into_os_string()];
    let command = CommandLine::augment_args(Command::new("server"));
    let matches = command.try_get_matches_from(line).unwrap();
    CommandLine::from_arg_matches(&matches).unwrap().args
}

#[test]
fn the_image_serves_every_port_on_every_interface_of_the_container() {
    let args = settings("container.toml");
    let Some(ControlListen::At(control)) = args.control_listen else { panic!("{args:?}") };
    for (address, port) in [
        (args.listen[0], 8117),
        (args.tls_listen[0], 8118),
        (args.tcp_listen[0], 5222),
        (args.tcps_listen[0], 5223),
        (control, 8119),
    ] {
        assert!(address.ip().is_unspecified() && address.port() == port, "{address}");
    }
}

#[test]
fn the_service_listens_on_loopback_alone_and_keeps_its_authority() {
    let args = settings("mfly-testserver.toml");
    assert!(args.listen.iter().chain(&args.tls_listen).all(|address| address.ip().is_loopback()));
    assert_eq!((args.listen.len(), args.tls_listen.len()), (2, 2));
    assert!(args.authority.unwrap().starts_with("/var/lib/mfly-testserver"));
}
