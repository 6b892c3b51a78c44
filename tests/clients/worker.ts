// What the compiler accepts of the stubs that Workers have, and what it must refuse.

import type { Bindings, Message_2, StubError } from "./rich/worker.js";
import type { Bindings as Counters } from "./counter/worker.js";

interface Env extends Bindings, Counters {
  readonly OTHER: string;
}

export async function calls(env: Env): Promise<void> {
  const room = env.CHAT_ROOM.getByName("lobby", { locationHint: "weur" });
  const number: number | bigint = await room.say("hello");
  await room.say("hello", ["greeting"]);
  await room.say("hello", null);
  const messages: Message_2[] = await room.history();
  const names: string[] = await room.audience.list();
  const again = env.CHAT_ROOM.get(env.CHAT_ROOM.idFromString(room.id.toString()));
  await again.delete(9007199254740993n);
  await env.COUNTER.getByName("home").increment(2);
  // @ts-expect-error parameters go by position
  await room.say({ text: "hello" });
  // @ts-expect-error `text` is missing
  await room.say();
  // @ts-expect-error there is no such action
  await room.shout("hello");
  // @ts-expect-error only objects of the app may call it
  await env.COUNTER.getByName("home").tidy();
  // @ts-expect-error a wide integer may be a bigint
  const narrow: number = await room.say("hello");
  // @ts-expect-error a stub is no promise
  await room.then(() => {});
  try {
    await room.say("hello");
  } catch (error) {
    const { code, retryable } = error as StubError;
    console.log(code === "room.full" && retryable, number, messages, names, narrow);
  }
}
