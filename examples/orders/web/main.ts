// The page: everything it knows of the shop comes through the generated client. What happens is heard as an event; then all
// projections are read at once, as they are after one and the same event.

import { type Board, type Item, type OpenOrder, StayputError, connect } from "./client/index.js";
import { draw, money } from "./chart.js";

const at = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const name = new URLSearchParams(location.search).get("shop") ?? "main";
const shop = connect(location.origin).shop(name);

/** What the shop sells. */
const MENU: readonly Omit<Item, "count">[] = [
  { name: "espresso", cents: 240 },
  { name: "pot of tea", cents: 350 },
  { name: "lemon cake", cents: 480 },
  { name: "sandwich", cents: 695 },
];

at("shop").textContent = `The shop “${name}”`;
document.title = `${name} · Orders`;

function make(tag: string, text = "", className = ""): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function button(text: string, act: () => void): HTMLButtonElement {
  const made = make("button", text) as HTMLButtonElement;
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

const time = (at: number): string => new Date(at).toLocaleTimeString("en", { hour12: false });

// What is shown.

let shown: Board | undefined;

function show(board: Board): void {
  const known = new Set(shown?.open.map(({ order }) => order));
  const isFirst = shown === undefined;
  shown = board;
  const today = new Date().toISOString().slice(0, 10);
  const sum = (paid: boolean): [number, number] => {
    const some = board.open.filter((order) => order.paid === paid);
    return [some.length, some.reduce((sum, { cents }) => sum + cents, 0)];
  };
  const of = (totals: Board["totals"]["daily"], period: string): number =>
    totals.find((total) => total.period === period)?.cents ?? 0;
  at("today").textContent = money(of(board.totals.daily, today));
  at("this-month").textContent = money(of(board.totals.monthly, today.slice(0, 7)));
  for (const [id, [count, cents]] of [["waiting", sum(false)], ["to-send", sum(true)]] as const) {
    at(id).textContent = `${count} · ${money(cents)}`;
  }
  const open = [...board.open].sort((one, other) => other.placed_at - one.placed_at);
  at("open").replaceChildren(...open.map((order) => card(order, !isFirst && !known.has(order.order))));
  at("none").hidden = open.length > 0;
  draw(document.querySelector("#daily") as SVGSVGElement, board.totals.daily, today);
  at("monthly").replaceChildren(
    ...board.totals.monthly.map(({ period, count, cents }) => {
      const month = new Date(`${period}-01T00:00:00Z`).toLocaleDateString("en", { month: "long", year: "numeric", timeZone: "UTC" });
      return row(make("td", month), make("td", `${count} completed`), make("td", money(cents)));
    }),
  );
  at("users").replaceChildren(
    ...board.users.map(({ user, email, orders, cents }) => {
      const who = make("td", user);
      who.append(make("small", email));
      return row(who, make("td", `${orders} completed`), make("td", money(cents)));
    }),
  );
  at("known").replaceChildren(
    ...board.users.map(({ user }) => {
      const option = document.createElement("option");
      option.value = user;
      return option;
    }),
  );
  at("activity").replaceChildren(
    ...[...board.activity].reverse().map(({ type, summary, at }) => {
      const item = make("li", summary);
      item.dataset["type"] = type;
      item.append(make("small", time(at)));
      return item;
    }),
  );
  at("projections").replaceChildren(
    ...board.projections.map(({ projection, position, updated_at }) => {
      const item = make("li");
      const progress = document.createElement("progress");
      progress.max = Math.max(1, board.last);
      progress.value = position;
      const when = updated_at == null ? "never" : `at ${time(updated_at)}`;
      // Only who may do it, may do it: natively the developer at the same machine.
      const rebuild = button("rebuild", () => void act(() => shop.happened.rebuild({ name: projection })).then(refresh));
      const where = make("small", `${position} of ${board.last} · ${when} `);
      where.append(rebuild);
      item.append(make("code", projection), where, progress);
      item.dataset["position"] = String(position);
      return item;
    }),
  );
  at("last").textContent = `event ${board.last}`;
}

function row(...cells: HTMLElement[]): HTMLElement {
  const made = make("tr");
  made.append(...cells);
  return made;
}

function card(open: OpenOrder, isNew: boolean): HTMLElement {
  const { order, user, items, cents, paid, version } = open;
  const made = make("li", "", `${paid ? "paid" : ""} ${isNew ? "new" : ""}`.trim());
  made.dataset["order"] = order;
  const title = make("span", `${order} · ${user}`);
  title.append(make("span", paid ? "paid" : "waiting", "badge"));
  const what = make("small", items.map(({ name, count }) => `${count} × ${name}`).join(", "));
  const does = make("div", "", "does");
  // With the version that is shown: who clicks on what has changed meanwhile is told so, and nothing happens.
  const next = paid
    ? button("Send", () => void act(() => shop.complete({ order, version })))
    : button("Paid", () => void act(() => shop.pay({ order, version })));
  next.className = "next";
  does.append(next, button("Cancel", () => void act(() => shop.cancel({ order, version }))));
  made.append(title, make("span", money(cents), "sum"), what, make("small", time(open.placed_at), "sum"), does);
  return made;
}

/** Does something to the shop, and says why not. */
async function act(does: () => Promise<unknown>): Promise<boolean> {
  at("refused").textContent = "";
  try {
    await does();
    return true;
  } catch (error) {
    const code = error instanceof StayputError ? error.code : "";
    const tooLate = code === "shop.changed" || code === "shop.closed" || code === "shop.paid";
    at("refused").textContent = tooLate ? "Somebody was faster: the order has changed meanwhile." : `Not done: ${String(error)}`;
    refresh();
    return false;
  }
}

// A new order.

const counts = new Map<string, number>(MENU.map(({ name }) => [name, 0]));
const chosen = (): Item[] => MENU.map((item) => ({ ...item, count: counts.get(item.name) ?? 0 })).filter(({ count }) => count > 0);

function showMenu(): void {
  at("menu").replaceChildren(
    ...MENU.map(({ name, cents }) => {
      const item = make("li", name);
      item.dataset["item"] = name;
      const count = make("span", "", "count");
      const add = (more: number) => () => {
        counts.set(name, Math.max(0, (counts.get(name) ?? 0) + more));
        showMenu();
      };
      const [less, more] = [button("−", add(-1)), button("+", add(1))];
      less.ariaLabel = `one ${name} less`;
      more.ariaLabel = `one ${name} more`;
      count.append(less, make("b", String(counts.get(name))), more);
      item.append(make("small", money(cents)), count);
      return item;
    }),
  );
  const cents = chosen().reduce((sum, { cents, count }) => sum + cents * count, 0);
  at("sum").textContent = cents === 0 ? "" : `for ${money(cents)}`;
  (document.querySelector("#place > button") as HTMLButtonElement).disabled = cents === 0;
}
showMenu();

at<HTMLFormElement>("place").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = at<HTMLFormElement>("place").elements.namedItem("user") as HTMLInputElement;
  const [user, items] = [field.value, chosen()];
  const order = crypto.randomUUID().slice(0, 6).toUpperCase();
  // The form is for the next one already.
  for (const item of counts.keys()) counts.set(item, 0);
  field.value = "";
  showMenu();
  void act(async () => {
    if (shown?.users.some((known) => known.user === user) !== true) {
      await shop.create_user({ user, email: `${user.toLowerCase()}@example.com` }).catch((error: unknown) => {
        // Another page may have been faster.
        if (!(error instanceof StayputError && error.code === "shop.exists")) throw error;
      });
    }
    await shop.place({ order, user, items });
  }).then((isPlaced) => {
    // What was not placed is put back, unless the next one is being written.
    if (isPlaced || field.value !== "" || chosen().length > 0) return;
    field.value = user;
    for (const { name, count } of items) counts.set(name, count);
    showMenu();
  });
});

// What happens.

/** Set while the board is read: whether something has happened since. */
let again: boolean | undefined;

/** Reads the board. What happens meanwhile has it read once more, however much it is. */
async function read(): Promise<void> {
  if (again !== undefined) {
    again = true;
    return;
  }
  try {
    do {
      again = false;
      show(await shop.board());
    } while (again);
  } finally {
    again = undefined;
  }
}

function refresh(): void {
  read().catch((error: unknown) => {
    // A connection that was lost comes back by itself, and then the board is read again.
    if (!(error instanceof StayputError && error.code === "network")) at("refused").textContent = `Cannot read the shop: ${String(error)}`;
  });
}

shop.$onStatus((status) => {
  const state = at("status");
  state.dataset["state"] = status.state;
  state.textContent = status.state;
  if (status.state === "open") refresh();
});
shop.$on("happened", refresh);
