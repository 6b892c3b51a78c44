//! Serves the auctions and their page: `cargo run -p auction`, or `stayput dev auction`. Callers need a token, which they make up
//! themselves (see `token.rs`): `Authorization: Bearer ann.0123456789abcdef`.

fn main() -> std::process::ExitCode {
    stayput::run(auction::app())
}
