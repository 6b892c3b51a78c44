// Two pages in one room and in a side room of it, in a real browser, while the server is killed and comes back.
import assert from "node:assert/strict";

import { drive, folder, parent, until } from "./driver.mjs";

await drive(async (page) => {
  const open = (name) => page(`room=lobby&name=${name}`);
  const say = async (page, text) => {
    await page.fill("#text", text);
    await page.press("#text", "Enter");
  };
  const shown = (page) => page.$$eval("#messages li:not(.system)", (items) => items.map((item) => item.lastChild.textContent));
  const news = (page) => page.$$eval("#messages li.system", (items) => items.map((item) => item.textContent));
  const people = (page) => page.$$eval("#people li", (items) => items.map((item) => item.textContent).sort());
  const [ann, bob] = [await open("ann"), await open("bob")];
  await until("both see both", async () =>
    [await people(ann), await people(bob)].every((names) => names.join() === "ann,bob"),
  );
  await until("ann is told who came", async () => (await news(ann)).join() === "bob joined");
  assert.deepEqual(await news(bob), []);
  await ann.fill("#text", "hel");
  await until("bob sees ann type", async () => (await bob.textContent("#typing")) === "ann is typing…");
  await say(ann, "hello from ann");
  await say(bob, "hello from bob");
  const first = ["hello from ann", "hello from bob"];
  for (const page of [ann, bob]) {
    await until("a message appears in both pages", async () => (await shown(page)).sort().join() === first.join());
  }
  await until("nobody types any more", async () => (await bob.textContent("#typing")) === "");

  // A side room is joined and left over an open connection; who is not in it hears nothing of it.
  const rooms = (page) => page.$$eval("#rooms li", (items) => items.map((item) => item.textContent).join());
  const go = (page, room) => page.click(`#rooms [data-room="${room}"] button`);
  await ann.fill("#new-room", "tea");
  await ann.press("#new-room", "Enter");
  await until("ann is in it", async () => (await ann.textContent("#here")) === "# tea");
  await until("bob sees that it is there", async () => (await rooms(bob)) === "everyone 2,# tea 1");
  await say(ann, "psst");
  await until("ann has said it", async () => (await shown(ann)).join() === "psst");
  await say(bob, "anyone?");
  await until("everyone hears it", async () => (await rooms(ann)) === "everyone 21,# tea 1");
  assert.ok(!(await shown(bob)).includes("psst"));
  await go(bob, "tea");
  await until("bob reads what was said", async () => (await shown(bob)).join() === "psst");
  await until("ann is told who came into it", async () => (await news(ann)).join() === "bob joined");
  await until("both are in it", async () => (await people(ann)).join() === "ann,bob");
  await bob.fill("#text", "he");
  await until("ann sees bob type there", async () => (await ann.textContent("#typing")) === "bob is typing…");
  await say(bob, "hi there");
  await until("ann hears him", async () => (await shown(ann)).join() === "psst,hi there");
  await ann.screenshot({ path: `${folder}/tea.png` });
  for (const page of [ann, bob]) await go(page, "");
  await until("all of them are back", async () => (await shown(ann)).at(-1) === "anyone?");

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
  // That both came back is no news.
  assert.deepEqual(await news(ann), ["bob joined"]);

  // They are in the side room again, over connections that are not those that joined it.
  await go(ann, "tea");
  await until("both are in it again", async () => (await people(ann)).join() === "ann,bob");
  await say(ann, "still here?");
  await until("bob has something to read", async () => (await rooms(bob)).endsWith("# tea 21"));
  await go(bob, "tea");
  await until("and reads it", async () => (await shown(bob)).join() === "psst,hi there,still here?");
  await bob.click("#leave");
  await until("ann is told", async () => (await news(ann)).at(-1) === "bob left");
  await until("bob sees that she is alone there", async () => (await rooms(bob)).endsWith("# tea 1"));
  await say(ann, "alone");
  await until("ann has said it", async () => (await shown(ann)).at(-1) === "alone");
  await go(ann, "");
  await say(ann, "back");
  await until("bob is where everyone is", async () => (await shown(bob)).at(-1) === "back");
  assert.ok((await rooms(bob)).endsWith("# tea 1"), "bob hears of a room that he has left");

  await until("nobody is there twice, and nobody who is not", async () => (await people(ann)).join() === "ann,bob");
  await ann.screenshot({ path: `${folder}/ann.png` });
  await bob.close();
  await until("who leaves is gone", async () => (await people(ann)).join() === "ann");
  await until("and it is said", async () => (await news(ann)).at(-1) === "bob left");
});
