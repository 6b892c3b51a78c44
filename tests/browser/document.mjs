// Two pages edit one text, in a real browser, while the server is killed and comes back; and what the page fits in is what the
// object fits in.
import assert from "node:assert/strict";

import { drive, folder, parent, until, url } from "./driver.mjs";
import { Replica } from "../../examples/document/web/dist/replica.js";

/** The page's half of the transformation against the object's: three clients that hear late and say what is outdated. */
async function agree() {
  const call = async (action, params) => {
    const answer = await fetch(`${url}/document/agreed/${action}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(params),
    });
    assert.ok(answer.ok, `${action}: ${await answer.clone().text()}`);
    return answer.json();
  };
  // The same numbers each time.
  let state = 20_261_129;
  const random = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const words = ["", "a", "bc", "😀", "é\n", "long enough"];
  const clients = [new Replica(), new Replica(), new Replica()];
  const hear = async (client) => {
    for (const edited of await call("history", { after: client.version })) client.receive(edited);
  };
  for (let round = 0; round < 120; round += 1) {
    const client = clients[random(3)];
    for (let count = random(4); count >= 0; count -= 1) {
      const text = [...client.text];
      const from = random(text.length + 1);
      const gone = text.slice(from, from + random(random(5) === 0 ? text.length : 4)).join("");
      client.change([{ at: text.slice(0, from).join("").length, remove: gone.length, insert: words[random(6)] }]);
    }
    const edit = client.send(`${round}`);
    if (edit !== undefined) await call("edit", edit);
    if (random(3) === 0) await hear(client);
  }
  for (const client of [...clients, ...clients]) {
    await hear(client);
    for (let edit; (edit = client.send(`last ${random(2 ** 31)}`)) !== undefined; await hear(client)) await call("edit", edit);
  }
  const { text, version } = await call("read", {});
  assert.ok(version > 30 && text.length > 20, `${version} edits of ${text.length} units prove nothing`);
  for (const client of clients) {
    await hear(client);
    assert.equal(client.text, text);
    assert.ok(client.isSettled);
  }
}

await drive(async (page) => {
  await agree();

  const open = (name) => page(`document=notes&name=${name}`);
  const [ann, ben] = [await open("ann"), await open("ben")];
  const text = (page) => page.inputValue("#text");
  const people = (page) => page.$$eval("#people li", (items) => items.map((item) => item.textContent).sort().join());
  const saved = (page) => page.$eval("#version", (version) => !version.textContent.includes("saving"));
  const same = async (what, holds = () => true) => {
    await until(what, async () => {
      const [one, other] = [await text(ann), await text(ben)];
      return one === other && holds(one) && (await saved(ann)) && (await saved(ben));
    });
    return text(ann);
  };
  const cursorAt = (page, position) =>
    page.$eval("#text", (field, position) => (field.focus(), field.setSelectionRange(position, position)), position);

  await until("both see both", async () => (await people(ann)) === "ann,ben" && (await people(ben)) === "ann,ben");
  await ann.focus("#text");
  await ann.keyboard.type("To buy 😀:\nmilk\nbread\n");
  await same("what ann types appears at ben's", (text) => text === "To buy 😀:\nmilk\nbread\n");

  // Both at once: one at the beginning, the other at the end.
  await cursorAt(ann, 0);
  await cursorAt(ben, 22);
  await Promise.all([ann.keyboard.type("Saturday. ", { delay: 15 }), ben.keyboard.type("butter\neggs\n", { delay: 15 })]);
  await same("both have both", (text) => text === "Saturday. To buy 😀:\nmilk\nbread\nbutter\neggs\n");
  // Each one's cursor has stayed where they write.
  assert.equal(await ann.$eval("#text", (field) => field.selectionStart), 10);

  // Ben selects a word; ann sees it, and that it moves with the text.
  await ben.$eval("#text", (field) => field.setSelectionRange(21, 25));
  const selected = () => ann.$$eval("#marks .selected", (marks) => marks.map((mark) => mark.textContent).join());
  await until("ann sees what ben has selected", async () => (await selected()) === "milk");
  await cursorAt(ann, 0);
  await ann.keyboard.type("On ");
  assert.equal(await selected(), "milk");
  await until("ben's selection has moved", async () => (await ben.$eval("#text", (field) => field.selectionStart)) === 24);
  await ann.screenshot({ path: `${folder}/ann.png` });

  // Both go on while the server is away. Ben replaces what he has selected, ann types within it.
  await same("nothing is on its way");
  await parent("kill");
  for (const page of [ann, ben]) {
    await until("the page notices", async () => (await page.getAttribute("#status", "data-state")) === "reconnecting");
  }
  await cursorAt(ann, 26);
  await ann.keyboard.type("[2 l]");
  await ben.keyboard.type("oats");
  await parent("start");
  for (const page of [ann, ben]) await page.waitForSelector('#status[data-state="open"]', { timeout: 40_000 });
  // What two write at one place may alternate, edit by edit; nothing of it is lost, and what was selected is gone.
  const letters = (text) => [...(text.split("\n")[1] ?? "")].sort().join("");
  await same("what both did meanwhile", (text) => letters(text) === [..."oats[2 l]"].sort().join(""));

  // Again and again, in the midst of it.
  const typing = async (page, letter) => {
    for (let count = 0; count < 60; count += 1) await page.keyboard.type(letter, { delay: 12 });
  };
  await cursorAt(ann, 0);
  await cursorAt(ben, (await text(ben)).length);
  const both = Promise.all([typing(ann, "A"), typing(ben, "B")]);
  await new Promise((done) => setTimeout(done, 300));
  await parent("kill");
  await parent("start");
  await both;
  for (const page of [ann, ben]) await page.waitForSelector('#status[data-state="open"]', { timeout: 40_000 });
  const whole = await same("all of it", (text) => text.split("A").length === 61 && text.endsWith("B".repeat(60)));
  const stored = await (await fetch(`${url}/document/notes/text`)).json();
  assert.equal(stored.text, whole);

  await until("nobody is there twice", async () => (await people(ann)) === "ann,ben");
  await ben.screenshot({ path: `${folder}/ben.png` });
  await ben.close();
  await until("who leaves is gone", async () => (await people(ann)) === "ann");
});
