//! Serves the auctions: `cargo run -p auction`, or `stayput dev auction`.

fn main() -> std::process::ExitCode {
    stayput::run(auction::app())
}
