// Durable events through lost connections, against a running app: every one, once, in order.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { WebSocket } from "ws";

import { connect } from "./room/index.js";

const url = process.env["STAYPUT_URL"] ?? "";
const quick = { WebSocket, reconnect: { minMs: 5, maxMs: 50, stableMs: 10 } };

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !holds(); waited += 5) {
    assert.ok(waited < 10_000, `never ${what}`);
    await sleep(5);
  }
}

test("a listener goes on where it was", async () => {
  const [heard, faults]: [number[], string[]] = [[], []];
  const room = connect(url, quick).room("resumed");
  const writer = connect(url, { WebSocket }).room("resumed");
  room.$on("noted", ({ number }) => void heard.push(number), (error) => void faults.push(error.code));
  await room.$connect();
  let written = 0;
  for (let round = 0; round < 8; round += 1) {
    written = await writer.note({ times: 3 });
    await room.leave({ code: 4000 }).catch(() => {});
    // More than a page, once.
    written = await writer.note({ times: round === 3 ? 700 : 20 });
    await until(() => heard.at(-1) === written, `heard of ${written}`);
  }
  assert.deepEqual(heard, Array.from({ length: written }, (_, index) => index + 1));
  assert.deepEqual(faults, []);
  room.$close();
});

test("who begins later hears of what comes then", async () => {
  const room = connect(url, quick).room("later");
  const writer = connect(url, { WebSocket }).room("later");
  await writer.note({ times: 2 });
  const heard: number[] = [];
  const stop = room.$on("noted", ({ number }) => void heard.push(number));
  await room.$connect();
  await writer.note({ times: 1 });
  await until(() => heard.length === 1, "heard");
  // Who stopped and begins anew does not hear of the time between.
  stop();
  await writer.note({ times: 1 });
  room.$on("noted", ({ number }) => void heard.push(number));
  await room.listeners();
  await sleep(50);
  await writer.note({ times: 1 });
  await until(() => heard.length === 2, "heard again");
  assert.deepEqual(heard, [3, 5]);
  room.$close();
});

test("what is not kept any more is told", async () => {
  const [heard, faults]: [number[], string[]] = [[], []];
  const room = connect(url, quick).room("gap");
  const writer = connect(url, { WebSocket }).room("gap");
  room.$on("noted", ({ number }) => void heard.push(number), (error) => void faults.push(error.code));
  const events = room.$events("noted");
  await room.$connect();
  await writer.note({ times: 1 });
  await until(() => heard.length === 1, "heard");
  assert.equal((await events.next()).value?.number, 1);
  await room.leave({ code: 4000 }).catch(() => {});
  // Another life of the object: its log is another one.
  await writer.end();
  await until(() => faults.length === 1, "told");
  assert.deepEqual(faults, ["gap"]);
  await assert.rejects(events.next(), { code: "gap" });
  await writer.note({ times: 1 });
  await until(() => heard.length === 2, "heard after it");
  assert.deepEqual(heard, [1, 1]);
  room.$close();
});
