// The JavaScript half of the Workers backend: what the Rust half (this folder's .rs files) cannot do from inside wasm.
//
// One wasm instance per object. An instance and everything that belongs to it is a `Life`. Whatever leaves a wasm
// export as an exception (a trap, which is what a panic becomes, or a JavaScript exception nobody caught) ends that
// life and no other: its waiting calls are answered at once, nothing enters the instance any more, its storage is
// closed to it, and the next call starts a new life on the same durable state.
import { DurableObject, RpcTarget, env, exports } from "cloudflare:workers";

/**
 * How a call ends that its life did not survive: at fault, at fault as a process, which may have committed something,
 * under way meanwhile, or still waiting for its turn.
 */
const CULPRIT = "panicked";
const MIDWAY = "panicked_midway";
const BYSTANDER = "interrupted";
const NOT_BEGUN = "not_begun";

const SETTLED = Promise.resolve();

/** One wasm instance, the promises that wait for it, and its end. */
class Life {
  /** @type {Error | undefined} */
  ended;
  /** The number of the call whose code runs now; 0 for none. Set by the Rust half. */
  current = 0;
  /** Bodies of responses that are under way: those of objects outlive the life, these are its own. @type {Set<Flow>} */
  flows = new Set();
  /** @type {Map<number, (fault: string) => void>} */
  #pending = new Map();
  /** Calls that had not begun when the life was about to end. */
  #notBegun = new Set();
  #processes = new Set();
  #calls = 0;

  constructor({ module, instantiate }) {
    const life = this;
    // What the generated glue sees in place of the globals of these names.
    const guarded = {
      Module: WebAssembly.Module,
      Instance: function Instance(code, imports) {
        const instance = new WebAssembly.Instance(code, imports);
        const entries = Object.entries(instance.exports).map(([name, value]) => [
          name,
          typeof value === "function" ? life.#guard(value) : value,
        ]);
        return { exports: Object.fromEntries(entries) };
      },
    };
    this.glue = instantiate(Object.create(null), guarded, (task) => life.soon(task));
    this.glue.initSync({ module });
    this.glue.stayput_init();
  }

  /** Entered by a late timer or finaliser, an ended instance does nothing; `[]` reads as "no error" to the glue. */
  #guard(run) {
    return (...args) => {
      if (this.ended) return [];
      try {
        const result = run(...args);
        // A trap further in was caught on its way by an import that catches: the frames here must stop all the same.
        if (this.ended) throw this.ended;
        return result;
      } catch (fault) {
        this.end(fault);
        throw fault;
      }
    };
  }

  /** After the code that runs now. A promise that is settled costs a tenth of the platform's `queueMicrotask`. */
  soon(task) {
    void SETTLED.then(() => {
      if (this.ended) return;
      try {
        task();
      } catch (fault) {
        this.end(fault);
      }
    });
  }

  end(fault) {
    if (this.ended) return;
    this.ended = fault instanceof Error ? fault : new Error(String(fault));
    // The panic has said where; the frames of a trap have no names.
    const trap = this.ended instanceof WebAssembly.RuntimeError;
    console.error("stayput: an instance was ended by:", trap ? String(this.ended) : this.ended);
    for (const [call, abort] of this.#pending) abort(this.#fate(call));
    this.#pending.clear();
    for (const flow of this.flows) flow.end(false);
  }

  #fate(call) {
    // One that had not begun when it was its turn woke the object, whose `start` is at fault: run again, it would fail
    // again, and so would all that wait for it.
    if (this.#notBegun.has(call)) return this.#notBegun.has(this.current) ? CULPRIT : NOT_BEGUN;
    if (call !== this.current) return BYSTANDER;
    return this.#processes.has(call) ? MIDWAY : CULPRIT;
  }

  /** The numbers are views into the memory of the instance: they are copied. */
  ending(notBegun, processes) {
    this.#notBegun = new Set(notBegun);
    this.#processes = new Set(processes);
  }

  /** Starts a call; `begin` gets its number and what to call with the answer. Always answered. */
  run(begin) {
    return new Promise((resolve) => {
      const call = ++this.#calls;
      const settle = (answer) => {
        this.#pending.delete(call);
        resolve(answer);
      };
      this.#pending.set(call, (fault) => settle({ fault }));
      const outer = this.current;
      this.current = call;
      try {
        begin(call, settle);
        this.current = outer;
      } catch (fault) {
        this.end(fault);
      }
    });
  }
}

/**
 * The connections of one object, by id. They are not part of a life: a panic ends none of them. `Peer` is a WebSocket of
 * the platform or a `Stream`; beside each lies what Rust knows of it.
 */
class Peers {
  /** @type {Map<string, WebSocket | Stream>} */
  all = new Map();
  /** When the credentials of a connection expire, of those that do. @type {Map<string, number>} */
  #expiries = new Map();

  constructor(ctx) {
    // Those that outlived the eviction of the object.
    for (const socket of ctx.getWebSockets()) {
      const [id, expires] = ctx.getTags(socket);
      this.add(id, socket, expires === undefined ? undefined : Number(expires));
    }
  }

  add(id, peer, expires) {
    this.all.set(id, peer);
    if (expires !== undefined) this.#expiries.set(id, expires);
  }

  remove(id) {
    this.all.delete(id);
    this.#expiries.delete(id);
  }

  /** Closes those whose credentials have expired. */
  expire(now) {
    for (const [id, at] of this.#expiries) {
      if (at > now) continue;
      this.#expiries.delete(id);
      this.close(id, 4401, "unauthenticated");
    }
  }

  /** The earlier of a time and the next expiry; undefined if there is neither. */
  earlier(time) {
    let earliest = time;
    for (const at of this.#expiries.values()) if (earliest === undefined || at < earliest) earliest = at;
    return earliest;
  }

  /** Ids and what lies beside them, in turn. */
  list() {
    return [...this.all].map(([id, peer]) => [id, peer.deserializeAttachment()]).flat();
  }

  send(ids, message) {
    for (const id of ids) {
      try {
        this.all.get(id)?.send(message);
      } catch {
        // It is closing: nothing more reaches it.
      }
    }
  }

  close(id, code, reason) {
    try {
      this.all.get(id)?.close(code, reason);
    } catch {
      // It is closed already.
    }
  }
}

/** What asks whether we are there, and its answer, which the platform gives without waking the object. */
const PING = '{"jsonrpc":"2.0","id":0,"method":"rpc.ping"}';
const PONG = '{"jsonrpc":"2.0","result":"pong","id":0}';

/** How many tickets of one object may be out at a time. */
const MAX_TICKETS = 1_000;

/** How many bytes may wait for somebody who listens to a stream. */
const MAX_WAITING = 1 << 20;

/** Server-Sent Events, with the face of a WebSocket. The object stays in memory as long as somebody listens. */
class Stream {
  #controller;
  #attachment = null;
  #beat = setInterval(() => this.send(": ping\n\n"), 25_000);
  #expires;
  #onGone;

  /** It ends when its credentials expire, if they do. `onGone` is told when nobody reads any more. */
  constructor(expires, onGone) {
    this.#onGone = onGone;
    if (expires !== undefined) this.#expireAt(expires);
    const source = {
      start: (controller) => void (this.#controller = controller),
      cancel: () => this.#end(1006, ""),
    };
    this.readable = new ReadableStream(source, new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING }));
    this.send("retry: 1000\n\n");
  }

  send(message) {
    if (!this.#controller) return;
    // Whoever reads too slowly is let go, as on a WebSocket of the native program.
    if (this.#controller.desiredSize <= 0) return this.close(4008, "slow");
    this.#controller.enqueue(new TextEncoder().encode(message));
  }

  close(code, reason) {
    if (!this.#controller) return;
    this.#controller.close();
    this.#end(code, reason);
  }

  serializeAttachment(attachment) {
    this.#attachment = attachment;
  }

  deserializeAttachment() {
    return this.#attachment;
  }

  /** The platform's timers count in 31 bits. */
  #expireAt(time) {
    const rest = time - Date.now();
    const ring = () => (rest > 0x7fff_ffff ? this.#expireAt(time) : this.close(4401, "unauthenticated"));
    this.#expires = setTimeout(ring, Math.min(Math.max(rest, 0), 0x7fff_ffff));
  }

  #end(code, reason) {
    clearInterval(this.#beat);
    clearTimeout(this.#expires);
    this.#controller = undefined;
    // Not from within whatever Rust does now.
    queueMicrotask(() => this.#onGone(code, reason, false));
  }
}

/** The number of the form in which each item is a line, as `form.rs` has it. */
const LINES = 1;

/** How many bytes of items may be on their way out. */
const MAX_FLOWING = 1 << 16;

/** How often something is sent while no item is: only who writes notices that nobody reads any more. */
const BEAT_MS = 10_000;

/** The items of one call on their way out of the object, as fast as they are read. */
class Flow {
  begun = false;
  #flowing = 0;
  #writer;
  #onBegun;

  constructor(onBegun) {
    this.#onBegun = onBegun;
  }

  /** `head`: what a response begins with, whose body the rest is. */
  begin(beat, head) {
    const { readable, writable } = new IdentityTransformStream();
    this.begun = true;
    this.#writer = writable.getWriter();
    if (beat) {
      const bytes = new TextEncoder().encode(beat);
      const beats = setInterval(() => void (this.#flowing === 0 && this.write(bytes)), BEAT_MS);
      void this.gone().then(() => clearInterval(beats));
    }
    this.#onBegun(readable, head);
  }

  /** A promise if the next has to wait. What is written outlives the instance that wrote it. */
  write(bytes) {
    this.#flowing += bytes.length;
    const written = this.#writer.write(bytes).then(() => void (this.#flowing -= bytes.length));
    if (this.#flowing >= MAX_FLOWING) return written;
    // Whoever went is seen by `gone`.
    written.catch(() => {});
  }

  gone() {
    return this.#writer.closed.catch(() => {});
  }

  end(whole) {
    const ended = whole ? this.#writer.close() : this.#writer.abort(new Error("the result broke off"));
    // Whoever went meanwhile need not be told.
    ended.catch(() => {});
  }

  /** Ends it behind what says why; nothing says it but breaking off. */
  fail(tail) {
    if (tail) this.write(tail)?.catch(() => {});
    this.end(tail !== undefined);
  }
}

/** The items of one call, or the body of a request, on their way in. */
class Source {
  #reader;

  constructor(stream) {
    this.#reader = stream.getReader();
  }

  async read() {
    const { done, value } = await this.#reader.read();
    return done ? undefined : value;
  }

  cancel() {
    // Whoever sent is gone, or is told.
    this.#reader.cancel().catch(() => {});
  }
}

/** Thrown to undo a transaction, and caught right outside of it. */
const UNDO = new Error("undone");

/** The rows of a statement, in order. */
class SqlRows {
  #sql;
  #cursor;
  #rows;

  constructor(sql, cursor) {
    this.#sql = sql;
    this.#cursor = cursor;
    this.#rows = cursor.raw();
    this.columns = cursor.columnNames;
  }

  next() {
    return this.#rows.next().value;
  }

  changed(changes) {
    return changes && this.written > 0 ? this.#sql.exec("SELECT changes() AS rows").one().rows : 0;
  }

  get read() {
    return this.#cursor.rowsRead;
  }

  get written() {
    return this.#cursor.rowsWritten;
  }
}

/** What Rust may ask of its surroundings. Every way out is closed once the life has ended. */
class Bridge {
  #life;
  #app;
  #reset;
  #storage;
  #peers;
  /** Responses that open a connection, until the front hands them on. */
  opened = new Map();
  /** Bodies that objects are to read as they come, by the call that brings them. */
  uploads = new Map();

  /** How many transactions are nested in each other now. */
  #turns = 0;
  /** Whether the outermost of them is to end with the object's end. */
  #doomed = false;

  constructor(life, app, storage, peers, reset) {
    this.#reset = reset;
    this.#life = life;
    this.#app = app;
    this.#storage = storage;
    this.#peers = peers;
  }

  get #open() {
    if (this.#life.ended) throw new Error("the object was reset");
    return this.#storage;
  }

  get(key) {
    return this.#open.kv.get(key);
  }

  /** Keys and values in turn. */
  scan(start, end, reverse, limit) {
    return [...this.#open.kv.list({ start, end, reverse, limit })].flat();
  }

  /** One record alone needs no transaction around it. `value` is a view into the memory of the instance: copied. */
  put(key, value) {
    this.#open.kv.put(key, value.slice());
  }

  /** All of it or nothing. `alarm`: a time in ms, null for none, undefined for no change. */
  commit(puts, deletes, alarm) {
    const storage = this.#open;
    storage.transactionSync(() => {
      for (let i = 0; i < puts.length; i += 2) storage.kv.put(puts[i], puts[i + 1]);
      for (const key of deletes) storage.kv.delete(key);
      if (alarm === undefined) return;
      // The platform's one alarm also ends connections in time.
      const earliest = this.#peers?.earlier(alarm ?? undefined) ?? alarm;
      // Takes effect at once; the promises are of the time when it could wait.
      if (earliest === null) void storage.deleteAlarm();
      else void storage.setAlarm(earliest);
    });
  }

  /** Everything stored goes: at once, or when the transaction that is open has ended, which the platform demands. */
  destroy() {
    const storage = this.#open;
    if (this.#turns) {
      this.#doomed = true;
      return;
    }
    // Takes effect at once, and with the alarm; what is written from here on is kept.
    void storage.deleteAll();
    const earliest = this.#peers?.earlier(undefined);
    if (earliest !== undefined) void storage.setAlarm(earliest);
  }

  bookmark(time) {
    const storage = this.#open;
    return time === undefined ? storage.getCurrentBookmark() : storage.getBookmarkForTime(time);
  }

  async rewind(bookmark) {
    await this.#open.onNextSessionRestoreBookmark(bookmark);
    // Nothing is acknowledged any more that would be lost.
    this.#reset("the object goes back in time");
  }

  /** Nothing of `turn` is kept unless it answers true. What went wrong, if something did. */
  transact(turn) {
    const storage = this.#open;
    let kept, failed;
    this.#turns += 1;
    try {
      storage.transactionSync(() => {
        kept = turn();
        if (!kept || this.#doomed) throw UNDO;
      });
    } catch (fault) {
      // A trap has ended the life, and undone the transaction on its way.
      if (this.#life.ended) throw fault;
      if (fault !== UNDO) failed = fault.message;
    } finally {
      this.#turns -= 1;
    }
    if (this.#turns) return failed;
    const ends = this.#doomed && kept && failed === undefined;
    // The end of a turn that failed is none of the next one's business.
    this.#doomed = false;
    if (!ends) return failed;
    try {
      this.destroy();
    } catch (fault) {
      return fault.message;
    }
  }

  sql(text, params) {
    const { sql } = this.#open;
    return new SqlRows(sql, sql.exec(text, ...params));
  }

  call(path, id, name, near, text, params, number) {
    void this.#open;
    const stub = this.#stub(path, id, name, near);
    // The platform writes an argument that is not there, too.
    this.#settle(number, params === undefined ? stub.stayput(text) : stub.stayput(text, params));
  }

  /** Hands over what comes of a promise. */
  #settle(number, promise) {
    const settle = (came) => (value) => {
      if (!this.#life.ended) this.#life.glue.stayput_settle(number, came, value);
    };
    promise.then(settle(true), settle(false)).catch((fault) => this.#life.end(fault));
  }

  async stream(path, id, name, text, params, form, call) {
    void this.#open;
    const answer = await this.#stub(path, id, name).stayputStream(text, params, form, this.uploads.get(call));
    if (!answer.stream) return answer;
    this.opened.set(call, { body: answer.stream });
    return answer.head ? { ok: answer.head } : "";
  }

  /** The body of this request's response, sent by this instance itself. */
  flow(call) {
    const flow = new Flow((body) => {
      this.opened.set(call, { body });
      this.#life.flows.add(flow);
      void flow.gone().then(() => this.#life.flows.delete(flow));
    });
    return flow;
  }

  /** Items that are read here, a line each. */
  async items(path, id, name, near, text, params) {
    void this.#open;
    const answer = await this.#stub(path, id, name, near).stayputStream(text, params, LINES);
    return answer.stream ? { source: new Source(answer.stream) } : answer;
  }

  /** By its name where that is known: then the object knows it, too. */
  #stub(path, id, name, near) {
    const namespace = this.#app.namespace(path);
    const options = near === undefined ? undefined : { locationHint: near };
    return name === undefined ? namespace.get(namespace.idFromString(id), options) : namespace.getByName(name, options);
  }

  /** Where the objects of another Worker's class are, if that is bound. */
  #remote(binding) {
    const namespace = Object.hasOwn(env, binding) ? env[binding] : undefined;
    // The stub of a Worker has every method that it is asked for, but `fetch` is its own.
    return typeof namespace?.getByName === "function" && typeof namespace.fetch !== "function" ? namespace : undefined;
  }

  remoteId(binding, name) {
    const namespace = this.#remote(binding);
    return namespace && (name === undefined ? "" : namespace.idFromName(name).toString());
  }

  remoteService(binding) {
    return Object.hasOwn(env, binding) && typeof env[binding]?.fetch === "function";
  }

  async remoteCall(binding, id, name, text, params) {
    void this.#open;
    return await this.#remoteStub(binding, id, name).stayput(text, params);
  }

  async jsCall(binding, id, name, method, args) {
    void this.#open;
    const result = await this.#remoteStub(binding, id, name)[method](...(parseExact(args) ?? []));
    return writeExact(result) ?? "null";
  }

  async jsFetch(binding, id, name, method, path, headers, body, limit) {
    void this.#open;
    const init = { method, headers: pairsOf(headers), body, redirect: "manual" };
    return await whole(await this.#remoteStub(binding, id, name).fetch(`http://object${path}`, init), limit);
  }

  #remoteStub(binding, id, name) {
    const namespace = this.#remote(binding);
    return name === undefined ? namespace.get(namespace.idFromString(id)) : namespace.getByName(name);
  }

  /** `headers`: names and values in turn. The time it may take is the caller's affair. */
  async remotePost(service, url, headers, body) {
    void this.#open;
    const target = service === undefined ? globalThis : env[service];
    let request;
    try {
      request = new Request(url, { method: "POST", headers: pairsOf(headers), body, redirect: "manual" });
    } catch (fault) {
      throw Object.assign(new Error(fault.message), { stayputUrl: true });
    }
    const response = await target.fetch(request);
    return { status: response.status, body: await readBody(response, MAX_ANSWER) };
  }

  hostOf(url) {
    return new URL(url).hostname;
  }

  /** `headers`: names and values in turn. Whoever asked decides where an answer sends it on to. */
  fetch(method, url, headers, body, limit) {
    void this.#open;
    const controller = new AbortController();
    const init = { method, headers: pairsOf(headers), body, redirect: "manual", signal: controller.signal };
    const answer = (async () => await whole(await fetch(url, init), limit))();
    answer.abort = () => controller.abort();
    return answer;
  }

  idOfName(path, name) {
    return this.#app.namespace(path).idFromName(name).toString();
  }

  newId(path) {
    return this.#app.namespace(path).newUniqueId().toString();
  }

  knowsId(path, id) {
    try {
      this.#app.namespace(path).idFromString(id);
      return true;
    } catch {
      return false;
    }
  }

  /** Two steps: what comes by `fetch` could come from anywhere, so it carries nothing but a ticket for what did not. */
  async open(path, id, name, header, call) {
    void this.#open;
    const stub = this.#stub(path, id, name);
    const ticket = await stub.stayputExpect(header);
    const upgrade = JSON.parse(header).stream ? {} : { upgrade: "websocket" };
    const response = await stub.fetch("http://object/", { headers: { ...upgrade, "x-stayput-ticket": ticket } });
    if (response.status >= 400) return await response.json();
    this.opened.set(call, response);
    return "";
  }

  ticket(path, id, name, caller, life) {
    void this.#open;
    return this.#stub(path, id, name).stayputTicket(caller, life);
  }

  redeem(path, id, name, ticket) {
    void this.#open;
    return this.#stub(path, id, name).stayputRedeem(ticket);
  }

  connections() {
    void this.#open;
    return this.#peers.list();
  }

  attach(id, form) {
    void this.#open;
    // A view into the memory of the instance: copied.
    this.#peers.all.get(id)?.serializeAttachment(form.slice());
  }

  send(ids, message) {
    void this.#open;
    this.#peers.send(ids, message);
  }

  close(id, code, reason) {
    void this.#open;
    this.#peers.close(id, code, reason);
  }

  manifest() {
    return this.#app.manifest;
  }

  sleep(ms) {
    let timer;
    let ring;
    const bell = new Promise((resolve) => {
      ring = resolve;
      timer = setTimeout(resolve, ms);
    });
    // Settling the promise frees what waits for it; clearing the timer lets the object become idle.
    bell.cancel = () => {
      clearTimeout(timer);
      ring();
    };
    return bell;
  }

  soon() {
    this.#life.soon(this.#life.glue.stayput_run_ready);
  }

  random(bytes) {
    crypto.getRandomValues(bytes);
  }

  variable(name) {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value === undefined || typeof value === "string") return value;
    return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
  }

  report(message) {
    console.error(`stayput: ${message}`);
  }

  enter(call) {
    this.#life.current = call;
  }

  ending(notBegun, processes) {
    this.#life.ending(notBegun, processes);
  }
}

/**
 * Makes the Worker of an app: `object(path)` is the class to export for a class path, `worker` the default export.
 * `classes`: class path to the name its class is exported by. `manifest`: what `/manifest.json` answers.
 */
export function shell({ module, instantiate, classes, manifest }) {
  const described = JSON.parse(manifest).classes;
  const namespaces = new Map();
  const namespace = (path) => {
    let found = namespaces.get(path);
    if (!found) {
      const { binding, jurisdiction } = described[path];
      found = within(namespaceOf(path, classes[path], binding), jurisdiction);
      namespaces.set(path, found);
    }
    return found;
  };
  const app = { manifest, namespace };
  const build = (make, storage, peers, reset) => {
    const life = new Life({ module, instantiate });
    life.bridge = new Bridge(life, app, storage, peers, reset);
    life.root = make(life.glue, life.bridge);
    return life;
  };

  const object = (path) => withActions(classOf(path), Object.keys(described[path].actions));

  const classOf = (path) =>
    class extends DurableObject {
      #life;
      #peers;
      /** Connections that were announced, by ticket. */
      #expected = new Map();
      /** Callers who may open a connection, by the ticket that they were given. */
      #tickets = new Map();

      constructor(ctx, env) {
        super(ctx, env);
        this.#peers = new Peers(ctx);
      }

      #alive() {
        if (!this.#life || this.#life.ended) {
          const { id, storage } = this.ctx;
          const make = (glue, bridge) => new glue.ObjectHost(bridge, path, id.toString(), id.name);
          this.#life = build(make, storage, this.#peers, (why) => this.ctx.abort(why));
        }
        return this.#life;
      }

      /** What waited behind a panic has not begun: the next life runs it as if nothing had happened. */
      async #run(begin) {
        for (;;) {
          const life = this.#alive();
          const answer = await life.run((call, done) => begin(life.root, call, done));
          if (answer.fault !== NOT_BEGUN) return answer;
        }
      }

      /** A handler of a connection, which has nobody to tell: what another call's panic cut short, and so undid, runs again. */
      async #handle(begin) {
        for (;;) {
          const answer = await this.#run(begin);
          if (answer.fault !== BYSTANDER) return answer;
        }
      }

      /** Only other objects and this Worker's own front get here: no request of the network can name it. */
      stayput(text, params) {
        return this.#run((root, call, done) => root.submit(call, text, params, done));
      }

      /**
       * The same where items are read one by one: its answer, or `{ stream }` once the first has come; with `head`, what
       * a response begins with. `body`: that of the request, if it is read as it comes.
       */
      async stayputStream(text, params, form, body) {
        const source = body && new Source(body);
        for (;;) {
          const answer = await this.#flow(text, params, form, source);
          if (answer.fault !== NOT_BEGUN) return answer;
        }
      }

      #flow(text, params, form, source) {
        return new Promise((resolve) => {
          const life = this.#alive();
          const flow = new Flow((stream, head) => resolve({ stream, head }));
          const ended = life.run((call, done) => life.root.stream(call, text, params, form, flow, source, done));
          void ended.then((answer) => {
            if (!flow.begun) return resolve(answer);
            if (answer.fault) flow.fail(this.#alive().root.tail(text, form, answer.fault));
          });
        });
      }

      /** An action, called by JavaScript. */
      async stayputRpc(action, args) {
        const params = encodeArgs(args, described[path].actions[action].params);
        const answer = await this.#run((root, call, done) => root.rpc(call, action, params, done));
        if (succeeded(answer)) return parseExact(typeof answer === "string" ? answer : new TextDecoder().decode(answer.ok));
        throw rpcError(answer);
      }

      /** Announces a connection; the ticket admits the request that brings it. */
      stayputExpect(header) {
        const ticket = crypto.randomUUID();
        // One that never comes is forgotten.
        const timer = setTimeout(() => this.#expected.delete(ticket), 10_000);
        this.#expected.set(ticket, { header, timer });
        return ticket;
      }

      /** A ticket for a caller. It lives in memory, which its timer keeps: none outlives a crash, none is good twice. */
      stayputTicket(caller, life) {
        if (this.#tickets.size >= MAX_TICKETS) return undefined;
        const bytes = crypto.getRandomValues(new Uint8Array(32));
        const ticket = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        const timer = setTimeout(() => this.#tickets.delete(ticket), life);
        this.#tickets.set(ticket, { caller, timer });
        return ticket;
      }

      /** Whose ticket it is; it is void from now on. */
      stayputRedeem(ticket) {
        const { caller, timer } = this.#tickets.get(ticket) ?? {};
        this.#tickets.delete(ticket);
        clearTimeout(timer);
        return caller;
      }

      async fetch(request) {
        const ticket = request.headers.get("x-stayput-ticket");
        const { header, timer } = this.#expected.get(ticket) ?? {};
        if (header === undefined) {
          return Response.json({ error: { code: "not_found", message: "objects are called through the Worker's front" } }, { status: 404 });
        }
        this.#expected.delete(ticket);
        // An armed timer would keep the object from going idle.
        clearTimeout(timer);
        const { id, stream, caller } = JSON.parse(header);
        const { peer, client } = stream ? this.#stream(id, caller.expires) : this.#socket(id, caller.expires);
        this.#peers.add(id, peer, stream ? undefined : caller.expires);
        if (!stream && caller.expires !== undefined) await this.#wakeBy(caller.expires);
        const answer = await this.#handle((root, call, done) => root.open(call, header, done));
        if (!stream) {
          // The message of a panic is no page's business.
          if (answer.fault) peer.close(1011, "internal");
          return new Response(null, { status: 101, webSocket: client });
        }
        if (succeeded(answer)) return new Response(peer.readable);
        this.#peers.remove(id);
        peer.close(1011, "");
        return Response.json(answer, { status: 400 });
      }

      /** Has the platform wake the object at a time, if it would not before. */
      async #wakeBy(time) {
        const { storage } = this.ctx;
        const alarm = await storage.getAlarm();
        if (alarm === null || alarm > time) await storage.setAlarm(time);
      }

      #socket(id, expires) {
        const { 0: client, 1: peer } = new WebSocketPair();
        this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
        this.ctx.acceptWebSocket(peer, expires === undefined ? [id] : [id, String(expires)]);
        return { peer, client };
      }

      #stream(id, expires) {
        return { peer: new Stream(expires, (code, reason, clean) => void this.#gone(id, code, reason, clean)) };
      }

      async webSocketMessage(socket, message) {
        const [id] = this.ctx.getTags(socket);
        for (;;) {
          const { fault } = await this.#run((root, call, done) => root.message(call, id, message, done));
          // A frame for the object's own handler runs again, as in `#handle`; requests are answered.
          if (!fault || !this.#alive().root.unanswered(id, message, fault)) return;
        }
      }

      async webSocketClose(socket, code, reason, clean) {
        const [id] = this.ctx.getTags(socket);
        // The platform leaves the answer to a good-bye to us; codes that are only seen cannot be sent.
        this.#peers.close(id, code === 1005 || code === 1006 || code === 1015 ? 1000 : code, reason);
        // Nobody said why: what the platform has to say then is its own.
        await this.#gone(id, code, code === 1006 ? "" : reason, clean);
      }

      async webSocketError(socket) {
        const [id] = this.ctx.getTags(socket);
        await this.#gone(id, 1006, "", false);
      }

      /** A handler that fails, or panics, has nobody to tell. */
      async #gone(id, code, reason, clean) {
        if (!this.#peers.all.has(id)) return;
        const { fault } = await this.#handle((root, call, done) => root.gone(call, id, code, reason, clean, done));
        this.#peers.remove(id);
        // A life that began meanwhile took it for open.
        if (fault && !this.#life.ended) this.#life.root.forget(id);
      }

      async alarm() {
        this.#peers.expire(Date.now());
        const life = this.#alive();
        const { fault, next } = await life.run((call, done) => life.root.alarm(call, done));
        // The platform tries again: only if not even the note of the attempt could be committed.
        if (fault) throw new Error(`the alarm was not run: ${fault}`);
        // The platform takes this alarm for done. Whatever is left, although nothing set an alarm for it (the platform
        // was early, or the object could not wake), must not be forgotten.
        const earliest = this.#peers.earlier(next);
        if (earliest !== undefined) await this.#wakeBy(earliest > Date.now() ? earliest : Date.now() + 30_000);
      }
    };

  let front;
  const worker = {
    async fetch(request, _env, ctx) {
      if (!front || front.ended) {
        front = build((glue, bridge) => new glue.FrontHost(bridge, manifest));
        front.bodyLimit = front.root.body_limit();
        front.importLimit = front.root.import_limit();
        front.takesBodies = front.root.takes_bodies();
      }
      const life = front;
      const url = new URL(request.url);
      const path = url.pathname + url.search;
      const upload = life.takesBodies && request.body && life.root.takes_body(request.method, path) && request.body;
      const limit = url.pathname.endsWith("/~import") ? life.importLimit : life.bodyLimit;
      const body = upload ? NOTHING : await readBody(request, limit);
      let number;
      const answer = life.run((call, done) => {
        number = call;
        if (upload) life.bridge.uploads.set(call, upload);
        const written = (status, headers, body) => done({ status, headers, body });
        life.root.handle(call, request.method, path, headerLines(request.headers), body, written);
      });
      // A client that hangs up cancels nothing: what it started runs to its end.
      ctx.waitUntil(answer);
      const { fault, status, headers, body: bytes } = await answer;
      if (upload) life.bridge.uploads.delete(number);
      if (fault) return failed(fault);
      const opened = life.bridge.opened.get(number);
      if (opened) return handOn(life.bridge, number, opened, status, headerPairs(headers), request.method);
      return new Response(bytes.length === 0 && (status === 204 || status === 304) ? null : bytes, { status, headers: headerInit(headers) });
    },
  };
  return { object, worker };
}

const NOTHING = new Uint8Array(0);

/** Whether an answer of Rust is a result: a text, or the bytes of one that is long or none. */
function succeeded(answer) {
  return typeof answer === "string" || answer.ok !== undefined;
}

/** What answers more than this is no app: it is not kept in memory. */
const MAX_ANSWER = 64 << 20;

/** What the platform calls itself, or keeps for itself: actions of these names are called over HTTP. */
const RESERVED = new Set([
  ...["alarm", "connect", "constructor", "dup", "fetch", "id", "name"],
  ...["webSocketClose", "webSocketError", "webSocketMessage"],
]);

/**
 * Gives a class a method for each action, so that JavaScript calls `stub.say("hello")`; those of a mixin are called on the
 * property of its name, `stub.presence.list()`.
 */
function withActions(Class, actions) {
  for (const name of actions) {
    const [mount, ...rest] = name.split(".");
    if (RESERVED.has(mount) || mount in Class.prototype) continue;
    if (rest.length === 0) {
      const method = function (...args) {
        return this.stayputRpc(name, args);
      };
      Object.defineProperty(Class.prototype, name, { value: method, configurable: true, writable: true });
      continue;
    }
    const get = function () {
      return mounted(this, mount, actions);
    };
    Object.defineProperty(Class.prototype, mount, { get, configurable: true });
  }
  return Class;
}

function mounted(object, prefix, actions) {
  class Mixin extends RpcTarget {}
  for (const name of actions.filter((name) => name.startsWith(`${prefix}.`))) {
    const [member, ...rest] = name.slice(prefix.length + 1).split(".");
    if (member in Mixin.prototype) continue;
    const descriptor =
      rest.length === 0
        ? { value: (...args) => object.stayputRpc(name, args) }
        : { get: () => mounted(object, `${prefix}.${member}`, actions) };
    Object.defineProperty(Mixin.prototype, member, descriptor);
  }
  return new Mixin();
}

/** `undefined` leaves a parameter out, as in a call of a function: where others follow, they go by name. */
function encodeArgs(args, params) {
  const given = args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
  if (given.length === 0) return NOTHING;
  const byName = given.includes(undefined) && given.length <= params.length;
  const form = byName ? Object.fromEntries(given.map((arg, index) => [params[index].name, arg])) : given;
  return new TextEncoder().encode(writeExact(form));
}

/** Integers of any size are written as what they are. */
function writeExact(value) {
  return JSON.stringify(value, (_, value) => (typeof value === "bigint" ? JSON.rawJSON(value.toString()) : value));
}

/** Integers that a number does not hold are read as `bigint`. */
function parseExact(text) {
  return JSON.parse(text, (_, value, { source } = {}) => {
    const wide = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
    return wide && /^-?\d+$/.test(source) ? BigInt(source) : value;
  });
}

/** What a failed call throws: an error with the members of `data` that errors have on the wire. */
function rpcError({ error, fault }) {
  const midway = fault === MIDWAY;
  const panicked = { code: "internal", message: "the action panicked", details: null, retryable: false, maybe_executed: midway };
  const reset = { code: "object_reset", message: "the object was reset", details: null, retryable: true, maybe_executed: true };
  const { code, message, details, retryable, maybe_executed } = error ? JSON.parse(error) : midway || fault === CULPRIT ? panicked : reset;
  return Object.assign(new Error(message), { name: "StayputError", code, details, retryable, maybe_executed });
}

/** Where the objects of a class are: as the platform exports it, or under the binding that the class names. */
function namespaceOf(path, name, binding) {
  const namespace = exports[name] ?? (binding !== undefined && Object.hasOwn(env, binding) ? env[binding] : undefined);
  if (typeof namespace?.getByName === "function") return namespace;
  const line = `"${name}": { "type": "durable-object", "storage": "sqlite" }`;
  const bound = binding === undefined ? "" : `, and the binding ${binding} of class \`${name}\` to \`durable_objects\``;
  const message = `the class \`${path}\` has no namespace: add ${line} to \`exports\` in the Worker's configuration${bound}`;
  throw Object.assign(new Error(message), { stayputUnbound: true });
}

/** The objects of a class that may not leave a jurisdiction. On a developer's machine there is none to leave. */
function within(namespace, jurisdiction) {
  if (jurisdiction === undefined || env.STAYPUT_DEVELOPER === "1") return namespace;
  return namespace.jurisdiction(jurisdiction);
}

/** A line each; none of the network's can be one of ours. */
function headerLines(headers) {
  let lines = "";
  for (const [name, value] of headers) if (!name.startsWith("x-stayput-")) lines += `${name}:${value}\n`;
  return lines;
}

function headerPairs(lines) {
  const pair = (line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)];
  return lines.split("\n").slice(0, -1).map(pair);
}

/** Pairs where a name stands twice; otherwise an object, which the platform reads faster. */
function headerInit(lines) {
  const pairs = headerPairs(lines);
  const init = Object.fromEntries(pairs);
  return Object.keys(init).length === pairs.length ? init : pairs;
}

/** Of names and values in turn. */
function pairsOf(flat) {
  return flat.flatMap((_, i) => (i % 2 === 0 ? [[flat[i], flat[i + 1]]] : []));
}

/** A response with all of its body, but for what is beyond `limit`. */
async function whole(response, limit) {
  return { status: response.status, headers: [...response.headers].flat(), body: await readParts(response.body, limit) };
}

/** Gives the client its end of a connection. */
function handOn(bridge, number, opened, status, headers, method) {
  bridge.opened.delete(number);
  if (method === "HEAD") {
    void opened.body.cancel();
    return new Response(null, { status, headers });
  }
  if (status !== 101) return new Response(opened.body, { status, headers });
  // The platform writes these itself.
  const others = headers.filter(([name]) => name !== "connection" && name !== "upgrade");
  return new Response(null, { status, headers: others, webSocket: opened.webSocket });
}

/** At most one byte more than `limit`, which is enough to refuse it. */
async function readBody(request, limit) {
  // To ask for `body` makes a stream of it: only where there must be one.
  if (Number(request.headers.get("content-length") ?? Infinity) <= limit) return new Uint8Array(await request.arrayBuffer());
  return await readParts(request.body, limit);
}

/** The same of a stream, whatever is said of its length: of a compressed body that is another. */
async function readParts(stream, limit) {
  if (!stream) return NOTHING;
  const parts = [];
  let length = 0;
  for await (const part of stream) {
    parts.push(part);
    length += part.length;
    if (length > limit) break;
  }
  const body = new Uint8Array(Math.min(length, limit + 1));
  let at = 0;
  for (const part of parts) {
    const fits = part.subarray(0, body.length - at);
    body.set(fits, at);
    at += fits.length;
  }
  return body;
}

/** The front itself failed: nothing in Rust is left to word the answer. */
function failed(fault) {
  const culprit = fault === CULPRIT;
  const code = culprit ? "internal" : "object_reset";
  const data = { code, retryable: !culprit, maybe_executed: true, request_id: crypto.randomUUID() };
  const error = { code: culprit ? -32603 : 1, message: "the request could not be completed", data };
  return Response.json({ error }, { status: culprit ? 500 : 503 });
}
