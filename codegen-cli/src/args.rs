//! The command line.
#![allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "these comments are help texts, shown as they are"
)]

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Runs, calls and describes stayput apps, and generates their clients.
///
/// Exit codes: 0 done; 1 the answer is no (an error from the action, a difference found by --check, a failed build); 2 wrong usage or a
/// faulty input; 3 no usable answer from the server.
#[derive(Debug, Parser)]
#[command(name = "stayput", version)]
pub struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Generates a typed client.
    Client {
        #[command(subcommand)]
        command: ClientCommand,
    },
    /// Exports types or actions: JSON Schema, OpenRPC, tools for agents, or who may call what.
    Schema(SchemaArgs),
    /// Calls an action of a running app and prints its result as JSON.
    Call(CallArgs),
    /// Builds a package, runs it, and does so again whenever its source changes.
    Dev(DevArgs),
    /// Builds a package for Cloudflare Workers: the modules of a Worker.
    Build(BuildArgs),
    /// Writes what wrangler must know of an app into its configuration, or checks it.
    ///
    /// What is missing is added: name, main, compatibility_date, build, a binding for each class, and the life of each
    /// class (`exports`, or `migrations` where the file has those). Everything else in the file stays as it is. A class
    /// that the file has and the app has not is refused until --renamed or --deleted says what became of it.
    Wrangler(WranglerArgs),
    /// Compares what an app stores with what an earlier release stored, by their manifests.
    ///
    /// Tells what stored objects do not survive: a value of another type, another kind of collection, a class that is gone,
    /// a version that went back. Exits with 1 if there is such a thing and no higher `version` says that a step sees to it.
    Check(CheckArgs),
    /// Looks at everything an app needs, and says how to mend what is amiss.
    ///
    /// The Worker's configuration, the manifest, versions, the toolchain, the programs that Workers take, the data folder
    /// and the address. Exits with 1 if there is a fault; a warning is none.
    Doctor(DoctorArgs),
    /// Copies the data folder of a package's program while it runs: `stayput backup DIR`.
    Backup(ProgramArgs),
    /// Makes a data folder out of a backup: `stayput restore DIR --data NEW`.
    Restore(ProgramArgs),
    /// Looks whether a data folder is sound, or saves what can be read: `stayput verify [--salvage DIR]`.
    Verify(ProgramArgs),
    /// Writes one object to standard output: `stayput export CLASS/NAME`.
    Export(ProgramArgs),
    /// Keeps an object as this release stores it, and a test that later releases open it.
    ///
    /// Writes `frozen/CLASS-NAME-vN-RELEASE.jsonl`, for version control, and, in a package's folder that has none,
    /// `tests/frozen.rs`.
    Freeze(FreezeArgs),
    /// Takes one object in: `stayput import FILE [--as CLASS/NAME] [--replace]`.
    Import(ProgramArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProgramArgs {
    /// The package; cargo's default if it is left out.
    #[arg(long, short)]
    pub(crate) package: Option<String>,
    /// Build in cargo's release profile.
    #[arg(long)]
    pub(crate) release: bool,
    /// What the program is told; `--data DIR` among them, else STAYPUT_DATA or .stayput.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) words: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FreezeArgs {
    /// The object: `class/name`, or `class/~` and an id of 64 hex digits.
    pub(crate) object: String,
    /// The package; cargo's default if it is left out.
    #[arg(long, short)]
    pub(crate) package: Option<String>,
    /// The data folder [default: STAYPUT_DATA or .stayput].
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The folder to write to; made if it is missing.
    #[arg(long, value_name = "DIR", default_value = "frozen")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// TypeScript, as ES modules without dependencies, for browsers and Node 20 or newer.
    Ts(TsArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct TsArgs {
    /// A manifest file, a URL (`http://host[/manifest.json]`) or a cargo package.
    #[arg(long, value_name = "X")]
    pub(crate) from: String,
    /// The folder to write; made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// 64-bit integers as `bigint`, exact; otherwise as `number`, and those beyond 2^53-1 are refused.
    #[arg(long)]
    pub(crate) bigint: bool,
    /// Write nothing; exit with 1 if the folder is not what would be written.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SchemaArgs {
    /// A manifest file, a URL (`http://host[/manifest.json]`) or a cargo package.
    #[arg(long, value_name = "X")]
    pub(crate) from: String,
    /// What to write.
    #[arg(long, value_enum)]
    pub(crate) format: Format,
    /// One class only.
    #[arg(long, value_name = "CLASS")]
    pub(crate) class: Option<String>,
    /// The file to write; standard output if it is left out.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// A format to export to. Actions that are `internal` are in those of access only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Format {
    /// One JSON Schema 2020-12 document; every type, params, result, error and event under `$defs`.
    JsonSchema,
    /// OpenRPC 1.4.1.
    Openrpc,
    /// Tools as MCP's `tools/list` answers them; `_meta` says which action a tool calls.
    Mcp,
    /// Function tools of OpenAI's Responses API; `strict` where the schema allows it.
    Openai,
    /// Tools of Anthropic's Messages API.
    Anthropic,
    /// Who may call which action and hear which event: one JSON document, the internal ones included.
    Access,
    /// The same as tables in Markdown.
    AccessMarkdown,
    /// The catalogue of errors that actions declare: code, status, details, and which actions answer it.
    Errors,
    /// The same as a page of Markdown.
    ErrorsMarkdown,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CallArgs {
    /// The object: `class/name`, or `class/~` and an id of 64 hex digits.
    pub(crate) target: String,
    /// The action.
    pub(crate) action: String,
    /// One JSON object or array, `-` to read it from standard input, or `key=value` pairs. A value is JSON if it
    /// parses as such, otherwise a string.
    pub(crate) params: Vec<String>,
    /// Where the app runs [default: http:// and STAYPUT_LISTEN, or http://127.0.0.1:8787].
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// Use the REST form instead of JSON-RPC.
    #[arg(long)]
    pub(crate) rest: bool,
    /// A header to send, `name: value`; may be given many times.
    #[arg(long, value_name = "HEADER")]
    pub(crate) header: Vec<String>,
    /// Seconds to wait for the answer.
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: u64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DevArgs {
    /// The package to run; cargo's default if it is left out.
    pub(crate) package: Option<String>,
    /// Which of its programs, if it has several.
    #[arg(long)]
    pub(crate) bin: Option<String>,
    /// Build in cargo's release profile.
    #[arg(long)]
    pub(crate) release: bool,
    /// Keep a TypeScript client in this folder up to date.
    #[arg(long, value_name = "DIR")]
    pub(crate) client: Option<PathBuf>,
    /// With --client: 64-bit integers as `bigint`.
    #[arg(long, requires = "client")]
    pub(crate) bigint: bool,
    /// Run it as a Worker under `workerd` (npm package of that name) instead of natively. Variables are read from
    /// `.dev.vars`; whoever calls from this machine is the developer.
    #[arg(long)]
    pub(crate) workers: bool,
    /// Arguments for the program.
    #[arg(last = true)]
    pub(crate) rest: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BuildArgs {
    /// The package to build; cargo's default if it is left out.
    pub(crate) package: Option<String>,
    /// The folder to write; made if it is missing.
    #[arg(long, value_name = "DIR", default_value = "build")]
    pub(crate) out: PathBuf,
    /// Leave the wasm as the compiler made it; otherwise `wasm-opt`, if it is on the PATH, makes it smaller.
    #[arg(long)]
    pub(crate) no_opt: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct WranglerArgs {
    /// The package that is deployed; cargo's default if it is left out.
    pub(crate) package: Option<String>,
    /// Instead of a package: a manifest file, a URL (`http://host[/manifest.json]`) or a cargo package.
    #[arg(long, value_name = "X", conflicts_with = "package")]
    pub(crate) from: Option<String>,
    /// The configuration [default: wrangler.jsonc, wrangler.json or wrangler.toml here or in the package's folder; a
    /// new wrangler.jsonc here].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The folder that `stayput build` writes.
    #[arg(long, value_name = "DIR", default_value = "build")]
    pub(crate) out: PathBuf,
    /// Write nothing; exit with 1 if the configuration is not what the app needs.
    #[arg(long)]
    pub(crate) check: bool,
    /// A class whose objects go on under another name, as paths or as JavaScript names; may be given many times.
    #[arg(long, value_name = "OLD=NEW")]
    pub(crate) renamed: Vec<String>,
    /// A class whose objects are all to be deleted, with their data; may be given many times.
    #[arg(long, value_name = "CLASS")]
    pub(crate) deleted: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// The package; cargo's default if it is left out.
    pub(crate) package: Option<String>,
    /// Instead of a package: a manifest file, a URL (`http://host[/manifest.json]`) or a cargo package.
    #[arg(long, value_name = "X", conflicts_with = "package")]
    pub(crate) from: Option<String>,
    /// The manifest of the earlier release: a file or a URL.
    #[arg(long, value_name = "X")]
    pub(crate) against: String,
    /// One JSON document: `{"breaks", "changes": [{"verdict", "class", "path", "message"}]}`.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    /// The package; cargo's default if it is left out.
    pub(crate) package: Option<String>,
    /// Instead of a package: a manifest file, a URL (`http://host[/manifest.json]`) or a cargo package.
    #[arg(long, value_name = "X", conflicts_with = "package")]
    pub(crate) from: Option<String>,
    /// The Worker's configuration [default: wrangler.jsonc, wrangler.json or wrangler.toml here or in the package's
    /// folder].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The folder that `stayput build` writes.
    #[arg(long, value_name = "DIR", default_value = "build")]
    pub(crate) out: PathBuf,
    /// One JSON document: `{"faults", "checks": [{"check", "state", "message", "help"}]}`.
    #[arg(long)]
    pub(crate) json: bool,
}
