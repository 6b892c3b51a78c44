// A Worker in JavaScript that calls the objects of another: `POST /call` with `{binding, name, path, args}`, where the
// text "undefined" stands for what it says; `POST /look` with the name of something that JSON cannot ask for. Everything
// else goes to that other Worker. Integers travel in both directions as they are.
const big = (text) =>
  JSON.parse(text, (_, value, { source } = {}) =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(source) : value,
  );
const text = (value) => JSON.stringify(value, (_, value) => (typeof value === "bigint" ? JSON.rawJSON(`${value}`) : value));

const LOOKS = {
  // What is thrown is an error like any other.
  async error(env) {
    const error = await env.TALLY.getByName("js-error").fail_after_write(1).catch((error) => error);
    return [error instanceof Error, error.name, error.message, Object.keys(error).sort()];
  },
  async missing(env) {
    const error = await env.TALLY.getByName("js-missing").nothing().catch((error) => error);
    return error.message;
  },
  // The calls of one stub arrive in order, and may be under way at once.
  async together(env) {
    const stub = env.TALLY.getByName("js-together");
    return await Promise.all([stub.increment(1), stub.increment(2), stub.value(), stub.increment(3)]);
  },
  // A stub outlives what goes wrong.
  async again(env) {
    const stub = env.TALLY.getByName("js-again");
    const told = [await stub.increment(1)];
    told.push(await stub.panic_after_write(1).catch(({ code }) => code));
    told.push(await stub.fail_after_write(1).catch(({ code }) => code));
    await new Promise((resolve) => setTimeout(resolve, 5));
    told.push(await stub.increment(1));
    return told;
  },
  // Not awaited, the property of a mixin is a stub as well.
  async pipelined(env) {
    const { left } = env.SHELF.getByName("js-mixin");
    return [await left.tick("a"), await env.SHELF.getByName("js-mixin").left.marks()];
  },
  async ids(env) {
    const id = env.TALLY.newUniqueId();
    const stub = env.TALLY.get(id);
    // `id` and `name` of a stub are the platform's own.
    return [await stub.increment(4), stub.name ?? null, stub.id.equals(id), await env.TALLY.getByName("js-name").name];
  },
  // What JSON does not have: a date is its text, bytes are numbers, nothing else gets through as something it is not.
  async values(env) {
    const chest = env.CHEST.getByName("js-values");
    const refused = ({ code, details }) => [code, details?.faults?.[0]?.received];
    return [
      await chest.echo(new Date(0)),
      await chest.echo(NaN).catch(refused),
      await chest.echo(7n).catch(refused),
      await chest.options(Infinity),
      await chest.options(2 ** 32).catch(refused),
    ];
  },
  async nothing(env) {
    return [(await env.CHEST.getByName("js-nothing").nothing()) === null];
  },
  // An object takes no requests but through the front.
  async fetched(env) {
    const response = await env.TALLY.getByName("js-fetched").fetch("http://object/tally/js-fetched/value");
    return [response.status, (await response.json()).error.code];
  },
};

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/look") {
      const seen = await LOOKS[await request.text()](env).catch((error) => String(error));
      return new Response(text(seen));
    }
    if (pathname !== "/call") return await env.MAIN.fetch(request);
    const { binding, name, path, args } = big(await request.text());
    const stub = env[binding].getByName(name);
    try {
      const [method, mount] = path.split(".").reverse();
      const target = mount === undefined ? stub : stub[mount];
      const result = await target[method](...args.map((arg) => (arg === "undefined" ? undefined : arg)));
      return new Response(text({ result: result ?? null }));
    } catch (error) {
      const { code, details, retryable, maybe_executed } = error;
      return new Response(text({ error: { message: error.message, code, details, retryable, maybe_executed } }));
    }
  },
};
