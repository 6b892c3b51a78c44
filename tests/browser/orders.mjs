// A shop in two pages of a real browser: what one does the other sees, also after the server was killed, and of two who do
// something to the same order one is told that the other was faster.
import assert from "node:assert/strict";

import { drive, folder, parent, until, url } from "./driver.mjs";

await drive(async (page) => {
  const open = async () => {
    const opened = await page("shop=corner");
    await opened.setViewportSize({ width: 1180, height: 860 });
    return opened;
  };
  const [one, other] = [await open(), await open()];
  const both = async (what, holds) => {
    for (const page of [one, other]) await until(what, () => holds(page));
  };
  const says = (part, text) => both(`${part} says ${text}`, async (page) => (await page.textContent(part)) === text);
  const place = async (page, user, items) => {
    await page.fill('[name="user"]', user);
    for (const [name, count] of Object.entries(items)) {
      for (let left = count; left > 0; left -= 1) await page.click(`[data-item="${name}"] [aria-label$="more"]`);
    }
    await page.click("#place > button");
  };
  const cards = (page) => page.$$eval("#open li", (cards) => cards.map((card) => card.querySelector("span").textContent));
  const card = async (page, user) => {
    const order = await page.$$eval("#open li", (cards, user) => cards.find((card) => card.textContent.includes(`· ${user}`))?.dataset.order, user);
    return `#open [data-order="${order}"]`;
  };
  const rows = (page, id) => page.$$eval(`#${id} tr`, (rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent).join(" | ")));
  /** All projections hold all events, and the object says the same. */
  const isAt = async (last) => {
    await says("#last", `event ${last}`);
    await both(`projections at ${last}`, async (page) =>
      (await page.$$eval("#projections li", (items) => items.map((item) => item.dataset.position).join())) === [last, last, last, last].join());
    for (const name of ["user_summary", "order_totals", "activity_log", "open_orders"]) {
      const answer = await fetch(`${url}/shop/corner/projections/${name}`);
      assert.equal((await answer.json()).position, last, name);
    }
  };

  await says("#waiting", "0 · €0.00");
  assert.ok(await one.isVisible("#none"));
  assert.ok(await one.isDisabled("#place > button"), "nothing is in it");
  await place(one, "ada", { espresso: 2, "lemon cake": 1 });
  await both("both see the order", async (page) => (await cards(page)).length === 1);
  await says("#waiting", "1 · €9.60");
  await place(other, "grace", { "pot of tea": 1, sandwich: 3 });
  await place(other, "ada", { sandwich: 1 });
  await says("#waiting", "3 · €40.90");
  // Two users, and three orders of theirs.
  await isAt(5);

  await one.click(`${await card(one, "grace")} .next`);
  await says("#to-send", "1 · €24.35");
  await says("#waiting", "2 · €16.55");
  await one.click(`${await card(one, "grace")} .next`);
  await says("#to-send", "0 · €0.00");
  const today = new Date().toISOString().slice(0, 10);
  await says("#today", "€24.35");
  await says("#this-month", "€24.35");
  await both("the bar of today", async (page) => (await page.getAttribute("#daily", "aria-label")).endsWith(`${today} €24.35`));
  await both("their customer", async (page) => (await rows(page, "users")).includes("gracegrace@example.com | 1 completed | €24.35"));
  await both("the month", async (page) => (await rows(page, "monthly"))[0]?.endsWith("| 1 completed | €24.35"));
  await isAt(7);
  // One is made anew out of all that happened, and is what it was.
  const updated = async () => {
    const answer = await fetch(`${url}/shop/corner/projections/order_totals`);
    return (await answer.json()).updated_at;
  };
  const earlier = await updated();
  await one.click("#projections li:nth-child(2) button");
  await until("it is rebuilt", async () => (await updated()) > earlier);
  assert.equal(await one.textContent("#refused"), "");
  assert.equal(await one.textContent("#today"), "€24.35");

  // Both click before either has seen what the other did: one is faster.
  const [first] = (await one.$$eval("#open li", (cards) => cards.map((card) => card.dataset.order)));
  const act = (page, which) =>
    page.$eval(`#open [data-order="${first}"] button:${which}`, (button) => void button.click());
  await Promise.all([act(one, "first-of-type"), act(other, "last-of-type")]);
  await until("one of them was too late", async () => {
    const told = await Promise.all([one, other].map((page) => page.textContent("#refused")));
    return told.filter((text) => text === "Somebody was faster: the order has changed meanwhile.").length === 1;
  });
  await isAt(8);

  // Every order in it is still there after the server's death, and the pages come back by themselves.
  const before = await cards(one);
  await parent("kill");
  await both("the pages notice", async (page) => (await page.getAttribute("#status", "data-state")) === "reconnecting");
  await parent("start");
  for (const page of [one, other]) await page.waitForSelector('#status[data-state="open"]', { timeout: 40_000 });
  assert.deepEqual(await cards(one), before);
  await place(one, "linus", { espresso: 1 });
  await both("the new order", async (page) => (await cards(page))[0]?.includes("linus"));
  await isAt(10);
  await other.click(`${await card(other, "linus")} .does button:last-of-type`);
  await both("it is cancelled", async (page) => !(await cards(page)).some((text) => text.includes("linus")));
  await both("the log says so", async (page) => /^Order \w+ cancelled/.test(await page.textContent("#activity li")));
  await isAt(11);
  await one.screenshot({ path: `${folder}/shop.png` });
  await one.emulateMedia({ colorScheme: "dark" });
  await one.screenshot({ path: `${folder}/dark.png` });
  await other.setViewportSize({ width: 420, height: 900 });
  await other.screenshot({ path: `${folder}/narrow.png`, fullPage: true });
});
