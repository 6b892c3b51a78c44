//! The program of the auth app.

fn main() -> std::process::ExitCode {
    stayput::run(auth_app::app())
}
