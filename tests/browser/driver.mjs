// What drives pages in a real browser, told what to do with the server by whoever started it.
//
//   node SCRIPT URL FOLDER     talks to its parent by lines: `kill`, `start` ask for it, the answer is a line
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(new URL("../node/package.json", import.meta.url));
const { chromium } = require("playwright-core");

export const [url, folder] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin });
const answers = lines[Symbol.asyncIterator]();

/** Has the parent do something, and waits until it is done. */
export async function parent(word) {
  console.log(word);
  const { value } = await answers.next();
  assert.equal(value, "done");
}

export async function until(what, holds) {
  for (let left = 300; !(await holds()); left -= 1) {
    assert.ok(left > 0, `in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Runs a script with a function that opens pages, which must throw nothing. `enter` does what a page asks for before it connects. */
export async function drive(script) {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
  const faults = [];
  try {
    await script(async (query, enter = async () => {}) => {
      const page = await browser.newPage({ viewport: { width: 620, height: 560 } });
      page.on("pageerror", (error) => faults.push(`${query}: ${error}`));
      await page.goto(`${url}/?${query}`);
      await enter(page);
      await page.waitForSelector('#status[data-state="open"]', { timeout: 10_000 });
      return page;
    });
    assert.deepEqual(faults, []);
    console.log("passed");
  } finally {
    await browser.close();
    lines.close();
  }
}
