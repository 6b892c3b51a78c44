// The generated clients against a server that answers what each test tells it to.

import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";

import * as bigint from "./bigint/index.js";
import * as counter from "./counter/index.js";
import * as rich from "./rich/index.js";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let url = "";
let seen: Seen[] = [];
let answer: (response: ServerResponse, request: Seen) => void = () => {};

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (text: string) => (body += text));
  request.on("end", () => {
    const one = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
    seen.push(one);
    answer(response, one);
  });
});

before(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  seen = [];
});

function idOf(request: Seen): number {
  return (JSON.parse(request.body) as { id: number }).id;
}

/** Answers with this JSON text as the result. */
function result(text: string): void {
  answer = (response, request) => {
    response.end(`{"jsonrpc":"2.0","id":${idOf(request)},"result":${text}}`);
  };
}

/** Answers with this JSON text as the error. */
function error(text: string): void {
  answer = (response, request) => {
    response.end(`{"jsonrpc":"2.0","id":${idOf(request)},"error":${text}}`);
  };
}

function raw(status: number, body: string): void {
  answer = (response) => {
    response.writeHead(status).end(body);
  };
}

async function failure(call: Promise<unknown>): Promise<counter.StayputError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof Error && "code" in error, String(error));
    return error as counter.StayputError;
  }
  return assert.fail("the call did not fail");
}

function sent(): { method: string; params?: unknown; jsonrpc: string } {
  assert.equal(seen.length, 1);
  return JSON.parse(seen[0]?.body ?? "") as { method: string; params?: unknown; jsonrpc: string };
}

test("a call is one JSON-RPC request to the object's URL", async () => {
  result("3");
  const total = await counter.connect(`${url}/`).counter("home").increment({ by: 3 });
  assert.equal(total, 3);
  const { jsonrpc, method, params } = sent();
  assert.deepEqual({ jsonrpc, method, params }, { jsonrpc: "2.0", method: "increment", params: { by: 3 } });
  assert.equal(seen[0]?.method, "POST");
  assert.equal(seen[0]?.url, "/counter/home");
  assert.equal(seen[0]?.headers["content-type"], "application/json");
});

test("an idempotency key stands beside the parameters", async () => {
  result("3");
  await counter.connect(url).counter("a").increment({ by: 3 }, { key: "order-7" });
  const { jsonrpc, method, key, params } = JSON.parse(seen[0]?.body ?? "") as Record<string, unknown>;
  assert.deepEqual({ jsonrpc, method, key, params }, { jsonrpc: "2.0", method: "increment", key: "order-7", params: { by: 3 } });
  await counter.connect(url).counter("a").increment({ by: 3 });
  assert.ok(!("key" in (JSON.parse(seen[1]?.body ?? "") as object)));
});

test("params that are left out or undefined are not sent", async () => {
  result("1");
  await counter.connect(url).counter("a").increment({ by: undefined });
  assert.deepEqual(sent().params, {});
  seen = [];
  await counter.connect(url).counter("a").value();
  assert.ok(!("params" in sent()));
});

test("names are encoded and wire names stay", async () => {
  result("[]");
  const app = rich.connect(url);
  await app.chatRoom("a b/ü?#%").presence.list();
  assert.equal(seen[0]?.url, "/chat-room/a%20b%2F%C3%BC%3F%23%25");
  assert.equal(sent().method, "presence.list");
  seen = [];
  await app.chatRoom("x").audience.list();
  assert.equal(sent().method, "audience.list");
  seen = [];
  result("null");
  await app.chatRoom("x").presence_2();
  assert.equal(sent().method, "presence");
  seen = [];
  const id = "AB".repeat(32);
  await app.chatRoom.$byId(id).then_2({ value: [1] });
  assert.equal(seen[0]?.url, `/chat-room/~${id.toLowerCase()}`);
  assert.equal(sent().method, "then");
});

test("a handle is no promise and tells what it calls", async () => {
  const room = rich.connect(url).chatRoom("lobby");
  assert.equal(await room, room);
  assert.equal(room.$target.name, "lobby");
  assert.equal(room.$target.class, "chat-room");
});

test("what cannot be a name or id is refused before anything is sent", () => {
  const app = counter.connect(url);
  for (const name of ["", ".", "..", "~abc", "\ud800"]) {
    assert.throws(() => app.counter(name), { code: "invalid_name" }, JSON.stringify(name));
  }
  assert.throws(() => app.counter.$byId("abc"), { code: "invalid_id" });
  assert.equal(seen.length, 0);
});

test("headers come from the client, a function and the call", async () => {
  result("1");
  const app = counter.connect(url, { headers: async () => ({ authorization: "Bearer 1", a: "client" }) });
  await app.counter("a").value({ headers: { a: "call" } });
  assert.equal(seen[0]?.headers["authorization"], "Bearer 1");
  assert.equal(seen[0]?.headers["a"], "call");
});

test("a fetch of one's own is used", async () => {
  const app = counter.connect("http://nowhere.invalid", {
    fetch: async (_url, init) => {
      const { id } = JSON.parse(String(init.body)) as { id: number };
      return { status: 200, text: async () => JSON.stringify({ jsonrpc: "2.0", id, result: 9 }) };
    },
  });
  assert.equal(await app.counter("a").value(), 9);
});

test("a declared error has its code, details and flags", async () => {
  error(`{"code":1,"message":"The room is full.","data":{"code":"room.full","details":{"max":3,"total":4},
    "retryable":true,"maybe_executed":false,"request_id":"r1"}}`);
  const outcome = await rich.settle(rich.connect(url).chatRoom("a").say({ text: "hi" }));
  assert.ok(!outcome.ok);
  const fault = outcome.error;
  assert.ok(fault instanceof rich.StayputError);
  assert.equal(fault.code, "room.full");
  assert.deepEqual(fault.details, { max: 3, total: 4 });
  assert.equal(fault.message, "The room is full.");
  assert.deepEqual([fault.retryable, fault.maybeExecuted, fault.requestId, fault.status], [true, false, "r1", 200]);
});

test("codes nobody knows are kept", async () => {
  error(`{"code":1,"message":"?","data":{"code":"room.haunted","maybe_executed":true}}`);
  const fault = await failure(rich.connect(url).chatRoom("a").say({ text: "hi" }));
  assert.equal(fault.code, "room.haunted");
  assert.deepEqual([fault.retryable, fault.maybeExecuted, fault.details], [false, true, undefined]);
});

test("errors before the call is parsed keep their status", async () => {
  for (const [status, code] of [[401, "unauthenticated"], [403, "forbidden"], [413, "too_large"], [503, "overloaded"]] as const) {
    raw(status, JSON.stringify({ error: { code, message: "no", data: { retryable: status === 503, request_id: "r" } } }));
    const fault = await failure(counter.connect(url).counter("a").value());
    assert.deepEqual([fault.code, fault.status, fault.retryable], [code, status, status === 503]);
  }
});

test("a JSON-RPC code without a name of ours has one", async () => {
  error(`{"code":-32602,"message":"Invalid params"}`);
  assert.equal((await failure(counter.connect(url).counter("a").value())).code, "invalid_params");
});

test("what is no answer of an app is told from one", async () => {
  const bodies = ["<html>", "", "[]", "null", "{}", '{"error":"x"}', '{"jsonrpc":"2.0","id":-1,"result":1}', '{"error":{}}'];
  for (const body of bodies) {
    raw(200, body);
    const fault = await failure(counter.connect(url).counter("a").value());
    assert.deepEqual([fault.code, fault.status, fault.maybeExecuted], ["bad_answer", 200, true], body);
  }
  raw(502, "<html>Bad Gateway</html>");
  const fault = await failure(counter.connect(url).counter("a").value());
  assert.deepEqual([fault.code, fault.retryable], ["bad_answer", true]);
});

test("a lost connection, an abort and a timeout are three things", async () => {
  answer = (response) => response.destroy();
  const lost = await failure(counter.connect(url).counter("a").increment());
  assert.deepEqual([lost.code, lost.maybeExecuted, lost.name], ["network", true, "StayputError"]);
  assert.ok(lost.cause instanceof Error);

  answer = () => {};
  const controller = new AbortController();
  const call = counter.connect(url).counter("a").increment({}, { signal: controller.signal });
  setTimeout(() => controller.abort("enough"), 30);
  const aborted = await failure(call);
  assert.deepEqual([aborted.code, aborted.name, aborted.cause], ["aborted", "AbortError", "enough"]);
  assert.equal(aborted.maybeExecuted, true);

  const late = await failure(counter.connect(url, { timeoutMs: 30 }).counter("a").increment());
  assert.deepEqual([late.code, late.maybeExecuted], ["client_timeout", true]);
});

test("a call that is aborted before it begins is not sent", async () => {
  const fault = await failure(counter.connect(url).counter("a").increment({}, { signal: AbortSignal.abort("never") }));
  assert.deepEqual([fault.code, fault.maybeExecuted], ["aborted", false]);
  assert.equal(seen.length, 0);
});

test("the signal is let go of when the call is done", async () => {
  result("1");
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = ((...given: Parameters<typeof add>) => (listeners++, add(...given))) as typeof add;
  signal.removeEventListener = ((...given: Parameters<typeof remove>) => (listeners--, remove(...given))) as typeof remove;
  await counter.connect(url).counter("a").value({ signal });
  assert.equal(listeners, 0);
});

test("as numbers, integers beyond 2^53-1 are refused both ways", async () => {
  const room = rich.connect(url).chatRoom("a");
  result("9007199254740991");
  assert.equal(await room.say({ text: "x" }), 9007199254740991);
  for (const wide of ["9007199254740992", "9007199254740993", "18446744073709551615"]) {
    result(wide);
    const fault = await failure(room.say({ text: "x" }));
    assert.deepEqual([fault.code, fault.maybeExecuted], ["unsafe_integer", true], wide);
  }
  result('{"weight":1,"children":[{"weight":9007199254740993,"children":[]}]}');
  assert.equal((await failure(room.tree({ root: { weight: 1, children: [] } }))).code, "unsafe_integer");

  seen = [];
  const fault = await failure(room.delete({ id: 2 ** 53 }));
  assert.deepEqual([fault.code, fault.maybeExecuted], ["unsafe_integer", false]);
  assert.equal((await failure(room.paint({ shape: "Dot", sizes: { a: 1, b: 2 ** 60 } }))).code, "unsafe_integer");
  const deep = { weight: 1, children: [{ weight: 2 ** 60, children: [] }] };
  assert.equal((await failure(room.tree({ root: deep }))).code, "unsafe_integer");
  assert.equal(seen.length, 0);
});

test("large numbers that are no integers of 64 bits pass", async () => {
  result('[1,1e300,{"kind":"share","amount":36028797018963970}]');
  const ledger = rich.connect(url).ledger("a", { connect: false });
  const [, share, entry] = await ledger.post({ entry: { kind: "share", amount: 2 ** 60 } });
  assert.equal(share, 1e300);
  assert.deepEqual(entry, { kind: "share", amount: 36028797018963970 });
});

test("as bigint, integers are exact both ways", async () => {
  const app = bigint.connect(url);
  for (const wide of [0n, 7n, -1n, 9007199254740993n, 18446744073709551615n, -9223372036854775808n]) {
    seen = [];
    result(wide.toString());
    assert.equal(await app.chatRoom("a").say({ text: "12345678901234567890" }), wide);
  }
  seen = [];
  result("true");
  await app.chatRoom("a").delete({ id: 18446744073709551615n });
  assert.match(seen[0]?.body ?? "", /"params":\{"id":18446744073709551615\}/);

  seen = [];
  const tree = { weight: 18446744073709551615n, children: [{ weight: 1n, children: [] }] };
  const text = '{"weight":18446744073709551615,"children":[{"weight":1,"children":[]}]}';
  result(text);
  assert.deepEqual(await app.chatRoom("a").tree({ root: Object.freeze(tree) }), tree);
  assert.ok(seen[0]?.body.includes(`"root":${text}`), seen[0]?.body);
});

test("as bigint, what is no integer of 64 bits stays what it is", async () => {
  const app = bigint.connect(url);
  const digits = "1234567890123456789";
  // Texts that look like integers, escapes, a mark that is taken, floats and exponents beside a wide integer.
  result(`{"$at":${digits},"from":"\\"${digits},#","text":":${digits}\\\\","##":1}`);
  assert.deepEqual(await app.chatRoom("a").await({ class: {} }), {
    $at: BigInt(digits), from: `"${digits},#`, text: `:${digits}\\`, "##": 1,
  });
  result(`[${digits},1e300,{"kind":"share","amount":36028797018963971}]`);
  const [total, share, entry] = await app.ledger("a", { connect: false }).post({ entry: { kind: "share", amount: 0.5 } });
  assert.deepEqual([total, share, entry], [BigInt(digits), 1e300, { kind: "share", amount: 36028797018963971 }]);
  result(`[1,2,{"kind":"transfer","amount":${digits},"to":"x"}]`);
  const [one, two, transfer] = await app.ledger("a", { connect: false }).post({ entry: { kind: "transfer", amount: 5n, to: "y" } });
  assert.deepEqual([one, two, transfer], [1n, 2, { kind: "transfer", amount: BigInt(digits), to: "x" }]);
});

test("as bigint, details of errors are exact", async () => {
  error(`{"code":1,"message":"full","data":{"code":"room.full","details":{"max":3,"total":18446744073709551615}}}`);
  const outcome = await bigint.settle(bigint.connect(url).chatRoom("a").say({ text: "x" }));
  assert.ok(!outcome.ok && outcome.error.code === "room.full");
  assert.deepEqual(outcome.error.details, { max: 3, total: 18446744073709551615n });
});

test("as bigint, params are the JSON that JSON.stringify writes", async () => {
  result("[]");
  const value = { date: new Date(0), skipped: undefined, list: [undefined, null, "\u2028\"", NaN, 1e21], nested: { "a\"b": true } };
  await bigint.connect(url).chatRoom("a").then_2({ value });
  const body = JSON.parse(seen[0]?.body ?? "") as { params: { value: unknown } };
  assert.equal(JSON.stringify(body.params.value), JSON.stringify(value));
});

test("a prototype is neither read nor written", async () => {
  result('{"__proto__":1,"x":{"__proto__":2}}');
  const app = bigint.connect(url);
  const root = await app.chatRoom("a").tree({ root: { weight: 1n, children: [] } });
  assert.equal(({} as Record<string, unknown>)["x"], undefined);
  assert.equal(Object.getPrototypeOf(root), Object.prototype);
});
