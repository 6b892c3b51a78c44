// Changes of a text, and what becomes of them when others were made at the same time: the same as `src/change.rs`, where it is
// explained. JavaScript counts in UTF-16 units by itself.

import type { Change } from "./client/index.js";

/** What is known of a change: what may be left out is there. */
interface Whole {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

const whole = ({ at, remove = 0, insert = "" }: Change): Whole => ({ at, remove, insert });

/** The text after the changes, one after the other. */
export function apply(text: string, changes: readonly Change[]): string {
  for (const { at, remove, insert } of changes.map(whole)) {
    text = text.slice(0, at) + insert + text.slice(at + remove);
  }
  return text;
}

/** Where a position is after changes. What is put right at it comes behind it. */
export function moved(position: number, changes: readonly Change[]): number {
  for (const { at, remove, insert } of changes.map(whole)) {
    if (position > at) position = at + insert.length + Math.max(0, position - at - remove);
  }
  return position;
}

/** Each of two lists of changes of the same text, as it is to be made after the other. */
export function transform(first: readonly Change[], second: readonly Change[]): [first: Change[], second: Change[]] {
  const [one, ...ones] = first;
  const [other, ...others] = second;
  if (one === undefined || other === undefined) return [[...first], [...second]];
  if (ones.length === 0 && others.length === 0) return [after(one, other, true), after(other, one, false)];
  if (ones.length > 0) {
    const half = first.length >> 1;
    const [left, between] = transform(first.slice(0, half), second);
    const [right, rest] = transform(first.slice(half), between);
    return [[...left, ...right], rest];
  }
  const half = second.length >> 1;
  const [between, left] = transform(first, second.slice(0, half));
  const [rest, right] = transform(between, second.slice(half));
  return [rest, [...left, ...right]];
}

function after(change: Change, made: Change, isFirst: boolean): Change[] {
  const { at, remove, insert } = whole(change);
  const other = whole(made);
  const otherEnd = other.at + other.remove;
  const beyond = (position: number): number => position - other.remove + other.insert.length;
  const place = at < other.at || (at === other.at && isFirst) ? at : beyond(Math.max(at, otherEnd));
  const before = Math.max(0, Math.min(at + remove, other.at) - at);
  const from = Math.max(at, otherEnd);
  const behind = Math.max(0, at + remove - from);
  const start = beyond(from);
  const changes =
    start === place + before
      ? [{ at: place, remove: before + behind, insert }]
      : [
          { at: place, remove: before, insert },
          { at: start - before + insert.length, remove: behind, insert: "" },
        ];
  return changes.filter(({ remove, insert }) => remove > 0 || insert !== "");
}

/** The one change that leads from a text to another. What was inserted ends at the cursor, if that is known. */
export function difference(from: string, to: string, cursor = to.length): Change[] {
  const most = Math.min(from.length, to.length);
  let end = 0;
  while (end < Math.min(most, to.length - cursor) && from.at(-1 - end) === to.at(-1 - end)) end += 1;
  let start = 0;
  while (start < most - end && from[start] === to[start]) start += 1;
  while (end < most - start && from.at(-1 - end) === to.at(-1 - end)) end += 1;
  // Not between the halves of a character.
  if (start > 0 && isHigh(from.charCodeAt(start - 1))) start -= 1;
  if (end > 0 && isLow(from.charCodeAt(from.length - end))) end -= 1;
  const change = { at: start, remove: from.length - start - end, insert: to.slice(start, to.length - end) };
  return change.remove > 0 || change.insert !== "" ? [change] : [];
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;
