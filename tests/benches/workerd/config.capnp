using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "disk", disk = (path = "data", writable = true)),
  ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ],
);

const main :Workerd.Worker = (
  modules = [ (name = "worker.js", esModule = embed "worker.js") ],
  compatibilityDate = "2026-10-01",
  durableObjectNamespaces = [
    (className = "Counter", uniqueKey = "counter", enableSql = true),
    (className = "ChatRoom", uniqueKey = "chat-room", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    (name = "COUNTER", durableObjectNamespace = "Counter"),
    (name = "CHAT_ROOM", durableObjectNamespace = "ChatRoom"),
  ],
);
