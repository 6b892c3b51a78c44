
import { Live, iterate, nextId, noEvent, steer, tokenOf } from "./live.js";
import type { Listener, LiveOptions, Status } from "./live.js";

/** What a client is made with. */
export interface ConnectOptions extends LiveOptions {
  /** Headers of every request, or a function that is asked for them before each. */
  headers?: Headers | (() => Headers | Promise<Headers>) | undefined;
  /** Used instead of the global `fetch`. */
  fetch?: Fetch | undefined;
  /** How long a call may take, in milliseconds, unless it says so itself. No limit if left out. */
  timeoutMs?: number | undefined;
  /** Another form of calls over HTTP than JSON, for apps that speak it: `cbor` of `./cbor.js`. */
  encoding?: Encoding | undefined;
}

/** A form of messages. */
export interface Encoding {
  readonly mediaType: string;
  /** The bytes of a message: of the values that `JSON.stringify` would write, and of each `bigint`, an integer. */
  encode(value: unknown): ArrayBuffer;
  /** The message of bytes; throws if they are none. `wide` makes what stands for an integer beyond 2^53-1. */
  decode(bytes: ArrayBuffer, wide: (value: bigint) => unknown): unknown;
}

/** What one call is made with. */
export interface CallOptions {
  /** Ends the wait for the answer. The action may have taken effect all the same. */
  signal?: AbortSignal | undefined;
  /** How long this call may take, in milliseconds. */
  timeoutMs?: number | undefined;
  /**
   * The idempotency key of this call: made again with it, the call is not run again, but answers what it answered. A call
   * without an answer can so be repeated: `const key = crypto.randomUUID()`.
   */
  key?: string | undefined;
  /** Headers of this request, beside those of the client. Only requests over HTTP have any. */
  headers?: Headers | undefined;
  /**
   * `"socket"`: over the object's connection, which is opened if need be. `"http"`: as a request of its own. Without a
   * word: over the connection if there is one, else over HTTP.
   */
  transport?: "http" | "socket" | undefined;
}

/** What listening is done with. */
export interface ListenOptions {
  /** Ends it. */
  signal?: AbortSignal | undefined;
  /**
   * Only what the object sent to this room, or to one of these; what it sent everywhere is not among it. The connection must
   * be in the room to be sent it at all.
   */
  room?: string | readonly string[] | undefined;
}

/** What a listener is added with. */
export interface ListenerOptions extends ListenOptions {
  /** Is told why nothing comes any more, and of a `gap`. */
  onError?: ((error: StayputError) => void) | undefined;
}

export type Headers = Readonly<Record<string, string>>;

/** The part of `fetch` that is used. Bodies are bytes where the client has an `encoding`. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body: string | ArrayBuffer; signal: AbortSignal },
) => Promise<Fetched>;

/** The part of a `Response` that is used; what may be missing is for an `encoding` only. */
export interface Fetched {
  readonly status: number;
  readonly headers?: { get(name: string): string | null } | undefined;
  text(): Promise<string>;
  arrayBuffer?(): Promise<ArrayBuffer>;
}

/** The id of an object. Any string fits, but for ids that are known to be of another class. */
export type ObjectId<Class extends string = string> = string & { readonly $class?: Class };

/** A call on its way: a promise of the result that also knows what it may fail with (see `settle`). */
export type Call<Result, E> = Promise<Result> & { readonly $error?: E };

/**
 * The items of a result. Read one by one they come over the object's connection, no faster than they are read; `break`
 * ends the result:
 *
 *     for await (const item of room.countdown({ from: 3 })) ..
 *
 * Awaited it is a promise of all of them.
 */
export type Items<Item, E> = Call<Item[], E> & { [Symbol.asyncIterator](): AsyncIterableIterator<Item> };

/** How a call went. */
export type Settled<Result, E> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly error: E };

/** Codes that this client gives; the app never sees them. */
export type ClientCode =
  /** The request or its answer was lost: no connection, or one that broke. */
  | "network"
  /** The call's `signal` was aborted; `cause` is its reason. */
  | "aborted"
  /** `timeoutMs` went by without an answer. */
  | "client_timeout"
  /** An integer beyond 2^53-1, which a `number` does not hold. Generate the client with `--bigint`. */
  | "unsafe_integer"
  /** Whatever answered, it was no stayput app. */
  | "bad_answer"
  /** The token cannot be had, or a WebSocket cannot carry it. */
  | "bad_token"
  /** There is no `WebSocket` to connect with. */
  | "no_websocket"
  /** Events came faster than an iterator was read. */
  | "overflow"
  /** While there was no connection more happened than the app keeps: some events of a durable kind are missing. */
  | "gap";

/** Codes that the framework gives, whatever the action. */
export type FrameworkCode =
  | "auth_unavailable"
  | "bad_host"
  | "bad_origin"
  | "bad_reply"
  | "batch_too_large"
  | "cancelled"
  | "config.binding_missing"
  | "config.invalid"
  | "config.missing"
  | "config.open_listener"
  | "conflict"
  | "deadlock"
  | "depth_exceeded"
  | "draining"
  | "forbidden"
  | "internal"
  | "invalid_id"
  | "invalid_name"
  | "invalid_params"
  | "invalid_request"
  | "isolate_reset"
  | "js_exception"
  | "key_in_use"
  | "key_reused"
  | "malformed_request"
  | "method_not_allowed"
  | "method_not_found"
  | "not_found"
  | "object_reset"
  | "overloaded"
  | "parse_error"
  | "rate_limited"
  | "read_only_chain"
  | "reentrant_call"
  | "request_timeout"
  | "state.migration"
  | "state.newer_than_code"
  | "state.unreadable"
  | "state.unstorable"
  | "storage"
  | "storage.quarantined"
  | "storage_full"
  | "storage.unsupported"
  | "timeout"
  | "too_deep"
  | "too_large"
  | "unauthenticated"
  | "unsupported_media_type"
  | "upgrade_required";

/**
 * A code that was not known when this client was generated, as the app sent it. The question mark is in the type only:
 * it lets a comparison with a known code rule this one out.
 */
export type UnknownCode = `${string}?`;

/** What any action may fail with. */
export type ActionError =
  | StayputError<FrameworkCode, unknown>
  | StayputError<ClientCode, undefined>
  | StayputError<UnknownCode, unknown>;

/** What an error knows. */
export interface Fault<Code extends string, Details> {
  readonly code: Code;
  readonly message: string;
  readonly details: Details;
  readonly retryable: boolean;
  readonly maybeExecuted: boolean;
  readonly requestId?: string | undefined;
  readonly status?: number | undefined;
  readonly cause?: unknown;
}

/** Why a call failed. `code` tells errors apart. */
export class StayputError<Code extends string = string, Details = unknown> extends Error {
  readonly code: Code;
  /** What the action says beside the code. */
  readonly details: Details;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** Whether the action may have taken effect all the same. */
  readonly maybeExecuted: boolean;
  /** The request's id in the app's log. */
  readonly requestId: string | undefined;
  /** The HTTP status of the answer, if there was one. */
  readonly status: number | undefined;

  constructor(fault: Fault<Code, Details>) {
    super(fault.message, fault.cause === undefined ? undefined : { cause: fault.cause });
    // Where others look for an abort, they look for this name.
    this.name = fault.code === "aborted" ? "AbortError" : "StayputError";
    this.code = fault.code;
    this.details = fault.details;
    this.retryable = fault.retryable;
    this.maybeExecuted = fault.maybeExecuted;
    this.requestId = fault.requestId;
    this.status = fault.status;
  }
}

/** Waits for a call without throwing what it fails with: `error` has the types that the action declares. */
export async function settle<Result, E>(call: Call<Result, E>): Promise<Settled<Result, E>> {
  try {
    return { ok: true, value: await call };
  } catch (error) {
    if (error instanceof StayputError) return { ok: false, error: error as E };
    throw error;
  }
}

/** What a handle is made with. */
export interface HandleOptions<Connect extends object = object> {
  /**
   * What its connection says. Handles that say the same share a connection, those that say something else have another.
   * `false`: it only calls, over HTTP, and is never connected.
   */
  connect?: Connect | false | undefined;
}

/** What connections to a class say that asks for nothing. */
export type Nothing = Readonly<Record<string, never>>;

/** Options, which may be left out where a connection may be made without a word. */
export type HandleArgs<Connect extends object> =
  {} extends Connect ? [options?: HandleOptions<Connect>] : [options: HandleOptions<Connect> & { connect: Connect | false }];

/** The objects of a class. */
export interface ObjectClass<Handle, Class extends string, Connect extends object = Nothing> {
  /** The object of this name. */
  (name: string, ...options: HandleArgs<Connect>): Handle;
  /** The object of this id, 64 hex digits. */
  $byId(id: ObjectId<Class>, ...options: HandleArgs<Connect>): Handle;
}

/** Which object a handle calls. */
export interface Target<Class extends string = string> {
  readonly transport: Transport;
  readonly class: Class;
  /** The name it was asked for by. */
  readonly name: string | undefined;
  /** The id it was asked for by. */
  readonly id: ObjectId<Class> | undefined;
  /** The object's URL. */
  readonly url: string;
  /** What it is connected by; `undefined`: it is not. */
  readonly liveUrl: string | undefined;
}

/** The wire name of each event of a handle, and where 64-bit integers are in its data. */
export type EventTable = Readonly<Record<string, readonly [wire: string, shape?: Shape]>>;

/**
 * What every handle has. Members of ours start with `$`; all others are actions and mixins.
 *
 * All handles of one object share one connection, mixins' included.
 */
export abstract class ObjectHandle<Class extends string = string, Events extends object = object> {
  readonly $target: Target<Class>;
  protected readonly $wire: EventTable = {};

  constructor(target: Target<Class>) {
    this.$target = target;
  }

  /**
   * Calls `listener` with every event of this name, until the returned function is called. The connection is made if
   * need be, and made again when it is lost. Then durable events of the meantime come first, each once and in order, and
   * the latest one of each key of those of which it is kept; other events of the meantime are lost (see `$onStatus`).
   *
   * @param options `onError`, or that function in their place, is told why nothing comes any more, and of a `gap`: durable
   * events that are not kept any more, after which the others come all the same. Without it that is thrown where nobody
   * catches it
   */
  $on<Name extends keyof Events & string>(
    event: Name,
    listener: (data: Events[Name]) => void,
    options: ListenerOptions | ((error: StayputError) => void) = {},
  ): () => void {
    const { onError, room, signal } = typeof options === "function" ? { onError: options } : options;
    const fail = onError ?? ((error: StayputError): void => void Promise.reject(error));
    if (signal?.aborted === true) return () => {};
    let off = (): void => {};
    const stop = (): void => {
      signal?.removeEventListener("abort", stop);
      off();
    };
    const ended = (error: StayputError): void => {
      stop();
      fail(error);
    };
    off = this.#listen(event, { hear: listener, miss: fail, fail: ended, end: stop }, room);
    signal?.addEventListener("abort", stop);
    return stop;
  }

  /** The next event of this name. */
  async $once<Name extends keyof Events & string>(event: Name, options: ListenOptions = {}): Promise<Events[Name]> {
    const events = this.$events(event, options);
    const { done, value } = await events.next();
    await events.return?.();
    if (done === true) throw clientError("aborted", "the connection was closed");
    return value;
  }

  /** The events of this name, as they come: `for await (const said of room.$events("said")) ..`. */
  $events<Name extends keyof Events & string>(event: Name, options: ListenOptions = {}): AsyncIterableIterator<Events[Name]> {
    return iterate<Events[Name]>((listener) => this.#listen(event, listener, options.room), options.signal);
  }

  /** How the connection is. */
  get $status(): Status {
    return known(this.$target)?.status ?? { state: "idle" };
  }

  /** Calls `watcher` when that changes. At each `open`, read anew what events would have told of: some may be lost. */
  $onStatus(watcher: (status: Status) => void): () => void {
    return live(this.$target).watch(watcher);
  }

  /** Connects, and stays connected until `$close`. */
  async $connect(): Promise<void> {
    await live(this.$target).connect();
  }

  /** Ends the connection and all that listen to it. Listening, calling and connecting make a new one. */
  $close(): void {
    known(this.$target)?.close();
  }

  protected $call<Result, E>(method: string, params: object | undefined, options: CallOptions, wire?: Wire): Call<Result, E> {
    return call(this.$target, method, params, options, wire ?? {}) as Call<Result, E>;
  }

  protected $items<Item, E>(method: string, params: object | undefined, options: CallOptions, wire?: Wire): Items<Item, E> {
    return new ItemsOf(this.$target, method, params, options, wire ?? {}) as unknown as Items<Item, E>;
  }

  #listen<Name extends keyof Events & string>(event: Name, listener: HearsOf<Events[Name]>, room?: string | readonly string[]): () => void {
    const { transport } = this.$target;
    if (!Object.hasOwn(this.$wire, event)) throw noEvent(event);
    const [wire, shape] = this.$wire[event] ?? [event];
    const exact = transport.bigint && shape !== undefined;
    const wanted = typeof room === "string" ? [room] : room;
    const hear: Listener["hear"] = (data, text, rooms) => {
      if (wanted !== undefined && !rooms.some((room) => typeof room === "string" && wanted.includes(room))) return;
      const raw = exact ? member(member(parse(text, true, 200), "params"), "data") : data;
      listener.hear(received(raw, shape, transport.bigint, "the event") as Events[Name]);
    };
    return live(this.$target).listen(wire, { hear, miss: listener.miss, fail: listener.fail, end: listener.end });
  }
}

/** A listener of one kind of event. */
interface HearsOf<Data> {
  hear(data: Data): void;
  miss(error: StayputError): void;
  fail(error: StayputError): void;
  end(): void;
}

/** The connection of a handle, if it has ever been asked for. */
function known({ transport, liveUrl }: Target): Live | undefined {
  return liveUrl === undefined ? undefined : transport.live.get(liveUrl);
}

/** The connection of a handle; none is made yet. */
function live(target: Target): Live {
  const { transport, liveUrl } = target;
  if (liveUrl === undefined) throw refused("invalid_request", "the handle was made with `connect: false`");
  const live = known(target) ?? new Live(liveUrl, transport.options);
  transport.live.set(liveUrl, live);
  return live;
}

/** Where 64-bit integers are in a value. */
export type Shape =
  | "wide"
  | (() => Shape)
  | { readonly list: Shape | null }
  | { readonly tuple: readonly (Shape | null)[]; readonly rest: Shape | null }
  | { readonly fields: readonly (readonly [string, Shape | null])[]; readonly rest: Shape | null }
  | { readonly all: readonly Shape[] }
  | { readonly when: readonly (readonly [string, string])[]; readonly then: Shape };

/** Where 64-bit integers are in the messages of an action. */
export interface Wire {
  readonly params?: Shape;
  readonly result?: Shape;
  readonly details?: readonly (readonly [string, Shape])[];
  /** It changes nothing, and may be repeated without harm. */
  readonly query?: true;
}

/** The way to an app. */
export interface Transport {
  readonly url: string;
  readonly options: ConnectOptions;
  readonly bigint: boolean;
  /** The connections, by the URL of their object. */
  readonly live: Map<string, Live>;
}

export function openTransport(url: string, options: ConnectOptions, bigint: boolean): Transport {
  return { url: url.replace(/\/+$/, ""), options, bigint, live: new Map() };
}

export function objectClass<Handle, Class extends string, Connect extends object>(
  transport: Transport,
  path: Class,
  Handle: new (target: Target<Class>) => Handle,
  wire?: Shape,
): ObjectClass<Handle, Class, Connect> {
  const base = `${transport.url}/${encodeURIComponent(path)}/`;
  const handle = (place: string, known: Pick<Target<Class>, "id" | "name">, { connect = {} }: HandleOptions): Handle => {
    const url = base + place;
    const liveUrl = connect === false ? undefined : url + queryOf(connect, wire);
    return new Handle({ transport, class: path, ...known, url, liveUrl });
  };
  const named = (name: string, options: HandleOptions = {}): Handle => handle(encodeName(name), { name, id: undefined }, options);
  const $byId = (id: ObjectId<Class>, options: HandleOptions = {}): Handle => {
    if (!/^[0-9a-f]{64}$/i.test(id)) throw refused("invalid_id", "an object's id is 64 hex digits");
    return handle(`~${id.toLowerCase()}`, { name: undefined, id }, options);
  };
  return Object.assign(named, { $byId });
}

/** What a connection says, as its URL has it. The order of the members means nothing. */
function queryOf(connect: object, wire: Shape | undefined): string {
  if (wire !== undefined) walk(connect, wire, (value) => checked(value, "what the connection says", false));
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(connect).sort(([one], [other]) => (one < other ? -1 : 1))) {
    const plain = isObject(value) && "toJSON" in value && typeof value.toJSON === "function" ? (value.toJSON() as unknown) : (value as unknown);
    // Text stands as it is, everything else as JSON.
    const text = typeof plain === "string" ? plain : encode(plain);
    if (text !== undefined) pairs.push(`${encodeText(name)}=${encodeText(text)}`);
  }
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function encodeText(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    throw refused("invalid_params", "what a connection says is text without lone surrogates", cause);
  }
}

function encodeName(name: string): string {
  // These mean something else in a URL, or to the app.
  if (name === "" || name === "." || name === ".." || name.startsWith("~")) {
    throw refused("invalid_name", "an object's name is not empty, not `.` or `..`, and does not start with `~`");
  }
  try {
    return encodeURIComponent(name);
  } catch (cause) {
    throw refused("invalid_name", "an object's name is text without lone surrogates", cause);
  }
}

/** What the app would refuse, refused before it is sent. */
export function refused(code: FrameworkCode, message: string, cause?: unknown): StayputError<FrameworkCode, undefined> {
  return new StayputError({ code, message, cause, details: undefined, retryable: false, maybeExecuted: false });
}

export function clientError<Code extends ClientCode>(
  code: Code,
  message: string,
  more: Partial<Fault<string, undefined>> = {},
): StayputError<Code, undefined> {
  return new StayputError({ retryable: false, maybeExecuted: false, ...more, code, message, details: undefined });
}

async function call(target: Target, method: string, params: object | undefined, options: CallOptions, wire: Wire): Promise<unknown> {
  const { transport } = target;
  if (wire.params !== undefined) walk(params, wire.params, (value) => checked(value, "the params", false));
  const id = nextId();
  const message = { jsonrpc: "2.0", id, method, key: options.key, params };
  const written = (): string => (transport.bigint ? encode(message) ?? "" : JSON.stringify(message));
  const connection = connectionFor(target, options);
  const { encoding } = transport.options;
  const { status, answer } =
    connection === undefined
      ? await post(target, encoding?.encode(message) ?? written(), options)
      : await over(connection, id, wire.query === true)(target, written(), options);
  const exact = transport.bigint && (wire.result !== undefined || wire.details !== undefined);
  const reply = typeof answer === "string" ? parse(answer, exact, status) : decode(answer, encoding, exact, status);
  const error = member(reply, "error");
  if (isObject(error)) throw failure(error, status, wire, transport.bigint);
  if (status < 200 || status > 299 || !isObject(reply) || !Object.hasOwn(reply, "result") || member(reply, "id") !== id) {
    throw badAnswer(status, "the answer is not one to this call");
  }
  return received(member(reply, "result"), wire.result, transport.bigint, "the result");
}

/** A call that is made when it is first awaited, or for each loop over its items. */
class ItemsOf implements PromiseLike<unknown> {
  #all: Promise<unknown> | undefined;
  readonly [Symbol.toStringTag] = "Items";

  constructor(
    readonly target: Target,
    readonly method: string,
    readonly params: object | undefined,
    readonly options: CallOptions,
    readonly wire: Wire,
  ) {}

  then<A, B>(then?: ((all: unknown) => A | PromiseLike<A>) | null, fail?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<A | B> {
    this.#all ??= call(this.target, this.method, this.params, this.options, this.wire);
    return this.#all.then(then as (all: unknown) => A | PromiseLike<A>, fail);
  }

  catch<B>(fail?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<unknown> {
    return this.then(undefined, fail);
  }

  finally(act?: (() => void) | null): Promise<unknown> {
    return Promise.resolve(this).finally(act);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<unknown> {
    return items(this);
  }
}

/** After so many items the app is told that they were taken; it sends 64 ahead. */
const TAKEN = 16;

/** Makes a call over the connection and reads its items as they come. */
function items({ target, method, params, options, wire }: ItemsOf): AsyncIterableIterator<unknown> {
  const { bigint } = target.transport;
  if (wire.params !== undefined) walk(params, wire.params, (value) => checked(value, "the params", false));
  const id = nextId();
  const message = { jsonrpc: "2.0", id, method, key: options.key, stream: true, params };
  const body = bigint ? encode(message) ?? "" : JSON.stringify(message);
  const connection = live(target);
  const shape = listShape(wire.result);
  const exact = bigint && (shape !== undefined || wire.details !== undefined);
  const all = iterate<unknown>((listener) => {
    let answered = false;
    let stop = (): void => {};
    const hear = (item: unknown, text: string): void => {
      try {
        const raw = exact ? member(member(parse(text, true, 200), "params"), "item") : item;
        listener.hear(received(raw, shape, bigint, "an item"));
      } catch (error) {
        listener.fail(error);
      }
    };
    const answer = connection.call(id, body, false, (end) => void (stop = () => end(clientError("aborted", "no more is read"))), hear);
    answer.then(
      (text) => {
        answered = true;
        const error = member(parse(text, exact, 200), "error");
        if (isObject(error)) listener.fail(failure(error, 200, wire, bigint));
        else listener.end();
      },
      (error: unknown) => {
        answered = true;
        listener.fail(error);
      },
    );
    return () => {
      if (answered) return;
      connection.tell(steer("rpc.cancel", { id }));
      stop();
    };
  }, options.signal);
  let taken = 0;
  return {
    next: async () => {
      const next = await all.next();
      if (next.done !== true && (taken += 1) === TAKEN) {
        connection.tell(steer("rpc.more", { id, items: taken }));
        taken = 0;
      }
      return next;
    },
    return: async () => (await all.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The shape of a list's items. */
function listShape(shape: Shape | undefined): Shape | undefined {
  const list = isObject(shape) && "list" in shape ? shape.list : undefined;
  return list ?? undefined;
}

/** The connection that a call goes over, if it goes over one. */
function connectionFor(target: Target, options: CallOptions): Live | undefined {
  if (options.transport === "socket") return live(target);
  if (options.transport === "http" || options.headers !== undefined) return undefined;
  const connection = known(target);
  return connection?.isUp === true ? connection : undefined;
}

/** What came back, in the form it came in. */
interface Answered {
  readonly status: number;
  readonly answer: string | ArrayBuffer;
}

type Send = (target: Target, body: string, options: CallOptions) => Promise<Answered>;

/** Sends calls over a connection. */
function over(connection: Live, id: number, query: boolean): Send {
  return async ({ transport }, body, { signal, timeoutMs = transport.options.timeoutMs }) => {
    let abort = (): void => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    const text = connection.call(id, body, query, (end) => {
      const maybeExecuted = (): boolean => connection.wasSent(id) && !query;
      abort = () => end(clientError("aborted", "the call was aborted", { maybeExecuted: maybeExecuted(), cause: signal?.reason as unknown }));
      if (timeoutMs !== undefined) {
        const late = (): StayputError =>
          clientError("client_timeout", `no answer within ${timeoutMs} ms`, { maybeExecuted: maybeExecuted(), retryable: true });
        timer = setTimeout(() => end(late()), timeoutMs);
      }
      signal?.addEventListener("abort", abort);
      if (signal?.aborted === true) abort();
    });
    try {
      return { status: 200, answer: await text };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  };
}

async function post(target: Target, body: string | ArrayBuffer, options: CallOptions): Promise<Answered> {
  const { url, transport } = target;
  const { signal } = options;
  const mediaType = transport.options.encoding?.mediaType;
  const timeoutMs = options.timeoutMs ?? transport.options.timeoutMs;
  const send: Fetch = transport.options.fetch ?? ((url, init) => fetch(url, init));
  const controller = new AbortController();
  let ended: "aborted" | "client_timeout" | undefined;
  let sent = false;
  const end = (why: "aborted" | "client_timeout"): void => {
    ended ??= why;
    controller.abort();
  };
  const abort = (): void => end("aborted");
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => end("client_timeout"), timeoutMs);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();
  try {
    const common = transport.options.headers;
    const token = await tokenOf(transport.options.token);
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(typeof common === "function" ? await common() : common),
      ...options.headers,
      ...(mediaType === undefined ? {} : { accept: mediaType }),
      "content-type": mediaType ?? "application/json",
    };
    controller.signal.throwIfAborted();
    sent = true;
    const answer = await send(url, { method: "POST", headers, body, signal: controller.signal });
    // Whoever does not speak the form says so in JSON.
    const binary = mediaType !== undefined && answer.headers?.get("content-type") === mediaType;
    return { status: answer.status, answer: (binary ? await answer.arrayBuffer?.() : undefined) ?? (await answer.text()) };
  } catch (cause) {
    const maybeExecuted = sent;
    if (ended === "aborted") throw clientError("aborted", "the call was aborted", { maybeExecuted, cause: signal?.reason });
    if (ended === "client_timeout") {
      throw clientError("client_timeout", `no answer within ${timeoutMs} ms`, { maybeExecuted, retryable: true, cause });
    }
    // What failed before anything was sent is the caller's own function of headers, or of the token.
    if (!sent) throw cause;
    throw clientError("network", `no answer from ${url}`, { maybeExecuted, retryable: true, cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

const PROTOCOL_CODES: ReadonlyMap<unknown, string> = new Map([
  [-32700, "parse_error"],
  [-32600, "invalid_request"],
  [-32601, "method_not_found"],
  [-32602, "invalid_params"],
  [-32603, "internal"],
]);

function failure(error: object, status: number, wire: Wire, bigint: boolean): StayputError {
  const data = member(error, "data");
  const number = member(error, "code");
  const code = [member(data, "code"), number, PROTOCOL_CODES.get(number)].find((code) => typeof code === "string");
  if (typeof code !== "string") return badAnswer(status, "the error has no code");
  const message = member(error, "message");
  const shape = wire.details?.find(([of]) => of === code)?.[1];
  const requestId = member(data, "request_id");
  return new StayputError({
    code,
    message: typeof message === "string" ? message : code,
    details: received(member(data, "details") ?? undefined, shape, bigint, "the error's details"),
    retryable: member(data, "retryable") === true,
    maybeExecuted: member(data, "maybe_executed") === true,
    requestId: typeof requestId === "string" ? requestId : undefined,
    status,
  });
}

/** The error of an answer that is about the connection, not about an action. */
export function failureOf(error: unknown): StayputError {
  return isObject(error) ? failure(error, 200, {}, false) : badAnswer(200, "the error is none");
}

function badAnswer(status: number, message: string, cause?: unknown): StayputError<"bad_answer", undefined> {
  // A proxy that says so has not reached the app for now.
  const retryable = status === 502 || status === 503 || status === 504;
  return clientError("bad_answer", `${message} (HTTP ${status})`, { status, retryable, maybeExecuted: true, cause });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** An own member; what JSON did not say is not there, whatever the prototype has. */
export function member(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** An integer that a `number` does not hold, as it was written. */
class Exact {
  constructor(readonly digits: string) {}
}

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function parse(text: string, exact: boolean, status: number): unknown {
  try {
    const parsed: unknown = JSON.parse(text);
    // Nothing of fewer digits is beyond 2^53-1.
    if (!exact || !/\d{16}/.test(text)) return parsed;
    // Each such integer is put into an object whose one member has a name that occurs nowhere in the text.
    let mark = "#";
    while (text.includes(mark)) mark += "#";
    const marked = text.replace(TOKEN, (token) =>
      /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `{"${mark}":"${token}"}` : token,
    );
    return JSON.parse(marked, (_key, value: unknown) => {
      const digits = member(value, mark);
      return typeof digits === "string" ? new Exact(digits) : value;
    }) as unknown;
  } catch (cause) {
    throw badAnswer(status, "the answer is no JSON", cause);
  }
}

function decode(bytes: ArrayBuffer, encoding: Encoding | undefined, exact: boolean, status: number): unknown {
  try {
    return encoding?.decode(bytes, (value) => (exact ? new Exact(value.toString()) : Number(value)));
  } catch (cause) {
    throw badAnswer(status, `the answer is no ${encoding?.mediaType}`, cause);
  }
}

/** JSON text of a value that may hold `bigint`s. */
function encode(value: unknown): string | undefined {
  if (typeof value === "bigint") return value.toString();
  if (!isObject(value)) return JSON.stringify(value) as string | undefined;
  if ("toJSON" in value && typeof value.toJSON === "function") return encode(value.toJSON());
  if (Array.isArray(value)) return `[${value.map((item) => encode(item) ?? "null").join(",")}]`;
  const members: string[] = [];
  for (const [name, item] of Object.entries(value)) {
    const text = encode(item);
    if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${members.join(",")}}`;
}

function received(value: unknown, shape: Shape | undefined, bigint: boolean, where: string): unknown {
  if (shape === undefined) return plain(value);
  if (!bigint) return walk(value, shape, (leaf) => checked(leaf, where, true));
  const widened = walk(value, shape, (leaf) => {
    if (leaf instanceof Exact) return BigInt(leaf.digits);
    return typeof leaf === "number" && Number.isSafeInteger(leaf) ? BigInt(leaf) : leaf;
  });
  return plain(widened);
}

function checked(value: unknown, where: string, maybeExecuted: boolean): unknown {
  if (typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  const message = `an integer in ${where} is beyond 2^53-1; generate the client with --bigint`;
  throw clientError("unsafe_integer", message, { maybeExecuted });
}

/** Integers that are not known to be wide are plain numbers, as they are where no wide one is near. */
function plain(value: unknown): unknown {
  if (value instanceof Exact) return Number(value.digits);
  return isObject(value) ? replace(value, Object.keys(value), plain) : value;
}

/** Puts every value at a place the shape names through `leaf`. */
function walk(value: unknown, shape: Shape | null, leaf: (value: unknown) => unknown): unknown {
  if (shape === null) return value;
  if (shape === "wide") return leaf(value);
  if (typeof shape === "function") return walk(value, shape(), leaf);
  if ("all" in shape) return shape.all.reduce((value, shape) => walk(value, shape, leaf), value);
  if ("when" in shape) {
    return shape.when.every(([name, tag]) => member(value, name) === tag) ? walk(value, shape.then, leaf) : value;
  }
  if (!isObject(value) || Array.isArray(value) === "fields" in shape) return value;
  if ("list" in shape) return replace(value, Object.keys(value), (item) => walk(item, shape.list, leaf));
  if ("tuple" in shape) {
    const at = (key: string): Shape | null | undefined => shape.tuple[Number(key)];
    return replace(value, Object.keys(value), (item, key) => walk(item, at(key) === undefined ? shape.rest : at(key) ?? null, leaf));
  }
  const named = new Map(shape.fields);
  const names = shape.rest === null ? shape.fields.map(([name]) => name) : Object.keys(value);
  return replace(value, names, (item, name) => walk(item, named.has(name) ? named.get(name) ?? null : shape.rest, leaf));
}

function replace<T extends object>(value: T, names: readonly string[], by: (item: unknown, name: string) => unknown): T {
  const members = value as Record<string, unknown>;
  for (const name of names) {
    if (!Object.hasOwn(value, name)) continue;
    const item = members[name];
    const replaced = by(item, name);
    // Params are the caller's: nothing is written where nothing changed.
    if (replaced !== item) members[name] = replaced;
  }
  return value;
}
