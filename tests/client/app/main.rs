//! The server that the client is tried on.

mod room;

fn main() -> std::process::ExitCode {
    stayput::run(room::app())
}
