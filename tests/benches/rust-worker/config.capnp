# `bench-workers` puts the name of the file in which wasm-bindgen put the JavaScript of the `worker` crate.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "disk", disk = (writable = true)),
  ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ],
);

const main :Workerd.Worker = (
  modules = [
    (name = "entry.js", esModule = embed "entry.js"),
    (name = "glue.js", esModule = embed "glue.js"),
    (name = "glue_bg.wasm", wasm = embed "glue_bg.wasm"),
    (name = "{snippet}", esModule = embed "{snippet}"),
  ],
  compatibilityDate = "2026-10-01",
  durableObjectNamespaces = [
    (className = "Counter", uniqueKey = "counter", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    (name = "COUNTER", durableObjectNamespace = "Counter"),
  ],
);
