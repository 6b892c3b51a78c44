// The connections of generated clients, against a WebSocket server that does what each test tells it to.

import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { WebSocket, WebSocketServer, type WebSocket as ServerSocket } from "ws";

import * as bigint from "./bigint/index.js";
import * as counter from "./counter/index.js";
import * as rich from "./rich/index.js";

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params?: { readonly events?: string[] } & Record<string, unknown>;
}

let server: WebSocketServer;
let url = "";
let sockets: ServerSocket[] = [];
let paths: string[] = [];
/** What each connection asked for: the subprotocols. */
let protocols: string[] = [];
let requests: Request[] = [];
/** What a test does with a connection or a request before the server does the usual; `true`: that is all. */
let onConnect: (socket: ServerSocket) => boolean | undefined = () => undefined;
let onRequest: (socket: ServerSocket, request: Request) => boolean | undefined = () => undefined;

before(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await new Promise((done) => server.once("listening", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on("connection", (socket, request) => {
    paths.push(request.url ?? "");
    protocols.push(request.headers["sec-websocket-protocol"] ?? "");
    sockets.push(socket);
    assert.equal(socket.protocol, "stayput.v1");
    if (onConnect(socket) === true) return;
    socket.on("message", (data: Buffer) => {
      const request = JSON.parse(data.toString()) as Request;
      requests.push(request);
      if (onRequest(socket, request) !== true) usual(socket, request);
    });
  });
});
after(() => {
  for (const socket of server.clients) socket.terminate();
  server.close();
});
beforeEach(() => {
  for (const socket of server.clients) socket.terminate();
  [sockets, paths, requests, protocols] = [[], [], [], []];
  onConnect = () => undefined;
  onRequest = () => undefined;
});

function usual(socket: ServerSocket, { id, method, params }: Request): void {
  if (method === "rpc.subscribe" || method === "rpc.unsubscribe") answer(socket, id, { events: params?.events });
  else if (method === "rpc.ping") answer(socket, id, "pong");
  else if (method === "value") answer(socket, id, 7);
  else answer(socket, id, { by: params });
}

function answer(socket: ServerSocket, id: number, result: unknown): void {
  socket.send(JSON.stringify({ jsonrpc: "2.0", id, result }));
}

function emit(event: string, data: string, socket = sockets.at(-1)): void {
  socket?.send(`{"jsonrpc":"2.0","method":"event","params":{"event":${JSON.stringify(event)},"data":${data}}}`);
}

const QUICK: rich.ConnectOptions = {
  WebSocket,
  reconnect: { minMs: 20, maxMs: 40, stableMs: 50 },
};

function app(options: rich.ConnectOptions = {}): rich.App {
  return rich.connect(url, { ...QUICK, ...options });
}

/** Waits until something holds, for two seconds at most. */
async function until(holds: () => boolean, what: string): Promise<void> {
  for (let left = 400; !holds(); left -= 1) {
    assert.ok(left > 0, `in vain: ${what}`);
    await sleep(5);
  }
}

async function failure(call: Promise<unknown>): Promise<rich.StayputError> {
  const error: unknown = await call.then(
    () => assert.fail("it did not fail"),
    (error: unknown) => error,
  );
  // Each client has a class of its own.
  assert.ok(error instanceof Error && "maybeExecuted" in error, String(error));
  return error as rich.StayputError;
}

/** What the next microtask throws, which is where listeners' own errors go; the test runner would take it for ours. */
function nextThrown(): Promise<unknown> {
  const { queueMicrotask: usual } = globalThis;
  return new Promise((told) => {
    globalThis.queueMicrotask = (task) =>
      usual(() => {
        try {
          task();
        } catch (error) {
          globalThis.queueMicrotask = usual;
          told(error);
        }
      });
  });
}

const MESSAGE = '{"id":1,"from":"ann","text":"hello"}';

test("events arrive where they are listened to, until they are not", async () => {
  const room = app().chatRoom("lobby");
  const heard: unknown[] = [];
  const off = room.$on("user:created", (name) => heard.push(name.toUpperCase()));
  await until(() => room.$status.state === "open", "open");
  assert.deepEqual(paths, ["/chat-room/lobby"]);
  assert.deepEqual(requests[0]?.params, { events: ["user:created"] });
  emit("user:created", '"ann"');
  emit("said", MESSAGE);
  emit("user:created", '"bob"');
  await until(() => heard.length === 2, "two events");
  assert.deepEqual(heard, ["ANN", "BOB"]);
  off();
  off();
  await until(() => requests.at(-1)?.method === "rpc.unsubscribe", "unsubscribed");
  emit("user:created", '"eve"');
  await sleep(20);
  assert.equal(heard.length, 2);
  room.$close();
});

test("all handles of an object share one connection, and each event is subscribed once", async () => {
  const all = app();
  const heard: string[] = [];
  all.chatRoom("lobby").$on("user:created", () => heard.push("first"));
  const again = all.chatRoom("lobby");
  await again.$connect();
  again.$on("user:created", () => heard.push("second"));
  again.presence.$on("joined", ({ who }) => heard.push(who));
  await until(() => requests.length === 2, "two subscriptions");
  assert.deepEqual(requests.map(({ params }) => params?.events), [["user:created"], ["presence.joined"]]);
  emit("user:created", '"x"');
  emit("presence.joined", '{"who":"ann"}');
  await until(() => heard.length === 3, "three events");
  assert.deepEqual(heard, ["first", "second", "ann"]);
  assert.equal(sockets.length, 1);
  await all.chatRoom("other").$connect();
  assert.equal(sockets.length, 2);
  again.$close();
  assert.equal(all.chatRoom("other").$status.state, "open");
  all.chatRoom("other").$close();
});

test("what one listener throws does not keep others from hearing", async () => {
  const room = app().chatRoom("lobby");
  const thrown = nextThrown();
  const heard: string[] = [];
  room.$on("user:created", () => {
    throw new Error("a listener's own");
  });
  room.$on("user:created", (name) => heard.push(name));
  await room.$connect();
  emit("user:created", '"x"');
  await until(() => heard.length === 1, "the other hears");
  assert.match(String(await thrown), /a listener's own/);
  room.$close();
});

test("once and iterators", async () => {
  const room = app().chatRoom("lobby");
  const once = room.$once("user:created");
  const events = room.$events("user:created");
  await room.$connect();
  for (const name of ["a", "b", "c"]) emit("user:created", `"${name}"`);
  assert.equal(await once, "a");
  const read: string[] = [];
  for await (const name of events) {
    read.push(name);
    if (name === "c") break;
  }
  assert.deepEqual(read, ["a", "b", "c"]);
  // Leaving the loop has unsubscribed.
  await until(() => requests.at(-1)?.method === "rpc.unsubscribe", "unsubscribed");
  const stop = new AbortController();
  const aborted = failure(room.$once("user:created", { signal: stop.signal }));
  stop.abort(new Error("enough"));
  assert.equal((await aborted).code, "aborted");
  const closing = room.$events("user:created");
  const next = closing.next();
  room.$close();
  assert.deepEqual(await next, { done: true, value: undefined });
  assert.equal(room.$status.state, "closed");
});

test("an iterator that is not read says so instead of losing events", async () => {
  const room = app().chatRoom("lobby");
  const events = room.$events("user:created");
  await room.$connect();
  for (let count = 0; count <= 1_000; count += 1) emit("user:created", '"x"');
  await until(() => requests.at(-1)?.method === "rpc.unsubscribe", "given up");
  assert.equal((await failure(events.next())).code, "overflow");
  assert.deepEqual(await events.next(), { done: true, value: undefined });
  room.$close();
});

test("a lost connection is made again and subscribed before it is called open", async () => {
  const room = app().chatRoom("lobby");
  const seen: string[] = [];
  room.$onStatus((status) => {
    const last = requests.at(-1);
    seen.push(status.state === "open" ? `open after ${last?.method} ${last?.params?.events?.join()}` : status.state);
  });
  const heard: string[] = [];
  room.$on("user:created", (name) => heard.push(name));
  room.presence.$on("joined", () => {});
  await until(() => room.$status.state === "open", "open");
  sockets[0]?.close(1012, "reset");
  await until(() => room.$status.state === "reconnecting", "lost");
  assert.deepEqual(room.$status, { state: "reconnecting", attempt: 1, code: 1012, reason: "reset" });
  await until(() => room.$status.state === "open", "open again");
  emit("user:created", '"back"');
  await until(() => heard.length === 1, "heard again");
  const open = "open after rpc.subscribe user:created,presence.joined";
  assert.deepEqual(seen, ["connecting", open, "reconnecting", "reconnecting", open]);
  assert.equal(sockets.length, 2);
  room.$close();
});

test("a token travels as a subprotocol, and over HTTP as a header", async () => {
  const headers: (string | undefined)[] = [];
  const fetch: rich.ConnectOptions["fetch"] = (_url, { headers: sent, body }) => {
    headers.push(sent["authorization"]);
    const { id } = JSON.parse(String(body)) as Request;
    return Promise.resolve({ status: 200, text: () => Promise.resolve(JSON.stringify({ jsonrpc: "2.0", id, result: 7 })) });
  };
  const fixed = counter.connect(url, { ...QUICK, token: "t0", fetch });
  const home = fixed.counter("home");
  assert.equal(await home.value(), 7);
  await home.$connect();
  assert.deepEqual([headers, protocols], [["Bearer t0"], ["stayput.v1,stayput.bearer.t0"]]);
  home.$close();
  const odd = counter.connect(url, { ...QUICK, token: "a/b=", fetch }).counter("home");
  assert.equal((await failure(odd.$connect())).code, "bad_token");
  assert.equal(await odd.value(), 7);
  assert.equal(headers.at(-1), "Bearer a/b=");
});

test("a connection whose token has expired is made again with the next one", async () => {
  let count = 0;
  const room = app({ token: () => Promise.resolve(`t${++count}`) }).chatRoom("renewed");
  const heard: unknown[] = [];
  room.$on("user:created", (data) => heard.push(data));
  await until(() => room.$status.state === "open", "open");
  sockets[0]?.close(4401, "unauthenticated");
  await until(() => sockets.length === 2 && room.$status.state === "open", "open again");
  assert.deepEqual(protocols, ["stayput.v1,stayput.bearer.t1", "stayput.v1,stayput.bearer.t2"]);
  emit("user:created", '"back"');
  await until(() => heard.length === 1, "heard again");
  room.$close();
});

test("without a token that can be had there is no connection", async () => {
  const room = app({ token: () => Promise.reject(new Error("nobody is logged in")) }).chatRoom("locked");
  const error = await failure(room.$connect());
  assert.equal(error.code, "bad_token");
  assert.equal((error.cause as Error).message, "nobody is logged in");
  assert.equal(sockets.length, 0);
  const nobody = app({ token: () => undefined }).chatRoom("open");
  await nobody.$connect();
  assert.deepEqual(protocols, ["stayput.v1"]);
  nobody.$close();
});

test("a refusal is final", async () => {
  for (const code of [1008, 4401, 4403]) {
    onConnect = (socket) => {
      socket.close(code, "room.full");
      return true;
    };
    sockets = [];
    const room = app().chatRoom(`refused-${code}`);
    const next = room.$events("user:created").next();
    const failed = failure(next);
    const error = await failure(room.$connect());
    assert.equal(error.code, "network");
    assert.match(error.message, /room\.full/);
    assert.equal((await failed).code, "network");
    await sleep(80);
    assert.equal(sockets.length, 1);
    const { state, ...how } = room.$status as Extract<rich.Status, { state: "closed" }>;
    assert.deepEqual([state, how.code, how.reason], ["closed", code, "room.full"]);
    onConnect = () => undefined;
    await room.$connect();
    assert.equal(room.$status.state, "open");
    room.$close();
  }
});

test("an event that may not be heard ends with the error of the server", async () => {
  onRequest = (socket, { id, params }) => {
    if (params?.events?.includes("counted") !== true) return undefined;
    const data = { code: "forbidden", retryable: false, maybe_executed: false, request_id: "r" };
    socket.send(JSON.stringify({ jsonrpc: "2.0", id, error: { code: 1, message: "no", data } }));
    return true;
  };
  const room = app().chatRoom("lobby");
  await room.$connect();
  const heard: string[] = [];
  room.$on("user:created", (name) => heard.push(name));
  const error = await new Promise<rich.StayputError>((told) => room.$on("counted", () => {}, told));
  assert.equal(error.code, "forbidden");
  emit("user:created", '"x"');
  await until(() => heard.length === 1, "the rest goes on");
  room.$close();
});

test("pauses between attempts grow, have a bound, and begin anew after a stable connection", async () => {
  const random = Math.random;
  Math.random = () => 1;
  try {
    const room = app({ reconnect: { minMs: 20, maxMs: 80, stableMs: 150 } }).chatRoom("lobby");
    let refusals = 4;
    onConnect = (socket) => {
      if (refusals-- <= 0) return undefined;
      socket.close(1013);
      return true;
    };
    const at: [number, number][] = [];
    room.$onStatus((status) => {
      if (status.state === "reconnecting") at.push([status.attempt, Date.now()]);
    });
    const connecting = room.$connect();
    await connecting;
    const attempts = at.map(([attempt]) => attempt);
    assert.deepEqual(attempts, [1, 1, 2, 2, 3, 3, 4, 4]);
    const pauses = [0, 2, 4, 6].map((from) => (at[from + 1]?.[1] ?? 0) - (at[from]?.[1] ?? 0));
    for (const [index, least] of [20, 40, 80, 80].entries()) {
      const pause = pauses[index] ?? 0;
      assert.ok(pause >= least - 2 && pause < least + 60, `pause ${index}: ${pause} ms`);
    }
    await sleep(160);
    at.length = 0;
    sockets.at(-1)?.close(1012);
    await until(() => at.length === 2, "again");
    assert.equal(at[0]?.[0], 1);
    room.$close();
  } finally {
    Math.random = random;
  }
});

test("calls go over the connection while there is one, and answers find their calls", async () => {
  const held: [ServerSocket, number][] = [];
  onRequest = (socket, { id, method }) => {
    if (method !== "increment") return undefined;
    held.push([socket, id]);
    return true;
  };
  const home = counter.connect(url, QUICK).counter("home");
  await home.$connect();
  const [one, two] = [home.increment({ by: 1 }), home.increment({ by: 2 })];
  assert.equal(await home.value(), 7);
  await until(() => held.length === 2, "both are there");
  for (const [result, [socket, id]] of [...held.entries()].reverse()) answer(socket, id, result);
  assert.deepEqual(await Promise.all([one, two]), [0, 1]);
  home.$close();
});

test("an error has its code, details and request id", async () => {
  onRequest = (socket, { id, method }) => {
    if (method !== "say") return undefined;
    const data = { code: "room.full", details: { max: 3, total: 4 }, retryable: true, maybe_executed: false, request_id: "r1" };
    socket.send(JSON.stringify({ jsonrpc: "2.0", id, error: { code: 1, message: "full", data } }));
    return true;
  };
  const room = app().chatRoom("lobby");
  await room.$connect();
  const settled = await rich.settle(room.say({ text: "x" }));
  assert.ok(!settled.ok && settled.error.code === "room.full");
  assert.deepEqual(settled.error.details, { max: 3, total: 4 });
  assert.deepEqual([settled.error.retryable, settled.error.requestId], [true, "r1"]);
  room.$close();
});

test("what was under way when the connection was lost may have been executed, but for queries", async () => {
  onRequest = (_socket, { method }) => method === "increment" || method === "value";
  const home = counter.connect(url, { ...QUICK, reconnect: false }).counter("home");
  await home.$connect();
  const [command, query] = [failure(home.increment()), failure(home.value())];
  await until(() => requests.length === 3, "both were sent");
  sockets[0]?.terminate();
  const lost = await Promise.all([command, query]);
  assert.deepEqual(
    lost.map(({ code, retryable, maybeExecuted }) => [code, retryable, maybeExecuted]),
    [["network", true, true], ["network", true, false]],
  );
  assert.deepEqual(home.$status, { state: "closed", code: 1006, reason: "" });
});

test("calls made meanwhile are sent once the connection is there; there is a bound", async () => {
  const home = counter.connect(url, QUICK).counter("home");
  let confirm = (): void => {};
  onRequest = (socket, request) => {
    if (request.method !== "rpc.ping") return undefined;
    confirm = () => usual(socket, request);
    return true;
  };
  const connecting = home.$connect();
  // One place is the connection's own question's.
  const calls = Array.from({ length: 256 }, () => home.value());
  const ended = Promise.allSettled(calls);
  await until(() => requests.length === 1, "asked whether it may come in");
  const refused = await failure(home.value());
  assert.deepEqual([refused.code, refused.maybeExecuted], ["network", false]);
  assert.equal(requests.length, 1);
  confirm();
  await connecting;
  const results = await ended;
  assert.ok(results.every((result) => result.status === "fulfilled" && result.value === 7));
  home.$close();
});

test("abort and time limit end the wait", async () => {
  onRequest = (_socket, { method }) => method === "increment";
  const home = counter.connect(url, QUICK).counter("home");
  await home.$connect();
  const stop = new AbortController();
  const aborted = failure(home.increment({}, { signal: stop.signal }));
  await until(() => requests.length === 2, "sent");
  stop.abort(new Error("enough"));
  const error = await aborted;
  assert.deepEqual([error.code, error.name, error.maybeExecuted, String(error.cause)], ["aborted", "AbortError", true, "Error: enough"]);
  const late = await failure(home.increment({}, { timeoutMs: 20 }));
  assert.deepEqual([late.code, late.maybeExecuted, late.retryable], ["client_timeout", true, true]);
  // Late answers find nobody, and do no harm.
  for (const { id } of requests.slice(1)) answer(sockets[0] as ServerSocket, id, 1);
  assert.equal(await home.value(), 7);
  home.$close();
});

test("a call may ask for its way", async () => {
  const home = counter.connect(url, QUICK).counter("home");
  assert.equal(await home.value({ transport: "socket" }), 7);
  assert.equal(sockets.length, 1);
  // Nobody answers HTTP here, so that it must have been HTTP that was asked.
  assert.equal((await failure(home.value({ transport: "http" }))).status, 426);
  assert.equal((await failure(home.value({ headers: { a: "b" } }))).status, 426);
  home.$close();
});

test("a connection that died without a word is found out", async () => {
  const room = app({ heartbeat: { pingMs: 30, pongMs: 30 } }).chatRoom("lobby");
  await room.$connect();
  await sleep(100);
  assert.equal(sockets.length, 1, "one that answers is kept");
  assert.ok(requests.filter(({ method }) => method === "rpc.ping").length >= 2);
  onRequest = (socket) => socket === sockets[0];
  await until(() => sockets.length === 2 && room.$status.state === "open", "made anew");
  room.$close();
});

test("wide integers are checked, or are bigint", async () => {
  const plain = app().chatRoom("lobby");
  const wide = bigint.connect(url, QUICK).chatRoom("lobby");
  const first = plain.$once("counted");
  const second = wide.$once("counted");
  await Promise.all([plain.$connect(), wide.$connect()]);
  for (const socket of sockets) emit("counted", "9007199254740991", socket);
  assert.equal(await first, 9007199254740991);
  assert.equal(await second, 9007199254740991n);
  const thrown = nextThrown();
  plain.$on("counted", () => assert.fail("it is not exact"));
  const exact = wide.$once("counted");
  await sleep(20);
  for (const socket of sockets) emit("counted", "9007199254740993", socket);
  assert.equal(await exact, 9007199254740993n);
  assert.equal(((await thrown) as rich.StayputError).code, "unsafe_integer");
  plain.$close();
  wide.$close();
});

test("where there is no WebSocket, that is said", async () => {
  const holder = globalThis as { WebSocket?: unknown };
  const { WebSocket: global } = holder;
  delete holder.WebSocket;
  try {
    const room = rich.connect(url).chatRoom("lobby");
    assert.equal((await failure(room.$connect())).code, "no_websocket");
    assert.throws(() => room.$on("said", () => {}), { code: "no_websocket" });
    assert.equal((await failure(room.$once("said"))).code, "no_websocket");
  } finally {
    if (global !== undefined) holder.WebSocket = global;
  }
});

test("what is no message of ours is passed over", async () => {
  const room = app().chatRoom("lobby");
  const heard: string[] = [];
  room.$on("user:created", (name) => heard.push(name));
  await room.$connect();
  for (const text of ["", "null", "[]", "no JSON", '{"id":99999,"result":1}', '{"method":"event"}', '{"method":"event","params":{"event":"__proto__"}}']) {
    sockets[0]?.send(text);
  }
  sockets[0]?.send(Buffer.from([0, 255]));
  emit("user:created", '"x"');
  await until(() => heard.length === 1, "still there");
  room.$close();
});

/** Sends items one after the other; how many were sent. */
function pour(items: number): { sent: number; taken: number; cancelled: boolean } {
  const seen = { sent: 0, taken: 0, cancelled: false };
  onRequest = (socket, { id, method, params, ...more }) => {
    if (method === "rpc.more") seen.taken += Number(params?.["items"]);
    if (method === "rpc.cancel") seen.cancelled = true;
    if (method !== "export") return method.startsWith("rpc.more") || method === "rpc.cancel";
    assert.deepEqual(more, { jsonrpc: "2.0", stream: true });
    for (; seen.sent < items; seen.sent += 1) {
      socket.send(`{"jsonrpc":"2.0","method":"rpc.item","params":{"id":${id},"item":${seen.sent}}}`);
    }
    if (params?.["from"] === 1) {
      const data = { code: "room.empty", retryable: false, maybe_executed: false };
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, error: { code: 1, message: "nothing", data } }));
    } else if (params?.["from"] !== 2) {
      answer(socket, id, { items });
    }
    return true;
  };
  return seen;
}

test("items come one by one, and the app is told how many were taken", async () => {
  const room = app().chatRoom("lobby");
  const seen = pour(40);
  const got: number[] = [];
  for await (const item of room.export()) got.push(item);
  assert.deepEqual(got, Array.from({ length: 40 }, (_, index) => index));
  await until(() => seen.taken === 32, "two times sixteen");
  assert.equal(seen.cancelled, false);
  room.$close();
});

test("whoever breaks off cancels", async () => {
  const room = app().chatRoom("lobby");
  const seen = pour(40);
  for await (const item of room.export({ from: 2 })) if (item === 3) break;
  await until(() => seen.cancelled, "cancelled");
  pour(40);
  const { signal, abort } = aborter();
  const reading = room.export({ from: 2 }, { signal })[Symbol.asyncIterator]();
  await reading.next();
  abort();
  while ((await reading.next().catch((error: unknown) => error as rich.StayputError)) instanceof Error === false);
  room.$close();
});

function aborter(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => void controller.abort() };
}

test("a result may end by an error, or with its connection", async () => {
  const room = app({ reconnect: false }).chatRoom("lobby");
  pour(2);
  const got: number[] = [];
  const read = async (from: number): Promise<void> => {
    for await (const item of room.export({ from })) got.push(item);
  };
  const error = await failure(read(1));
  assert.equal(error.code, "room.empty");
  assert.deepEqual(got, [0, 1]);
  const lost = failure(read(2));
  await until(() => got.length === 2, "nothing new");
  await sleep(20);
  for (const socket of sockets) socket.terminate();
  assert.equal((await lost).code, "network");
  room.$close();
});

test("wide items are exact", async () => {
  const room = bigint.connect(url, QUICK).chatRoom("lobby");
  onRequest = (socket, { id, method }) => {
    if (method !== "export") return undefined;
    socket.send(`{"jsonrpc":"2.0","method":"rpc.item","params":{"id":${id},"item":9007199254740993}}`);
    answer(socket, id, { items: 1 });
    return true;
  };
  const got: bigint[] = [];
  for await (const item of room.export()) got.push(item);
  assert.deepEqual(got, [9007199254740993n]);
  room.$close();
});

test("awaited, all items come at once", async () => {
  const room = app().chatRoom("lobby");
  await room.$connect();
  onRequest = (socket, { id, method }) => {
    if (method !== "export") return undefined;
    answer(socket, id, [1, 2]);
    return true;
  };
  const all: number[] = await room.export();
  assert.deepEqual(all, [1, 2]);
  const { ok } = await rich.settle(room.export());
  assert.equal(ok, true);
  room.$close();
});
