//! Serves the document: `cargo run -p document`, or `stayput dev document`.

fn main() -> std::process::ExitCode {
    stayput::run(document::app())
}
