//! Serves the accounts.

fn main() -> std::process::ExitCode {
    stayput::run(user_service::app())
}
