// A seller and two bidders, each in a page of a real browser, and each told what is theirs to know, up to the end.
import assert from "node:assert/strict";

import { drive, folder, parent, until } from "./driver.mjs";

await drive(async (page) => {
  const heard = new Map();
  const open = async (query, name) => {
    const frames = [];
    const opened = await page(query, async (page) => {
      page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => frames.push(String(payload))));
      await page.reload();
      if (name !== undefined) {
        await page.fill("#enter input", name);
        await page.click("#enter button");
      }
    });
    heard.set(opened, frames);
    return opened;
  };
  const token = (name) => `${name}.0123456789abcdef`;
  const says = (page, part, text) =>
    until(`${part} says ${text}`, async () => (await page.textContent(part)) === text);
  const bids = (page) => page.$$eval("#bids li", (items) => items.map((item) => item.textContent).join(", "));
  const bid = async (page, amount) => {
    await page.fill("#amount", amount);
    await page.click("#bid button");
  };
  const endsAt = (page) => page.$eval("#ends", (ends) => Number(ends.dataset.at));

  // Who has no token is asked for a name; a token in the address does not stay there.
  const sam = await open("lot=vase", "sam");
  const ann = await open(`lot=vase&token=${token("ann")}`);
  const ben = await open(`lot=vase&token=${token("ben")}`);
  assert.equal(new URL(ann.url()).search, "?lot=vase");
  await says(sam, "#watching", "3 here");

  await sam.fill('#offer [name="seconds"]', "20");
  await sam.fill('#offer [name="last"]', "10");
  await sam.click("#offer button");
  for (const page of [ann, ben]) await says(page, "#title", "A vase, sold by sam");
  await says(sam, "#title", "A vase, sold by you");
  await says(sam, "#reserve", "The reserve of 2.00 is not met.");
  assert.equal(await sam.isVisible("#bid"), false);

  await bid(ann, "1.00");
  await says(ann, "#leader", "you lead");
  await says(ben, "#leader", "paddle 1 leads");
  await says(ben, "#reserve", "The reserve is not met.");
  await until("the bid is ann's", async () => (await bids(ann)) === "1.00 · you");
  await until("others see a paddle", async () => (await bids(ben)) === "1.00 · paddle 1");
  await until("the seller sees who", async () => (await bids(sam)) === "1.00 · paddle 1 (ann)");

  await bid(ben, "1.05");
  await says(ben, "#refused", "Too low: the next bid is 1.10 or more.");
  assert.equal(await ben.textContent("#price"), "1.00");
  await bid(ben, "2.50");
  await says(ben, "#refused", "");
  for (const page of [sam, ann, ben]) await says(page, "#price", "2.50");
  await says(ann, "#leader", "paddle 2 leads");
  await says(ann, "#reserve", "The reserve is met.");
  await bid(ann, "2.50");
  await says(ann, "#refused", "Too low: the next bid is 2.60 or more.");
  await ann.screenshot({ path: `${folder}/refused.png` });

  // A late bid moves the end, which the server's death does not move.
  await until("it is late", async () => (await endsAt(ben)) - Date.now() < 9_000);
  const before = await endsAt(ben);
  await bid(ann, "3.00");
  await until("the end has moved", async () => (await endsAt(ben)) > before);
  assert.ok(await ben.$eval("#ends", (ends) => ends.classList.contains("moved")));
  await sam.screenshot({ path: `${folder}/sam.png` });
  await parent("kill");
  await parent("start");
  for (const page of [sam, ann, ben]) await page.waitForSelector('#status[data-state="open"]', { timeout: 40_000 });

  const end = async () => {
    await says(sam, "#outcome", "Sold for 3.00 to ann, paddle 1.");
    await says(ann, "#outcome", "Sold for 3.00 to you!");
    await says(ben, "#outcome", "Sold for 3.00 to paddle 1.");
    for (const page of [sam, ann, ben]) await says(page, "#left", "over");
  };
  await end();
  assert.ok(Date.now() > before, "it has ended before the end was moved");
  assert.equal(await ben.isVisible("#bid"), false);
  await ben.screenshot({ path: `${folder}/ben.png` });
  // What hides is the object, not the page: not even the wire has more.
  for (const [page, other] of [[ann, "ben"], [ben, "ann"]]) {
    const all = heard.get(page).join("\n");
    assert.ok(all.includes('"bidder":null') && all.includes('"winner":'), "it was told of neither bid nor end");
    for (const field of ["bidder", "winner"]) assert.ok(!all.includes(`"${field}":"${other}~`), `${field}: ${other}`);
    assert.ok(!/"reserve_cents":\d/.test(all), "the reserve");
  }
  assert.ok(heard.get(sam).join().includes('"bidder":"ben~'), "the seller was not told who bid");

  // Who comes later finds the same, and a tab is who it was.
  for (const page of [sam, ann, ben]) await page.reload();
  await end();
});
