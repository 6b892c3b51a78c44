//! The servers that are measured. The Rust ones are this very program, started again in another role.

mod control;
mod jsonrpsee;

use std::net::SocketAddr;
use std::process::ExitCode;

/// The variable that tells this program to be a server.
pub(crate) const ROLE: &str = "STAYPUT_BENCH_ROLE";

/// Serves in the role of that name until killed.
pub(crate) fn serve(role: &str) -> ExitCode {
    match role {
        // The very programs of the examples.
        "counter" => stayput::run(counter::app()),
        "chat-room" => stayput::run(chat_room::app()),
        "control" => blocking(control::serve),
        "jsonrpsee" => blocking(jsonrpsee::serve),
        _ => fail(&format!("{ROLE}={role} is not known")),
    }
}

/// Runs a peer on one thread, which is the best it can do on one core.
fn blocking<F: Future<Output = std::io::Result<()>>>(
    peer: impl FnOnce(SocketAddr) -> F,
) -> ExitCode {
    let Some(address) = std::env::var("STAYPUT_LISTEN")
        .ok()
        .and_then(|text| text.parse().ok())
    else {
        return fail("STAYPUT_LISTEN is no address");
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime.and_then(|runtime| runtime.block_on(peer(address))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => fail(&fault.to_string()),
    }
}

fn fail(text: &str) -> ExitCode {
    eprintln!("{text}");
    ExitCode::FAILURE
}
