// A class of Durable Objects as people write them by hand.
import { DurableObject } from "cloudflare:workers";

export class Greeter extends DurableObject {
  greet(name, mark = "!") {
    return `Hello ${name}${mark}`;
  }

  async count(by) {
    const count = (this.ctx.storage.kv.get("count") ?? 0) + by;
    this.ctx.storage.kv.put("count", count);
    return { count, name: this.ctx.id.name };
  }

  echo(...args) {
    return args;
  }

  async fetch(request) {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/away") return Response.redirect("http://elsewhere.example/", 302);
    if (pathname === "/long") return new Response(new Uint8Array((16 << 20) + 1));
    if (pathname === "/fail") throw new TypeError("no fetch today");
    const body = await request.text();
    const said = { method: request.method, path: pathname + search, mark: request.headers.get("x-mark"), body };
    return Response.json(said, { status: 202, headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] });
  }

  nothing() {}

  wide() {
    return 2n ** 60n;
  }

  double(value) {
    return [value, typeof value];
  }

  nan() {
    return NaN;
  }

  fail(why) {
    throw new TypeError(why);
  }
}

export default { fetch: () => new Response(null, { status: 404 }) };
