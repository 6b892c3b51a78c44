// The JavaScript half of the Workers backend: what the Rust half (this folder's .rs files) cannot do from inside wasm.
//
// One wasm instance per object. An instance and everything that belongs to it is a `Life`. Whatever leaves a wasm
// export as an exception (a trap, which is what a panic becomes, or a JavaScript exception nobody caught) ends that
// life and no other: its waiting calls are answered at once, nothing enters the instance any more, its storage is
// closed to it, and the next call starts a new life on the same durable state.
import { DurableObject, env, exports } from "cloudflare:workers";

/** How a call ends that its life did not survive: at fault, under way meanwhile, or still waiting for its turn. */
const CULPRIT = "panicked";
const BYSTANDER = "interrupted";
const NOT_BEGUN = "not_begun";

/** One wasm instance, the promises that wait for it, and its end. */
class Life {
  /** @type {Error | undefined} */
  ended;
  /** The number of the call whose code runs now; 0 for none. Set by the Rust half. */
  current = 0;
  /** @type {Map<number, (fault: string) => void>} */
  #pending = new Map();
  /** Calls that had not begun when the life was about to end. */
  #notBegun = new Set();
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
    const microtask = (task) =>
      queueMicrotask(() => {
        try {
          task();
        } catch (fault) {
          life.end(fault);
        }
      });
    this.glue = instantiate(Object.create(null), guarded, microtask);
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

  end(fault) {
    if (this.ended) return;
    this.ended = fault instanceof Error ? fault : new Error(String(fault));
    // The panic has said where; the frames of a trap have no names.
    const trap = this.ended instanceof WebAssembly.RuntimeError;
    console.error("stayput: an instance was ended by:", trap ? String(this.ended) : this.ended);
    for (const [call, abort] of this.#pending) {
      abort(this.#notBegun.has(call) ? NOT_BEGUN : call === this.current ? CULPRIT : BYSTANDER);
    }
    this.#pending.clear();
  }

  /** The numbers are a view into the memory of the instance: they are copied. */
  waiting(calls) {
    this.#notBegun = new Set(calls);
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

/** What Rust may ask of its surroundings. Every way out is closed once the life has ended. */
class Bridge {
  #life;
  #classes;
  #storage;

  constructor(life, classes, storage) {
    this.#life = life;
    this.#classes = classes;
    this.#storage = storage;
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

  /** All of it or nothing. `alarm`: a time in ms, null for none, undefined for no change. */
  commit(puts, deletes, alarm) {
    const storage = this.#open;
    storage.transactionSync(() => {
      for (let i = 0; i < puts.length; i += 2) storage.kv.put(puts[i], puts[i + 1]);
      for (const key of deletes) storage.kv.delete(key);
      // Takes effect at once; the promises are of the time when it could wait.
      if (alarm === null) void storage.deleteAlarm();
      else if (alarm !== undefined) void storage.setAlarm(alarm);
    });
  }

  /** Objects are known to the platform by the hex form of our id: an id alone is enough to reach one. */
  async call(path, id, header, params) {
    void this.#open;
    return await exports[this.#classes[path]].getByName(id).stayput(header, params);
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

  waiting(calls) {
    this.#life.waiting(calls);
  }
}

/**
 * Makes the Worker of an app: `object(path)` is the class to export for a class path, `worker` the default export.
 * `classes`: class path to the name its class is exported by. `manifest`: what `/manifest.json` answers.
 */
export function shell({ module, instantiate, classes, manifest }) {
  const build = (make, storage) => {
    const life = new Life({ module, instantiate });
    life.root = make(life.glue, new Bridge(life, classes, storage));
    return life;
  };

  const object = (path) =>
    class extends DurableObject {
      #life;

      #alive() {
        if (!this.#life || this.#life.ended) {
          const { id, storage } = this.ctx;
          this.#life = build((glue, bridge) => new glue.ObjectHost(bridge, path, id.name), storage);
        }
        return this.#life;
      }

      /** Only other objects and this Worker's own front get here: no request of the network can name it. */
      async stayput(header, params) {
        // A call that waited behind a panic has not begun: the next life runs it as if nothing had happened.
        for (;;) {
          const life = this.#alive();
          const answer = await life.run((call, done) => life.root.submit(call, header, params, done));
          if (answer.fault !== NOT_BEGUN) return answer;
        }
      }

      async alarm() {
        const life = this.#alive();
        const { fault, next } = await life.run((call, done) => life.root.alarm(call, done));
        // The platform tries again: only if not even the note of the attempt could be committed.
        if (fault) throw new Error(`the alarm was not run: ${fault}`);
        // The platform takes this alarm for done. Whatever is left, although nothing set an alarm for it (the platform
        // was early, or the object could not wake), must not be forgotten.
        const { storage } = this.ctx;
        if (next !== undefined && (await storage.getAlarm()) === null) {
          await storage.setAlarm(next > Date.now() ? next : Date.now() + 30_000);
        }
      }
    };

  let front;
  const worker = {
    async fetch(request, _env, ctx) {
      if (!front || front.ended) front = build((glue, bridge) => new glue.FrontHost(bridge, manifest));
      const life = front;
      const headers = [...request.headers].filter(([name]) => !name.startsWith("x-stayput-"));
      const body = await readBody(request, life.root.body_limit());
      const url = new URL(request.url);
      const answer = life.run((call, done) =>
        life.root.handle(call, request.method, url.pathname + url.search, headers.flat(), body, done),
      );
      // A client that hangs up cancels nothing: what it started runs to its end.
      ctx.waitUntil(answer);
      const { fault, status, headers: answered, body: bytes } = await answer;
      if (fault) return failed(fault);
      return new Response(bytes.length === 0 && (status === 204 || status === 304) ? null : bytes, { status, headers: answered });
    },
  };
  return { object, worker };
}

/** At most one byte more than `limit`, which is enough to refuse it. */
async function readBody(request, limit) {
  if (!request.body) return new Uint8Array(0);
  const parts = [];
  let length = 0;
  for await (const part of request.body) {
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
