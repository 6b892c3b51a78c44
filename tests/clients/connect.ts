// What a connection says when it is made, and which rooms it hears, against a running app.

import assert from "node:assert/strict";
import { test } from "node:test";

import { WebSocket } from "ws";

import * as bigint from "./bigint/index.js";
import { connect, type DeskConnect } from "./room/index.js";

const url = process.env["STAYPUT_URL"] ?? "";
const quick = { WebSocket, reconnect: { minMs: 5, maxMs: 50, stableMs: 10 } };

test("what it says arrives as it was said", async () => {
  const app = connect(url, quick);
  const said: DeskConnect[] = [
    { name: "ann", since: 3, tags: ["one", "two"] },
    { name: 'a&b= +\u00e9\u{1f600}"?#%', tags: ["only"] },
    { name: "7", since: 0 },
    { name: "true", tags: [] },
    { name: "", since: undefined },
    { name: '{"a": 1}', since: null },
  ];
  for (const connect of said) {
    const desk = app.desk("said", { connect });
    await desk.$connect();
    const expected = { name: connect.name, since: connect.since ?? null, tags: connect.tags ?? [] };
    assert.deepEqual(await desk.who({ transport: "socket" }), expected);
    desk.$close();
  }
});

test("integers are exact, or refused", async () => {
  const desk = bigint.connect(url, quick).desk("wide", { connect: { name: "ann", since: 2n ** 64n - 1n } });
  assert.deepEqual(await desk.who({ transport: "socket" }), { name: "ann", since: 2n ** 64n - 1n, tags: [] });
  desk.$close();
  const inexact = { connect: { name: "ann", since: 2 ** 60 } };
  assert.throws(() => connect(url, quick).desk("wide", inexact), { code: "unsafe_integer" });
  const broken = { connect: { name: "\ud800" } };
  assert.throws(() => connect(url, quick).desk("wide", broken), { code: "invalid_params" });
});

test("handles that say the same share a connection, and it says it again when it is made anew", async () => {
  const app = connect(url, quick);
  const ann = app.desk("shared", { connect: { name: "ann", since: 1 } });
  const again = app.desk("shared", { connect: { since: 1, name: "ann" } });
  const ben = app.desk("shared", { connect: { name: "ben" } });
  const silent = app.desk("shared", { connect: false });
  await ann.$connect();
  await again.$connect();
  assert.equal(await silent.came(), 1);
  await ben.$connect();
  assert.equal(await silent.came(), 2);
  assert.deepEqual([(await ann.who())?.name, (await ben.who())?.name, await silent.who()], ["ann", "ben", null]);
  assert.throws(() => silent.$onStatus(() => {}), { code: "invalid_request" });
  await assert.rejects(silent.$connect(), { code: "invalid_request" });
  assert.deepEqual(silent.$status, { state: "idle" });
  for (const handle of [ann, ben, silent]) handle.$close();
});

test("what the object does not take is refused for good", async () => {
  const desk = connect(url, quick).desk("refused", { connect: { nmae: "ann" } as unknown as DeskConnect });
  // Browsers do not say why an upgrade failed, so it is tried again; what matters is that nobody came.
  const watched = new Promise<void>((resolve) => desk.$onStatus((status) => void (status.state === "reconnecting" && resolve())));
  desk.$connect().catch(() => {});
  await watched;
  assert.equal(await connect(url, quick).desk("refused", { connect: false }).came(), 0);
  desk.$close();
});

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !holds(); waited += 5) {
    assert.ok(waited < 10_000, `never ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

test("who is in several rooms can tell them apart, also through a lost connection", async () => {
  const app = connect(url, quick);
  const desk = app.desk("rooms", { connect: { name: "ann", rooms: ["red", "blue"] } });
  const other = app.desk("rooms", { connect: false });
  const heard: Record<string, string[]> = { all: [], red: [], both: [], stopped: [], read: [] };
  const note = (by: string) => ({ text }: { text: string }): void => void heard[by]?.push(text);
  const stop = new AbortController();
  desk.$on("told", note("all"));
  desk.$on("told", note("red"), { room: "red" });
  desk.$on("told", note("both"), { room: ["red", "blue"] });
  desk.$on("told", note("stopped"), { room: "red", signal: stop.signal });
  const read = (async () => {
    for await (const told of desk.$events("told", { room: "red" })) note("read")(told);
  })();
  const once = desk.$once("told", { room: "blue" });
  await desk.$connect();
  for (const rooms of [[], ["red"], ["blue"], ["green"], ["blue", "red"]]) await other.tell({ text: rooms.join() || "all", rooms });
  await until(() => heard["all"]?.length === 4, "heard all");
  stop.abort();
  assert.deepEqual(heard, {
    all: ["all", "red", "blue", "blue,red"],
    red: ["red", "blue,red"],
    both: ["red", "blue", "blue,red"],
    stopped: ["red", "blue,red"],
    read: ["red", "blue,red"],
  });
  assert.deepEqual(await once, { text: "blue" });
  // What is kept says its rooms as well.
  await desk.hang_up({ transport: "socket" }).catch(() => {});
  for (const rooms of [["blue"], ["red"], []]) await other.tell({ text: rooms.join() || "all", rooms });
  await until(() => heard["all"]?.length === 7, "heard all of the time between");
  assert.deepEqual(heard["red"], ["red", "blue,red", "red"]);
  assert.deepEqual(heard["both"], ["red", "blue", "blue,red", "blue", "red"]);
  assert.deepEqual(heard["stopped"], ["red", "blue,red"]);
  desk.$close();
  await read;
  assert.deepEqual(heard["read"], ["red", "blue,red", "red"]);
});
