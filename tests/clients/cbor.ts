// The generated client in CBOR against a real app, whose URL is in the environment.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as bigint from "./bigint/index.js";
import { cbor as exact } from "./bigint/cbor.js";
import * as room from "./room/index.js";
import { cbor } from "./room/cbor.js";

const url = process.env["STAYPUT_URL"] ?? "";
const app = room.connect(url, { encoding: cbor }).room("cbor");

/** Random numbers that are the same at each run. */
let state = 7;
function below(bound: number): number {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return Math.floor((state / 2 ** 32) * bound);
}

/** A value that JSON can say, often one at the edge of a form. */
function value(depth: number): unknown {
  const list = <T>(make: () => T): T[] => Array.from({ length: below(below(20) === 0 ? 300 : 5) }, make);
  switch (below(depth > 0 ? 8 : 6)) {
    case 0:
      return [null, true, false][below(3)];
    case 1:
      return (below(2) === 0 ? 1 : -1) * Math.min(2 ** below(54) + below(3) - 1, Number.MAX_SAFE_INTEGER) + 0;
    case 2:
      return below(1000) / 8;
    case 3:
      return (below(2 ** 31) + 0.1) * 10 ** (below(590) - 300);
    case 4:
      return Math.fround(below(2 ** 31) / 7);
    case 5:
      return text();
    case 6:
      return list(() => value(depth - 1));
    default:
      return Object.fromEntries(list(() => [text(), value(depth - 1)]));
  }
}

function text(): string {
  const points = [0, 0x22, 0x5c, 0x61, 0xe9, 0x20ac, 0xfeff, 0xffff, 0x1f600, 0x10ffff];
  return String.fromCodePoint(...Array.from({ length: below(below(10) === 0 ? 400 : 6) }, () => points[below(points.length)] ?? 0));
}

/** The bytes of hex digits. */
function bytes(hex: string): ArrayBuffer {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)).buffer;
}

function hex(buffer: ArrayBuffer): string {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

test("whatever JSON can say goes to an app and back", async () => {
  for (let round = 0; round < 400; round += 1) {
    const given = value(4);
    assert.deepEqual(await app.echo({ value: given }), given);
    assert.deepEqual(cbor.decode(cbor.encode(given), Number), given);
  }
});

test("both forms bring the same", async () => {
  const given = { date: new Date(0), skipped: undefined, list: [undefined, () => 1, NaN, 1e21, 2 ** 60, -0], "a\"b": [] };
  const plain = room.connect(url).room("cbor");
  assert.deepEqual(await app.echo({ value: given }), await plain.echo({ value: given }));
  const own = JSON.parse('{"__proto__":{"x":1}}') as unknown;
  const back = await app.echo({ value: own });
  assert.ok(Object.hasOwn(back as object, "__proto__"));
  assert.deepEqual([JSON.stringify(back), ({} as { x?: number }).x], ['{"__proto__":{"x":1}}', undefined]);
  // A key that was given in one form is known in the other.
  assert.equal(await plain.say({ text: "once" }, { key: "k" }), await app.say({ text: "once" }, { key: "k" }));
});

test("bytes are sent as bytes", async () => {
  const given = Uint8Array.from({ length: 300 }, (_, at) => at % 256);
  assert.deepEqual(await app.echo({ value: given }), Array.from(given));
});

test("errors are those of JSON", async () => {
  const full = await room.settle(app.fill());
  assert.ok(!full.ok && full.error.code === "room.full");
  assert.deepEqual([full.error.details, full.error.retryable, full.error.status], [{ max: 3 }, true, 200]);
  await assert.rejects(app.say({ text: 7 as unknown as string }), { code: "invalid_params" });
  await assert.rejects(app.say({ text: "\ud800" }), { code: "parse_error" });
});

test("as numbers, integers beyond 2^53-1 are refused both ways", async () => {
  await assert.rejects(app.wide({ natural: 2 ** 53, whole: 0 }), { code: "unsafe_integer", maybeExecuted: false });
  await assert.rejects(app.widest(), { code: "unsafe_integer", maybeExecuted: true });
});

test("as bigint, integers are exact both ways", async () => {
  const app = bigint.connect(url, { encoding: exact }).room("cbor");
  for (const [natural, whole] of [
    [0n, -1n],
    [2n ** 53n - 1n, -(2n ** 53n) + 1n],
    [2n ** 53n, -(2n ** 53n)],
    [2n ** 53n + 1n, -(2n ** 53n) - 1n],
    [2n ** 64n - 1n, -(2n ** 63n)],
  ] as const) {
    assert.deepEqual(await app.wide({ natural, whole }), [natural, whole]);
  }
  assert.deepEqual(await app.widest(), [2n ** 64n - 1n, -(2n ** 63n)]);
});

test("answers that are none are told from those that are", async () => {
  const headers = { get: () => "application/cbor" };
  for (const body of ["", "ff", "a1", "a10102", "0000", "7bffffffffffffffff", "9bffffffffffffffff", "62c328", "1c", "f8ff"]) {
    const fetch = async (): Promise<{ status: number; headers: typeof headers; text(): Promise<string>; arrayBuffer(): Promise<ArrayBuffer> }> => ({
      status: 200,
      headers,
      text: async () => assert.fail("it is no text"),
      arrayBuffer: async () => bytes(body),
    });
    const none = room.connect(url, { encoding: cbor, fetch }).room("x").count();
    await assert.rejects(none, { code: "bad_answer" }, body);
  }
});

test("an app that does not speak it says so", async () => {
  const refuses = '{"error":{"code":"unsupported_media_type","message":"no","data":{}}}';
  const fetch = async (): Promise<Response> => new Response(refuses, { status: 415, headers: { "content-type": "application/json" } });
  await assert.rejects(room.connect(url, { encoding: cbor, fetch }).room("x").count(), { code: "unsupported_media_type", status: 415 });
});

// RFC 8949, appendix A.
test("every form is read", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["1bffffffffffffffff", 18446744073709551615n],
    ["c249010000000000000000", 18446744073709551616n],
    ["3bffffffffffffffff", -18446744073709551616n],
    ["c349010000000000000000", -18446744073709551617n],
    ["f90000", 0],
    ["f93c00", 1],
    ["f93e00", 1.5],
    ["f97bff", 65504],
    ["f90001", 5.960464477539063e-8],
    ["f90400", 0.00006103515625],
    ["f9c400", -4],
    ["f97c00", Infinity],
    ["fa47c35000", 100000],
    ["fb7e37e43c8800759c", 1e300],
    ["f7", null],
    ["c074323031332d30332d32315432303a30343a30305a", "2013-03-21T20:04:00Z"],
    ["5f42010243030405ff", [1, 2, 3, 4, 5]],
    ["7f657374726561646d696e67ff", "streaming"],
    ["9f018202039f0405ffff", [1, [2, 3], [4, 5]]],
    ["bf61610161629f0203ffff", { a: 1, b: [2, 3] }],
  ];
  for (const [given, expected] of cases) assert.deepEqual(cbor.decode(bytes(given), (wide) => wide), expected, given);
});

test("what is written is as short as it can be", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [23, "17"],
    [24, "1818"],
    [256, "190100"],
    [65536, "1a00010000"],
    [2 ** 32, "1b0000000100000000"],
    [-1, "20"],
    [-(2 ** 32) - 1, "3b0000000100000000"],
    [2n ** 64n, "c249010000000000000000"],
    [-(2n ** 64n) - 1n, "c349010000000000000000"],
    [1.5, "fa3fc00000"],
    [1.1, "fb3ff199999999999a"],
    [NaN, "f6"],
    [undefined, "f6"],
    [{ b: 1, a: [true, "ü"] }, "a2616201616182f562c3bc"],
    [new Uint8Array([1, 2]), "420102"],
  ];
  for (const [given, expected] of cases) assert.equal(hex(cbor.encode(given)), expected, String(given));
});
