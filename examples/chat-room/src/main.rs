//! Serves the chat room: `cargo run -p chat-room`, or `stayput dev chat-room`.

fn main() -> std::process::ExitCode {
    stayput::run(chat_room::app())
}
