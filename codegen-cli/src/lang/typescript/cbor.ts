
import { refused } from "./stayput.js";
import type { Encoding } from "./stayput.js";

/**
 * Calls over HTTP in CBOR (RFC 8949), for apps that speak it: `connect(url, { encoding: cbor })`.
 *
 * A `Uint8Array` in what is sent is a byte string, which the app reads as a list of numbers.
 */
export const cbor: Encoding = {
  mediaType: "application/cbor",
  encode(value) {
    const writer = new Writer();
    writer.value(said(value) ?? null);
    return writer.end();
  },
  decode: (bytes, wide) => new Reader(bytes, wide).whole(),
};

/** What the first three bits of a value say it is. */
const Kind = { integer: 0, negative: 1, bytes: 2, text: 3, list: 4, map: 5, tag: 6, other: 7 } as const;

const FALSE = 20;
const TRUE = 21;
const NULL = 22;
const UNDEFINED = 23;
const FLOAT_16 = 25;
const FLOAT_32 = 26;
const FLOAT_64 = 27;
/** In place of a length: it is not known. In place of a value: this was the last. */
const OPEN = 31;
/** The tag of an integer beyond 64 bits; one more, and it is negative. */
const BIG = 2;

/** What `JSON.stringify` would write; `undefined`: nothing. */
function said(value: unknown): unknown {
  const own = typeof value === "object" && value !== null && "toJSON" in value && typeof value.toJSON === "function";
  const said: unknown = own ? (value as { toJSON(): unknown }).toJSON() : value;
  return typeof said === "function" || typeof said === "symbol" ? undefined : said;
}

class Writer {
  #bytes = new ArrayBuffer(256);
  #view = new DataView(this.#bytes);
  #at = 0;

  end(): ArrayBuffer {
    return this.#bytes.slice(0, this.#at);
  }

  value(value: unknown): void {
    if (typeof value === "string") this.#text(value);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "bigint") this.#integer(value);
    else if (typeof value === "boolean") this.#head(Kind.other, value ? TRUE : FALSE);
    else if (value instanceof Uint8Array) this.#chunk(Kind.bytes, value);
    else if (Array.isArray(value)) this.#list(value);
    else if (typeof value === "object" && value !== null) this.#map(value);
    else this.#head(Kind.other, NULL);
  }

  #list(list: readonly unknown[]): void {
    this.#head(Kind.list, list.length);
    for (const item of list) this.value(said(item) ?? null);
  }

  /** In the order of the members: an idempotency key is good for JSON and CBOR alike. */
  #map(map: object): void {
    const members = Object.entries(map).flatMap(([name, value]: [string, unknown]) => {
      const member = said(value);
      return member === undefined ? [] : [[name, member] as const];
    });
    this.#head(Kind.map, members.length);
    for (const [name, member] of members) {
      this.#text(name);
      this.value(member);
    }
  }

  #text(text: string): void {
    // It would be sent as another text.
    if (/\p{Surrogate}/u.test(text)) throw refused("parse_error", "a text has a lone surrogate");
    this.#chunk(Kind.text, new TextEncoder().encode(text));
  }

  #number(value: number): void {
    // As JSON has it: no number is `null`, and beyond 10^21 everything has an exponent.
    if (!Number.isFinite(value)) return this.#head(Kind.other, NULL);
    if (Number.isInteger(value) && Math.abs(value) < 1e21) return this.#integer(value);
    if (Math.fround(value) === value) {
      this.#room(5);
      this.#first(Kind.other, FLOAT_32);
      this.#view.setFloat32(this.#at, value);
      this.#at += 4;
    } else {
      this.#room(9);
      this.#first(Kind.other, FLOAT_64);
      this.#view.setFloat64(this.#at, value);
      this.#at += 8;
    }
  }

  #integer(value: number | bigint): void {
    const small = Number(value);
    if (Number.isSafeInteger(small)) {
      return small < 0 ? this.#head(Kind.negative, -1 - small) : this.#head(Kind.integer, small);
    }
    const wide = BigInt(value);
    const negative = wide < 0;
    const rest = negative ? ~wide : wide;
    if (BigInt.asUintN(64, rest) === rest) return this.#head(negative ? Kind.negative : Kind.integer, rest);
    let hex = rest.toString(16);
    if (hex.length % 2 === 1) hex = `0${hex}`;
    this.#head(Kind.tag, negative ? BIG + 1 : BIG);
    this.#chunk(Kind.bytes, Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)));
  }

  #chunk(kind: number, bytes: Uint8Array): void {
    this.#head(kind, bytes.length);
    this.#room(bytes.length);
    new Uint8Array(this.#bytes).set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** What a value begins with, in as few bytes as there can be. */
  #head(kind: number, argument: number | bigint): void {
    this.#room(9);
    if (argument < 24) {
      this.#first(kind, Number(argument));
    } else if (argument < 0x100) {
      this.#first(kind, 24);
      this.#view.setUint8(this.#at, Number(argument));
      this.#at += 1;
    } else if (argument < 0x1_0000) {
      this.#first(kind, 25);
      this.#view.setUint16(this.#at, Number(argument));
      this.#at += 2;
    } else if (argument < 0x1_0000_0000) {
      this.#first(kind, 26);
      this.#view.setUint32(this.#at, Number(argument));
      this.#at += 4;
    } else {
      this.#first(kind, 27);
      this.#view.setBigUint64(this.#at, BigInt(argument));
      this.#at += 8;
    }
  }

  #first(kind: number, low: number): void {
    this.#view.setUint8(this.#at, (kind << 5) | low);
    this.#at += 1;
  }

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.byteLength) return;
    const larger = new ArrayBuffer(Math.max(this.#at + more, 2 * this.#bytes.byteLength));
    new Uint8Array(larger).set(new Uint8Array(this.#bytes));
    this.#bytes = larger;
    this.#view = new DataView(larger);
  }
}

/** Reads one value. What is wrong is thrown; reading beyond the end is a `RangeError`. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #wide: (value: bigint) => unknown;
  #at = 0;

  constructor(bytes: ArrayBuffer, wide: (value: bigint) => unknown) {
    this.#bytes = new Uint8Array(bytes);
    this.#view = new DataView(bytes);
    this.#wide = wide;
  }

  whole(): unknown {
    const value = this.#value();
    if (this.#at < this.#bytes.length) throw new SyntaxError("something follows the value");
    return value;
  }

  #value(): unknown {
    const first = this.#byte();
    const [kind, low] = [first >> 5, first & 31];
    switch (kind) {
      case Kind.integer: {
        const value = this.#argument(low);
        return typeof value === "number" ? value : this.#wide(value);
      }
      case Kind.negative: {
        const rest = this.#argument(low);
        return this.#exact(~BigInt(rest));
      }
      case Kind.bytes:
        return Array.from(this.#chunks(kind, low)).flatMap((bytes) => Array.from(bytes));
      case Kind.text:
        return this.#text(low);
      case Kind.list: {
        const list: unknown[] = [];
        for (let left = this.#length(low); this.#more(left); left -= 1) list.push(this.#value());
        return list;
      }
      case Kind.map:
        return this.#map(low);
      case Kind.tag:
        return this.#tagged(this.#argument(low));
      default:
        return this.#other(low);
    }
  }

  #map(low: number): object {
    const map: Record<string, unknown> = {};
    for (let left = this.#length(low); this.#more(left); left -= 1) {
      const first = this.#byte();
      if (first >> 5 !== Kind.text) throw new SyntaxError("a key is no text");
      const name = this.#text(first & 31);
      // Written as a member is, this one would be the prototype.
      if (name === "__proto__") {
        Object.defineProperty(map, name, { value: this.#value(), configurable: true, enumerable: true, writable: true });
      } else {
        map[name] = this.#value();
      }
    }
    return map;
  }

  /** What a tag stands on; of an integer beyond 64 bits, the integer. */
  #tagged(tag: number | bigint): unknown {
    if (tag !== BIG && tag !== BIG + 1) return this.#value();
    const first = this.#byte();
    if (first >> 5 !== Kind.bytes) throw new SyntaxError("an integer is no byte string");
    let value = BigInt(0);
    for (const bytes of this.#chunks(Kind.bytes, first & 31)) {
      for (const byte of bytes) value = value * BigInt(256) + BigInt(byte);
    }
    return this.#exact(tag === BIG ? value : ~value);
  }

  #other(low: number): unknown {
    switch (low) {
      case FALSE:
        return false;
      case TRUE:
        return true;
      case NULL:
      case UNDEFINED:
        return null;
      case FLOAT_16:
        return half(this.#view.getUint16(this.#take(2)));
      case FLOAT_32:
        return this.#view.getFloat32(this.#take(4));
      case FLOAT_64:
        return this.#view.getFloat64(this.#take(8));
      default:
        throw new SyntaxError("a value that JSON has not");
    }
  }

  #text(low: number): string {
    // A mark at the beginning is a character like any other.
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    let text = "";
    for (const bytes of this.#chunks(Kind.text, low)) text += decoder.decode(bytes);
    return text;
  }

  /** The parts of a string: one, where its length is known. */
  *#chunks(kind: number, low: number): Generator<Uint8Array> {
    if (low !== OPEN) return yield this.#chunk(low);
    while (this.#more(Infinity)) {
      const first = this.#byte();
      if (first >> 5 !== kind || (first & 31) === OPEN) throw new SyntaxError("a string has parts of another kind");
      yield this.#chunk(first & 31);
    }
  }

  #chunk(low: number): Uint8Array {
    const length = Number(this.#argument(low));
    const start = this.#take(length);
    if (this.#at > this.#bytes.length) throw new RangeError("a string goes beyond the end");
    return this.#bytes.subarray(start, this.#at);
  }

  /** How many items follow: `Infinity` where a mark ends them. */
  #length(low: number): number {
    return low === OPEN ? Infinity : Number(this.#argument(low));
  }

  #more(left: number): boolean {
    if (left !== Infinity) return left > 0;
    const ends = this.#view.getUint8(this.#at) === ((Kind.other << 5) | OPEN);
    if (ends) this.#at += 1;
    return !ends;
  }

  #argument(low: number): number | bigint {
    switch (low) {
      case 24:
        return this.#byte();
      case 25:
        return this.#view.getUint16(this.#take(2));
      case 26:
        return this.#view.getUint32(this.#take(4));
      case 27: {
        const wide = this.#view.getBigUint64(this.#take(8));
        return Number.isSafeInteger(Number(wide)) ? Number(wide) : wide;
      }
      default:
        if (low < 24) return low;
        throw new SyntaxError("a length that there is not");
    }
  }

  #exact(value: bigint): unknown {
    const small = Number(value);
    return Number.isSafeInteger(small) ? small : this.#wide(value);
  }

  #byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /** Goes on by so many bytes; where they begin. */
  #take(count: number): number {
    const start = this.#at;
    this.#at += count;
    return start;
  }
}

/** A float of 16 bits: 1 of the sign, 5 of the exponent, 10 of the fraction. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits >> 15 === 1 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}
