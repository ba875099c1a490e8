//! The servers that tests start, beside others of their sort.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use weir_testkit::temporal::Server;
use weir_testkit::until;

/// How often somebody is let through before the port is given back.
const LET_THROUGH: usize = 3;

const PATIENCE: Duration = Duration::from_secs(120);

/// Whoever starts a server again means that one, and no other that has come to its port meanwhile.
#[test]
fn a_server_that_has_another_ones_port_is_not_taken_for_it() {
    let (mut own, other) = (Server::start(), Server::start());
    own.ask(&["operator", "namespace", "create", "--namespace", "kept"]).unwrap();
    own.kill();
    let taken = until(PATIENCE, || TcpListener::bind(own.address()).ok()).expect("its port is free");
    let leads = other.address();
    let through =
        std::thread::spawn(move || taken.incoming().flatten().take(LET_THROUGH).for_each(|near| pass(near, &leads)));
    own.start_again();
    own.ask(&["operator", "namespace", "describe", "--namespace", "kept"]).unwrap();
    through.join().unwrap();
}

/// Both ways, until one side has ended.
fn pass(near: TcpStream, leads: &str) {
    let far = TcpStream::connect(leads).unwrap();
    let (mut back, mut to) = (far.try_clone().unwrap(), near.try_clone().unwrap());
    std::thread::spawn(move || drop(std::io::copy(&mut back, &mut to)));
    std::thread::spawn(move || drop(std::io::copy(&mut &near, &mut &far)));
}
