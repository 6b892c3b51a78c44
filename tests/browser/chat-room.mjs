// Two pages in one room, in a real browser, while the server is killed and comes back.
import assert from "node:assert/strict";

import { drive, folder, parent, until } from "./driver.mjs";

await drive(async (page) => {
  const open = (name) => page(`room=lobby&name=${name}`);
  const say = async (page, text) => {
    await page.fill("#text", text);
    await page.press("#text", "Enter");
  };
  const shown = (page) => page.$$eval("#messages li", (items) => items.map((item) => item.lastChild.textContent));
  const people = (page) => page.$$eval("#people li", (items) => items.map((item) => item.textContent).sort());
  const [ann, bob] = [await open("ann"), await open("bob")];
  await until("both see both", async () =>
    [await people(ann), await people(bob)].every((names) => names.join() === "ann,bob"),
  );
  await ann.fill("#text", "hel");
  await until("bob sees ann type", async () => (await bob.textContent("#typing")) === "ann is typing…");
  await say(ann, "hello from ann");
  await say(bob, "hello from bob");
  const first = ["hello from ann", "hello from bob"];
  for (const page of [ann, bob]) {
    await until("a message appears in both pages", async () => (await shown(page)).sort().join() === first.join());
  }
  await until("nobody types any more", async () => (await bob.textContent("#typing")) === "");

  // Talk goes on while the server is killed: what was acknowledged must be there afterwards.
  const acknowledged = [];
  let talking = true;
  const talk = (async () => {
    for (let count = 0; talking; count += 1) {
      const text = `line ${count}`;
      const ok = await ann.evaluate(async (text) => {
        const { connect } = await import("/client/index.js");
        globalThis.own ??= connect(location.origin).chatRoom("lobby");
        return globalThis.own.say({ text }, { timeoutMs: 1_000 }).then(() => true, () => false);
      }, text);
      if (ok) acknowledged.push(text);
      await new Promise((done) => setTimeout(done, 10));
    }
  })();
  for (let kill = 0; kill < 3; kill += 1) {
    await new Promise((done) => setTimeout(done, 400));
    await parent("kill");
    await until("the page notices", async () => (await bob.getAttribute("#status", "data-state")) === "reconnecting");
    await parent("start");
    for (const page of [ann, bob]) await page.waitForSelector('#status[data-state="open"]', { timeout: 40_000 });
  }
  talking = false;
  await talk;
  assert.ok(acknowledged.length > 10, `there was next to no talk: ${acknowledged.length}`);
  await say(bob, "the last word");
  for (const page of [ann, bob]) {
    await until("the last word", async () => (await shown(page)).at(-1) === "the last word");
    const all = await shown(page);
    const missing = acknowledged.filter((text) => !all.includes(text));
    assert.deepEqual(missing, [], "acknowledged and not shown");
    assert.equal(new Set(all).size, all.length, "shown twice");
    const ids = await page.$$eval("#messages li", (items) => items.map((item) => Number(item.dataset.id)));
    assert.deepEqual(ids, [...ids].sort((one, other) => one - other), "out of order");
  }
  assert.deepEqual(await shown(ann), await shown(bob));

  await until("nobody is there twice, and nobody who is not", async () => (await people(ann)).join() === "ann,bob");
  await ann.screenshot({ path: `${folder}/ann.png` });
  await bob.close();
  await until("who leaves is gone", async () => (await people(ann)).join() === "ann");
});
