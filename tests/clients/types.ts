// What the compiler accepts of the generated clients, and what it must refuse.

import * as bigint from "./bigint/index.js";
import * as counter from "./counter/index.js";
import * as rich from "./rich/index.js";

export async function counters(): Promise<void> {
  const app = counter.connect("http://127.0.0.1:8787", { headers: { a: "b" }, timeoutMs: 5 });
  const home = app.counter("home");
  const total: number = await home.increment();
  await home.increment({ by: 2 }, { signal: new AbortController().signal });
  await home.increment({ by: undefined });
  const none: null = await home.reset();
  // @ts-expect-error a number is asked for
  await home.increment({ by: "2" });
  // @ts-expect-error there is no such param
  await home.increment({ of: 2 });
  // @ts-expect-error there is no such action
  await home.tidy();
  console.log(total, none);
}

export async function rooms(): Promise<void> {
  const app = rich.connect("http://127.0.0.1:8787");
  const room = app.chatRoom("lobby");
  const names: string[] = await room.presence.list();
  const others: string[] = await room.audience.list();
  await room.presence_2();
  await room.delete({ id: 1 });
  const message: rich.Message_2 | null = await room.await({ class: {}, "max-wait": 3 });
  const id: rich.ObjectId<"chat-room"> = await room.constructor_2({ object: "0".repeat(64) });
  app.chatRoom.$byId(id);
  // @ts-expect-error an id of another class
  app.ledger.$byId(id, { connect: false });
  // @ts-expect-error `text` is missing
  await room.say({});
  // @ts-expect-error only some colors
  await room.paint({ shape: "Dot", color: "pink", sizes: {} });
  const drawing: rich.Drawing = await room.paint({ shape: { Rect: { w: 1, h: 2 } }, color: "red", sizes: { a: 1 } });
  // @ts-expect-error there may be none of this name
  const missing: rich.Shape = drawing["by-id"]["7"];
  const tree: rich.Tree = await room.tree({ root: { weight: 1, children: [{ weight: 2, children: [] }] } });
  let after: rich.Cursor | null = null;
  do {
    const page: rich.PageOfMessage = await room.scroll({ after, limit: 20 });
    const texts: string[] = page.items.map((item) => item.text);
    after = page.next;
    console.log(texts);
  } while (after !== null);
  console.log(names, others, message?.text, drawing.pair[1].toFixed(), tree.children[0]?.weight, missing);
}

export async function errors(): Promise<string> {
  const outcome = await rich.settle(rich.connect("http://127.0.0.1:8787").chatRoom("lobby").say({ text: "hi" }));
  if (outcome.ok) {
    const id: number = outcome.value;
    return id.toString();
  }
  const { error } = outcome;
  switch (error.code) {
    case "room.full": {
      const max: number = error.details.max;
      return max.toString();
    }
    case "room.closed": {
      const nothing: undefined = error.details;
      return String(nothing);
    }
    case "network":
    case "timeout":
      return error.requestId ?? `${error.retryable} ${error.maybeExecuted} ${error.status}`;
    // @ts-expect-error no action and no framework has this code
    case "room.fool":
      return "";
    default: {
      const code: string = error.code;
      return code;
    }
  }
}

export async function ledgers(): Promise<void> {
  const ledger = bigint.connect("http://127.0.0.1:8787").ledger("a", { connect: false });
  const [total, share, entry] = await ledger.post({ entry: { kind: "cents", amount: 1n } });
  const exact: bigint = total;
  const inexact: number = share;
  if (entry?.kind === "transfer") {
    const amount: bigint = entry.amount;
    const to: string = entry.to;
    console.log(amount, to);
  } else if (entry?.kind === "share") {
    const amount: number = entry.amount;
    console.log(amount);
  }
  // @ts-expect-error a share is a number
  await ledger.post({ entry: { kind: "share", amount: 1n } });
  // @ts-expect-error cents are a bigint
  await ledger.post({ entry: { kind: "cents", amount: 1 } });
  console.log(exact, inexact);
}

export function connections(): void {
  const app = rich.connect("http://127.0.0.1:8787");
  const home = counter.connect("http://127.0.0.1:8787").counter;
  app.chatRoom("lobby", { connect: { color: "red", since: 3, 'a"b': ["x"] } });
  app.chatRoom("lobby", { connect: { color: undefined } });
  app.chatRoom("lobby", {});
  app.ledger("a", { connect: { account: 7 } });
  app.ledger.$byId("0".repeat(64), { connect: { account: 7 } });
  const options: rich.HandleOptions<rich.MessageConnect> = { connect: { account: 7 } };
  home("a", { connect: {} });
  bigint.connect("http://127.0.0.1:8787").chatRoom("lobby", { connect: { since: 3n } });
  // @ts-expect-error it must say whose account
  app.ledger("a");
  // @ts-expect-error it must say whose account
  app.ledger("a", {});
  // @ts-expect-error it must say whose account
  app.ledger.$byId("0".repeat(64));
  // @ts-expect-error it must say whose account
  app.ledger("a", { connect: {} });
  // @ts-expect-error a number is asked for
  app.ledger("a", { connect: { account: "7" } });
  // @ts-expect-error no handler takes this
  app.chatRoom("lobby", { connect: { colour: "red" } });
  // @ts-expect-error nothing is asked for
  home("a", { connect: { account: 7 } });
  console.log(options);
}

export function listening(): void {
  const room = rich.connect("http://127.0.0.1:8787").chatRoom("lobby");
  const signal = new AbortController().signal;
  const options: rich.ListenerOptions = { room: ["red", "blue"], signal, onError: ({ code }) => console.log(code) };
  room.$on("said", ({ text }) => console.log(text), options);
  room.$on("said", ({ text }) => console.log(text), ({ code }) => console.log(code));
  room.$events("said", { room: "red" });
  // @ts-expect-error a room has a name
  room.$on("said", () => {}, { room: 7 });
}
