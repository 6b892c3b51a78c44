
import { clientError, failureOf, member, refused } from "./stayput.js";
import type { StayputError } from "./stayput.js";

/** The part of a `WebSocket` that is used: that of browsers, of Node 22, of the package `ws`. */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export type SocketClass = new (url: string, protocols: string[]) => Socket;

/** When a lost connection is tried again: after a random time up to `minMs`, doubled at each failure up to `maxMs`. */
export interface Reconnect {
  /** 1,000 if left out. */
  minMs?: number | undefined;
  /** 30,000 if left out. */
  maxMs?: number | undefined;
  /** A connection that was open for so long begins anew at `minMs`: 5,000 if left out. */
  stableMs?: number | undefined;
}

/** How a connection that has died without a word is found out. */
export interface Heartbeat {
  /** After so long a silence it is asked: 30,000 if left out. */
  pingMs?: number | undefined;
  /** So long it may take to answer: 10,000 if left out. */
  pongMs?: number | undefined;
}

/** What proves who calls, or a function that is asked for it before each request and connection. */
export type Token = string | (() => string | undefined | Promise<string | undefined>);

/** What the connections of a client are made with. */
export interface LiveOptions {
  /**
   * Sent as `Authorization: Bearer ..`; by a WebSocket, which has no headers, as a subprotocol. With a function a
   * connection that ends because its token has expired is made again with the next one.
   */
  token?: Token | undefined;
  /** Used instead of the global `WebSocket`. Node 20 has none: pass that of the package `ws`. */
  WebSocket?: SocketClass | undefined;
  /** `false`: a lost connection stays lost. */
  reconnect?: Reconnect | false | undefined;
  heartbeat?: Heartbeat | undefined;
}

/** How the connection to an object is. */
export type Status =
  /** None is wanted. */
  | { readonly state: "idle" }
  /** It is being made for the first time. */
  | { readonly state: "connecting" }
  /** It is there, and everything that is listened to is subscribed. */
  | { readonly state: "open" }
  /** It was lost with this code and is made again: `attempt` counts from 1. */
  | { readonly state: "reconnecting"; readonly attempt: number; readonly code: number; readonly reason: string }
  /** It has ended, and is not made again unless it is asked for. */
  | { readonly state: "closed"; readonly code: number; readonly reason: string; readonly error?: StayputError };

/** Hears of an event. */
export interface Listener {
  /** Takes the event's data as it came, the text it came in, and the rooms it was sent to; none if it was sent everywhere. */
  hear(data: unknown, text: string, rooms: readonly unknown[]): void;
  /** Some are missing, and it will hear those after them. */
  miss(error: StayputError): void;
  /** It will hear no more, because of this. */
  fail(error: StayputError): void;
  /** It will hear no more, because it was asked for. */
  end(): void;
}

/** A call on its way. */
interface Waiting {
  readonly body: string;
  /** It may be repeated without harm. */
  readonly query: boolean;
  sent: boolean;
  /** Takes an item of its result, where they are wanted one by one. */
  hear?: ((item: unknown, text: string) => void) | undefined;
  resolve(text: string): void;
  reject(error: StayputError): void;
}

/** Always the same text, with an id that no call has: so a Worker can answer it without waking the object. */
const PING = '{"jsonrpc":"2.0","id":0,"method":"rpc.ping"}';

/** Codes after which it would be refused again. */
const FINAL: readonly number[] = [1008, 4401, 4403];
/** How many calls wait for a connection that is being made. */
const MAX_WAITING = 256;
/** How long a connection may take to be made. */
const CONNECT_MS = 10_000;
/** How long one that nobody listens to any more is kept. */
const LINGER_MS = 5_000;

let lastId = 0;

/** A number for the next request, unique on this page. */
export function nextId(): number {
  return ++lastId;
}

/** The one connection to one object, with all that listen to it and all calls over it. */
export class Live {
  readonly #url: string;
  readonly #options: LiveOptions;
  #status: Status = { state: "idle" };
  #socket: Socket | undefined;
  /** The attempt that waits for its token. */
  #asking: object | undefined;
  /** Whether it is wanted though nobody listens. */
  #pinned = false;
  #attempt = 0;
  #openedAt = 0;
  /** Ends an attempt that takes too long, or begins the next one. */
  #retry: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setTimeout> | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #watchers = new Set<(status: Status) => void>();
  readonly #waiting = new Map<number, Waiting>();
  /** What was subscribed, and so goes on where it was when it is subscribed anew. */
  readonly #heard = new Set<string>();
  /** How far the log of durable events was heard. */
  #cursor: string | undefined;

  constructor(url: string, options: LiveOptions) {
    this.#url = url.replace(/^http/, "ws");
    this.#options = options;
  }

  get status(): Status {
    return this.#status;
  }

  /** Whether a call may go over it. */
  get isUp(): boolean {
    return this.#socket !== undefined;
  }

  watch(watcher: (status: Status) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  listen(event: string, listener: Listener): () => void {
    const known = this.#listeners.get(event);
    const listeners = known ?? new Set<Listener>();
    this.#listeners.set(event, listeners.add(listener));
    this.#open();
    if (known === undefined && this.#status.state === "open") this.#subscribe(event);
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0 || this.#listeners.get(event) !== listeners) return;
      this.#listeners.delete(event);
      this.#heard.delete(event);
      if (this.#status.state === "open") this.#ask("rpc.unsubscribe", { events: [event] }).catch(() => {});
      this.#rest();
    };
  }

  /** Resolves when it is open. */
  connect(): Promise<void> {
    this.#pinned = true;
    this.#open();
    return new Promise((resolve, reject) => {
      const look = (status: Status): void => {
        if (status.state === "open") resolve();
        else if (status.state === "closed") reject(status.error ?? lost("the connection was closed", false));
        else return;
        unwatch();
      };
      const unwatch = this.watch(look);
      look(this.#status);
    });
  }

  /** Ends it, and all that listen. */
  close(): void {
    this.#pinned = false;
    const listeners = [...this.#listeners.values()].flatMap((all) => [...all]);
    this.#listeners.clear();
    this.#heard.clear();
    this.#end({ state: "closed", code: 1000, reason: "" });
    for (const listener of listeners) listener.end();
  }

  /** Sends a call and waits for the text of its answer; `hear` takes the items before it. */
  call(
    id: number,
    body: string,
    query: boolean,
    onEnd: (end: (error: StayputError) => void) => void,
    hear?: (item: unknown, text: string) => void,
  ): Promise<string> {
    this.#open();
    return new Promise((resolve, reject) => {
      if (this.#status.state !== "open" && this.#waiting.size >= MAX_WAITING) {
        reject(lost(`more than ${MAX_WAITING} calls wait for a connection`, false));
        return;
      }
      const waiting: Waiting = { body, query, sent: false, hear, resolve, reject };
      this.#waiting.set(id, waiting);
      onEnd((error) => {
        if (this.#waiting.delete(id)) reject(error);
        this.#rest();
      });
      if (this.#status.state === "open") this.#send(waiting);
    });
  }

  /** Says something that wants no answer, if there is anybody to hear it. */
  tell(body: string): void {
    if (this.#status.state === "open") this.#socket?.send(body);
  }

  /** Whether a call was sent: then it may have been executed. */
  wasSent(id: number): boolean {
    return this.#waiting.get(id)?.sent === true;
  }

  #open(): void {
    clearTimeout(this.#linger);
    if (this.#socket !== undefined || this.#asking !== undefined || this.#status.state === "reconnecting") return;
    this.#attempt = 0;
    this.#dial({ state: "connecting" });
  }

  #dial(status: Status): void {
    const Class = this.#options.WebSocket ?? (globalThis as { WebSocket?: SocketClass }).WebSocket;
    if (Class === undefined) {
      const message = "there is no WebSocket here: pass one as `connect(url, { WebSocket })`, such as that of the package `ws`";
      throw clientError("no_websocket", message);
    }
    const { token } = this.#options;
    if (typeof token !== "function") {
      this.#connect(Class, token, status);
      return;
    }
    const asking = (this.#asking = {});
    this.#become(status);
    const settle = (act: () => void): void => {
      if (this.#asking !== asking) return;
      this.#asking = undefined;
      act();
    };
    tokenOf(token).then(
      (token) => settle(() => this.#connect(Class, token, status)),
      (cause: unknown) => {
        const error = clientError("bad_token", "the function that gives the token failed", { cause });
        settle(() => this.#fail(error, 4401, "bad_token"));
      },
    );
  }

  #connect(Class: SocketClass, token: string | undefined, status: Status): void {
    if (token !== undefined && !/^[!#$%&'*+.^_`|~\w-]+$/.test(token)) {
      const message = "a WebSocket cannot carry this token: of signs it takes ! # $ % & ' * + . ^ _ ` | ~ -";
      this.#fail(clientError("bad_token", message), 4401, "bad_token");
      return;
    }
    const bearer = token === undefined ? [] : [`stayput.bearer.${token}`];
    const socket = new Class(this.#url, ["stayput.v1", ...bearer]);
    // What an earlier connection still says is nobody's business.
    const mine = <E>(act: (event: E) => void) => (event: E): void => {
      if (this.#socket === socket) act(event);
    };
    this.#socket = socket;
    socket.onopen = mine(() => void this.#confirm(socket));
    socket.onmessage = mine((event: { readonly data?: unknown }) => this.#receive(event.data));
    socket.onclose = mine((event: { readonly code?: number; readonly reason?: string }) => {
      this.#lose(event.code ?? 1006, event.reason ?? "");
    });
    // A `close` follows; without a listener some throw.
    socket.onerror = () => {};
    this.#retry = setTimeout(() => this.#drop(socket), CONNECT_MS);
    this.#become(status);
  }

  /** Subscribes to everything that is listened to; only then is the connection of use. */
  async #confirm(socket: Socket): Promise<void> {
    const events = [...this.#listeners.keys()];
    const [known, fresh] = [events.filter((event) => this.#heard.has(event)), events.filter((event) => !this.#heard.has(event))];
    try {
      // An answer of any kind also tells that the object let us in.
      if (events.length === 0) await this.#ask("rpc.ping");
      if (known.length > 0) await this.#hear(known, this.#cursor);
      if (fresh.length > 0) await this.#hear(fresh, undefined);
    } catch (error) {
      if (this.#socket === socket) this.#fail(error as StayputError);
      return;
    }
    if (this.#socket !== socket) return;
    clearTimeout(this.#retry);
    this.#openedAt = Date.now();
    this.#become({ state: "open" });
    // What came to be wanted meanwhile.
    for (const event of this.#listeners.keys()) if (!events.includes(event)) this.#subscribe(event);
    for (const waiting of this.#waiting.values()) if (!waiting.sent) this.#send(waiting);
    this.#rest();
  }

  #subscribe(event: string): void {
    this.#hear([event], undefined).catch((error: StayputError) => {
      // One that was lost is subscribed with the next connection.
      if (error.code === "network") return;
      const listeners = this.#listeners.get(event) ?? [];
      this.#listeners.delete(event);
      for (const listener of listeners) listener.fail(error);
    });
  }

  /** Subscribes; what was missed since `after` comes before the answer, page by page. */
  async #hear(events: readonly string[], after: string | undefined): Promise<void> {
    for (;;) {
      const answer = await this.#ask("rpc.subscribe", { events, after });
      const [cursor, gap] = [member(answer, "cursor"), member(answer, "gap")];
      if (typeof cursor === "string") this.#cursor = after = cursor;
      for (const event of Array.isArray(gap) ? (gap as unknown[]) : []) this.#miss(event);
      if (member(answer, "more") !== true) break;
    }
    for (const event of events) if (this.#listeners.has(event)) this.#heard.add(event);
  }

  #miss(event: unknown): void {
    const listeners = typeof event === "string" ? this.#listeners.get(event) : undefined;
    const error = clientError("gap", `some events \`${String(event)}\` of the time without a connection are not kept any more`);
    for (const listener of [...(listeners ?? [])]) later(() => listener.miss(error));
  }

  async #ask(method: string, params?: object): Promise<unknown> {
    const id = nextId();
    const body = JSON.stringify({ jsonrpc: "2.0", id, method, params });
    const text = await new Promise<string>((resolve, reject) => {
      const waiting: Waiting = { body, query: true, sent: false, resolve, reject };
      this.#waiting.set(id, waiting);
      this.#send(waiting);
    });
    const answer = JSON.parse(text) as unknown;
    const error = member(answer, "error");
    if (error !== undefined) throw failureOf(error);
    return member(answer, "result");
  }

  #send(waiting: Waiting): void {
    waiting.sent = true;
    // One that is closing throws away what it is given; its `close` tells the caller.
    this.#socket?.send(waiting.body);
  }

  #receive(text: unknown): void {
    this.#listen();
    if (typeof text !== "string") return;
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      // A frame of a protocol of its own.
      return;
    }
    const id = member(message, "id");
    const waiting = typeof id === "number" ? this.#waiting.get(id) : undefined;
    if (waiting !== undefined) {
      this.#waiting.delete(id as number);
      waiting.resolve(text);
      this.#rest();
    } else if (member(message, "method") === "rpc.item") {
      const params = member(message, "params");
      const of = member(params, "id");
      const reader = typeof of === "number" ? this.#waiting.get(of) : undefined;
      if (reader?.hear !== undefined) {
        const { hear } = reader;
        later(() => hear(member(params, "item"), text));
      }
    } else if (member(message, "method") === "event") {
      const params = member(message, "params");
      const event = member(params, "event");
      const listeners = typeof event === "string" ? this.#listeners.get(event) : undefined;
      const rooms = member(params, "rooms");
      for (const listener of [...(listeners ?? [])]) {
        later(() => listener.hear(member(params, "data"), text, Array.isArray(rooms) ? rooms : []));
      }
      const cursor = member(params, "cursor");
      if (typeof cursor === "string") this.#cursor = cursor;
    }
  }

  /** Something came: the connection lives. Asks when nothing comes for long. */
  #listen(): void {
    clearTimeout(this.#beat);
    const { pingMs = 30_000, pongMs = 10_000 } = this.#options.heartbeat ?? {};
    const socket = this.#socket;
    this.#beat = setTimeout(() => {
      socket?.send(PING);
      this.#beat = setTimeout(() => this.#drop(socket), pongMs);
    }, pingMs);
  }

  /** Gives up a connection that does not answer. */
  #drop(socket: Socket | undefined): void {
    if (socket === undefined || socket !== this.#socket) return;
    this.#lose(1006, "no answer");
    hangUp(socket, 4000, "no answer");
  }

  /** The connection is gone. */
  #lose(code: number, reason: string): void {
    const wasOpen = this.#status.state === "open";
    this.#release();
    for (const [id, waiting] of this.#waiting) {
      if (!waiting.sent) continue;
      this.#waiting.delete(id);
      waiting.reject(lost(`the connection was lost (${code}${reason && ` ${reason}`})`, !waiting.query));
    }
    const { minMs = 1_000, maxMs = 30_000, stableMs = 5_000 } = this.#options.reconnect || {};
    // Expired, not refused: the next token may do.
    const renewed = code === 4401 && wasOpen && typeof this.#options.token === "function";
    if (FINAL.includes(code) && !renewed) {
      this.#fail(clientError("network", `the connection was refused (${code}${reason && ` ${reason}`})`), code, reason);
    } else if (this.#options.reconnect === false || !this.#isWanted) {
      this.#end({ state: "closed", code, reason });
    } else {
      if (wasOpen && Date.now() - this.#openedAt >= stableMs) this.#attempt = 0;
      // Full jitter: clients that lost one server do not all come back at once.
      const delay = Math.random() * Math.min(maxMs, minMs * 2 ** this.#attempt);
      this.#attempt += 1;
      const status: Status = { state: "reconnecting", attempt: this.#attempt, code, reason };
      this.#retry = setTimeout(() => this.#dial(status), delay);
      this.#become(status);
    }
  }

  get #isWanted(): boolean {
    return this.#pinned || this.#listeners.size > 0 || this.#waiting.size > 0;
  }

  /** Ends one that would be refused again; whoever listens is told, and may listen anew. */
  #fail(error: StayputError, code = 4403, reason: string = error.code): void {
    this.#pinned = false;
    const listeners = [...this.#listeners.values()].flatMap((all) => [...all]);
    this.#listeners.clear();
    this.#heard.clear();
    this.#end({ state: "closed", code, reason, error });
    for (const listener of listeners) listener.fail(error);
  }

  #end(status: Status): void {
    const socket = this.#socket;
    this.#release();
    if (socket !== undefined) hangUp(socket, 1000, "");
    for (const waiting of this.#waiting.values()) {
      waiting.reject(lost("the connection was closed", waiting.sent && !waiting.query));
    }
    this.#waiting.clear();
    this.#become(status);
  }

  #release(): void {
    this.#socket = undefined;
    this.#asking = undefined;
    for (const timer of [this.#retry, this.#beat, this.#linger]) clearTimeout(timer);
  }

  /** Lets go of a connection that nobody wants, after a while. */
  #rest(): void {
    clearTimeout(this.#linger);
    if (this.#isWanted || this.#socket === undefined) return;
    this.#linger = setTimeout(() => {
      if (!this.#isWanted) this.#end({ state: "idle" });
    }, LINGER_MS);
  }

  #become(status: Status): void {
    this.#status = status;
    for (const watcher of [...this.#watchers]) later(() => watcher(status));
  }
}

/** The token as it is now. */
export async function tokenOf(token: Token | undefined): Promise<string | undefined> {
  return typeof token === "function" ? await token() : token;
}

function hangUp(socket: Socket, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // It is closed already, or not even open.
  }
}

function lost(message: string, maybeExecuted: boolean): StayputError {
  return clientError("network", message, { retryable: true, maybeExecuted });
}

/** Runs the app's own code: what it throws is the app's affair, not the connection's. */
function later(act: () => void): void {
  try {
    act();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** The text of a notification about a result that is being read. */
export function steer(method: "rpc.cancel" | "rpc.more", params: object): string {
  return JSON.stringify({ jsonrpc: "2.0", method, params });
}

/** How many events an iterator keeps for a reader that is behind. */
const MAX_BUFFERED = 1_000;

/** The events that come, one after the other. */
export function iterate<Data>(
  subscribe: (listener: {
    hear(data: Data): void;
    miss(error: unknown): void;
    fail(error: unknown): void;
    end(): void;
  }) => () => void,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<Data> {
  const buffered: Data[] = [];
  const readers: { resolve(result: IteratorResult<Data, undefined>): void; reject(error: unknown): void }[] = [];
  let ended: { readonly error?: unknown } | undefined;
  let unsubscribe = (): void => {};
  const end = (how: { readonly error?: unknown }): void => {
    if (ended !== undefined) return;
    ended = how;
    unsubscribe();
    signal?.removeEventListener("abort", abort);
    for (const reader of readers.splice(0)) settle(reader);
  };
  const settle = ({ resolve, reject }: (typeof readers)[number]): void => {
    if (ended !== undefined && "error" in ended) {
      const { error } = ended;
      // It is told once; after it there is nothing.
      ended = {};
      reject(error);
    } else {
      resolve({ done: true, value: undefined });
    }
  };
  const abort = (): void => end({ error: clientError("aborted", "listening was aborted", { cause: signal?.reason as unknown }) });
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();
  else {
    unsubscribe = subscribe({
      hear: (value) => {
        const reader = readers.shift();
        if (reader !== undefined) reader.resolve({ done: false, value });
        else if (buffered.push(value) > MAX_BUFFERED) {
          buffered.length = 0;
          end({ error: clientError("overflow", `more than ${MAX_BUFFERED} events wait to be read`) });
        }
      },
      // What is read one by one would go on as if nothing was missing.
      miss: (error) => end({ error }),
      fail: (error) => end({ error }),
      end: () => end({}),
    });
    if (ended !== undefined) unsubscribe();
  }
  return {
    next: () =>
      new Promise((resolve, reject) => {
        const value = buffered.shift();
        if (value !== undefined || buffered.length > 0) resolve({ done: false, value: value as Data });
        else if (ended !== undefined) settle({ resolve, reject });
        else readers.push({ resolve, reject });
      }),
    return: () => {
      buffered.length = 0;
      end({});
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Refuses to listen to what the class does not have. */
export function noEvent(event: string): StayputError {
  return refused("invalid_params", `there is no event \`${event}\``);
}
