// What `worker-build` writes for such a crate, as short as it goes.
import { DurableObject } from "cloudflare:workers";
import module from "./glue_bg.wasm";
import { initSync, Counter as Inner, fetch } from "./glue.js";

initSync({ module });

export class Counter extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.inner = new Inner(ctx, env);
  }

  fetch(request) {
    return this.inner.fetch(request);
  }
}

export default { fetch };
