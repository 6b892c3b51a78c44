//! Serves the conformance app natively.

fn main() -> std::process::ExitCode {
    stayput::run(conformance_app::app())
}
