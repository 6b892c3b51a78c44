//! The TypeScript client: `stayput.ts`, `live.ts` and `cbor.ts` (the same for every app), `client.ts` (this app) and `index.ts`
//! (all but CBOR, which is in the program of whoever imports it); beside it `worker.d.ts`, the types of the stubs that JavaScript Workers call by.

mod client;
mod names;
mod text;
mod types;
mod wire;
mod worker;

use crate::document::Manifest;
use crate::error::Error;
use crate::ir;
use crate::write::HEADER;

/// What the runtime of every client is.
const RUNTIME: &str = include_str!("stayput.ts");
/// Its connections.
const LIVE: &str = include_str!("live.ts");

/// A form of its messages, for whoever imports it.
const CBOR: &str = include_str!("cbor.ts");

/// What an app's code imports from. Of the runtime it has what calls need; the rest would only take names from the app.
const INDEX: &str = "\
export * from \"./client.js\";
export { StayputError, settle } from \"./stayput.js\";
export type {
  ActionError, CallOptions, ClientCode, ConnectOptions, FrameworkCode, HandleOptions, ListenOptions, ListenerOptions, ObjectId,
} from \"./stayput.js\";
export type { Status } from \"./live.js\";
";

/// What may be chosen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// 64-bit integers are `bigint`.
    pub bigint: bool,
}

/// Generates the files: names and contents.
pub(crate) fn generate(
    manifest: &Manifest,
    options: Options,
) -> Result<Vec<(&'static str, String)>, Error> {
    let api = ir::build(manifest)?;
    types::check_aliases(manifest, &api)?;
    let header = header(&api, options);
    let client = client::emit(&api, options);
    Ok(vec![
        ("cbor.ts", format!("{}\n{CBOR}", runtime_header())),
        ("client.ts", format!("{header}\n{client}")),
        ("index.ts", format!("{header}\n{INDEX}")),
        ("live.ts", format!("{}\n{LIVE}", runtime_header())),
        ("stayput.ts", format!("{}\n{RUNTIME}", runtime_header())),
        (
            "worker.d.ts",
            format!("{header}\n{}", worker::emit(&api, manifest)),
        ),
    ])
}

fn header(api: &ir::Api, options: Options) -> String {
    let flag = if options.bigint { " --bigint" } else { "" };
    let app = text::one_line(&format!("{} {}", api.app, api.version));
    format!(
        "// {HEADER} client ts{flag}` from {app}. Changes made by hand are lost.\n/* eslint-disable */\n"
    )
}

fn runtime_header() -> String {
    format!("// {HEADER} client ts`. Changes made by hand are lost.\n/* eslint-disable */\n")
}
