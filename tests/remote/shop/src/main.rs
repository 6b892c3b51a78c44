//! Serves the tills.

fn main() -> std::process::ExitCode {
    stayput::run(shop::app())
}
