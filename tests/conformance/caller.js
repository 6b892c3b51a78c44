// A Worker in JavaScript that calls the objects of another: `POST /call` with `{binding, name, path, args}`. Everything
// else goes to that other Worker. Integers travel in both directions as they are.
const big = (text) =>
  JSON.parse(text, (_, value, { source } = {}) =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(source) : value,
  );
const text = (value) => JSON.stringify(value, (_, value) => (typeof value === "bigint" ? JSON.rawJSON(`${value}`) : value));

export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname !== "/call") return await env.MAIN.fetch(request);
    const { binding, name, path, args } = big(await request.text());
    const stub = env[binding].getByName(name);
    try {
      const [method, mount] = path.split(".").reverse();
      const target = mount === undefined ? stub : stub[mount];
      const result = await target[method](...args);
      return new Response(text({ result: result ?? null }));
    } catch (error) {
      const { code, details, retryable, maybe_executed } = error;
      return new Response(text({ error: { message: error.message, code, details, retryable, maybe_executed } }));
    }
  },
};
