// Completed orders by day, as bars.

import type { TotalsOf } from "./client/index.js";

const DAYS = 14;
const [WIDTH, HEIGHT, BASE] = [420, 104, 126];

/** `€12.05` of 1205 cents. */
export function money(cents: number): string {
  const amount = Math.abs(cents);
  return `${cents < 0 ? "-" : ""}€${Math.trunc(amount / 100).toLocaleString("en")}.${String(amount % 100).padStart(2, "0")}`;
}

/** Days of the calendar, in UTC, up to this one. */
export function lastDays(today: string, count = DAYS): string[] {
  const end = Date.parse(`${today}T00:00:00Z`);
  return Array.from({ length: count }, (_, at) => new Date(end - (count - 1 - at) * 86_400_000).toISOString().slice(0, 10));
}

/** Draws the last days; those on which nothing was completed as well. */
export function draw(svg: SVGSVGElement, daily: readonly TotalsOf[], today: string): void {
  const of = new Map(daily.map((day) => [day.period, day]));
  const days = lastDays(today);
  const most = Math.max(1, ...days.map((day) => of.get(day)?.cents ?? 0));
  const step = WIDTH / DAYS;
  const parts = days.flatMap((day, at) => {
    const { cents = 0, count = 0 } = of.get(day) ?? {};
    const height = cents > 0 ? Math.max(4, (cents / most) * HEIGHT) : 2;
    const middle = at * step + step / 2;
    const bar = element("rect", { x: middle - 10, y: BASE - height, width: 20, height, rx: 3 });
    bar.classList.toggle("some", count > 0);
    bar.classList.toggle("today", day === today);
    bar.append(element("title", {}, `${day}: ${count} completed, ${money(cents)}`));
    const label = element("text", { x: middle, y: BASE + 18 }, String(Number(day.slice(-2))));
    if (count === 0) return [bar, label];
    // The outermost stay inside.
    const x = Math.min(Math.max(middle, 30), WIDTH - 30);
    const sum = element("text", { x, y: BASE - height - 6 }, money(cents));
    sum.classList.add("sum");
    return [bar, label, sum];
  });
  svg.replaceChildren(...parts);
  svg.setAttribute("aria-label", days.map((day) => `${day} ${money(of.get(day)?.cents ?? 0)}`).join(", "));
}

function element(name: string, attributes: Record<string, number>, text = ""): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
  made.textContent = text;
  return made;
}
