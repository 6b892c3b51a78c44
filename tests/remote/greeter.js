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
