// The page: everything it knows of the document comes through the generated client.

import { difference, moved } from "./change.js";
import { type Edited, type Person, connect } from "./client/index.js";
import { Replica } from "./replica.js";

const query = new URLSearchParams(location.search);
const name = query.get("document") ?? "notes";
const me = query.get("name") ?? `guest-${Math.floor(Math.random() * 1_000)}`;
const paper = connect(location.origin).document(name);

const at = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const text = at<HTMLTextAreaElement>("text");
const others = new Map<string, Person>();
/** The id of our connection. */
let you = "";
/** Events that come before `join` is answered, or while an input method composes a character, which must not be disturbed. */
let held: Edited[] | undefined = [];

at("name").textContent = name;

const replica = new Replica((changes, by) => {
  for (const [id, person] of others) {
    const last = changes.at(-1);
    // Whoever writes stands behind what they wrote.
    const own = id === by && last !== undefined ? last.at + (last.insert ?? "").length : undefined;
    others.set(id, { ...person, anchor: own ?? moved(person.anchor, changes), head: own ?? moved(person.head, changes) });
  }
  const [start, end, direction] = [text.selectionStart, text.selectionEnd, text.selectionDirection];
  text.value = replica.text;
  text.setSelectionRange(moved(start, changes), moved(end, changes), direction);
});

/** Cursors and selections of the others, on a copy of the text behind it. */
function show(): void {
  const marks = [...others.values()].map((person) => {
    const [start, end] = [Math.min(person.anchor, person.head), Math.max(person.anchor, person.head)];
    return { person, start, end };
  });
  const places = new Set([0, replica.text.length, ...marks.flatMap(({ start, end }) => [start, end])]);
  const sorted = [...places].filter((place) => place <= replica.text.length).sort((one, other) => one - other);
  const pieces: Node[] = [];
  sorted.forEach((place, index) => {
    for (const { person } of marks.filter(({ person }) => person.head === place)) {
      const cursor = document.createElement("i");
      cursor.dataset["name"] = person.name;
      cursor.style.setProperty("--hue", String(hue(person.name)));
      pieces.push(cursor);
    }
    const piece = document.createElement("span");
    piece.textContent = replica.text.slice(place, sorted[index + 1] ?? place);
    const mark = marks.find(({ start, end }) => start <= place && place < end);
    if (mark !== undefined) {
      piece.className = "selected";
      piece.style.setProperty("--hue", String(hue(mark.person.name)));
    }
    pieces.push(piece);
  });
  // Without it a line that ends the text has no height.
  at("marks").replaceChildren(...pieces, "\u200b");
  at("marks").scrollTop = text.scrollTop;
  at("people").replaceChildren(
    ...[...others.values()].map(({ name }) => ({ name, mine: false })).concat({ name: me, mine: true }).map(({ name, mine }) => {
      const item = document.createElement("li");
      item.textContent = name;
      item.classList.toggle("me", mine);
      item.style.setProperty("--hue", String(hue(name)));
      return item;
    }),
  );
  at("version").textContent = `version ${replica.version}${replica.isSettled ? "" : ", saving…"}`;
}

function hue(name: string): number {
  return [...name].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 360, 7);
}

/** Sends what waits; what was sent and may be lost goes first. */
async function send(again = false): Promise<void> {
  const edit = again ? (replica.sendAgain() ?? replica.send(crypto.randomUUID())) : replica.send(crypto.randomUUID());
  show();
  if (edit === undefined) return;
  try {
    // That it was made is told by its event; the answer only says what went wrong.
    await paper.edit(edit);
  } catch (error) {
    const { code, retryable } = error as { code: string; retryable: boolean };
    // A lost one is sent again when there is a connection.
    if (code === "network") return;
    if (code === "document.stale" || code === "document.unknown") enter();
    else if (retryable) setTimeout(() => void send(true), 1_000);
    else {
      replica.giveUp();
      show();
      at("version").textContent = `not saved: ${error}`;
    }
  }
}

function receive(edited: Edited): void {
  if (held !== undefined) {
    held.push(edited);
    return;
  }
  replica.receive(edited);
  void send();
}

/** What was held is told after all. */
function release(): void {
  const edits = held ?? [];
  held = undefined;
  for (const edited of edits) replica.receive(edited);
}

/** Comes, or comes back: with the edits that were missed, or the text if they are too many. */
async function join(): Promise<void> {
  held ??= [];
  const known = you === "" ? undefined : replica.version;
  const welcome = await paper.join({ name: me, after: known });
  you = welcome.you;
  if (welcome.text !== undefined && welcome.text !== null) replica.resync(welcome.text, welcome.version);
  for (const edited of welcome.edits) replica.receive(edited);
  others.clear();
  for (const person of welcome.people) if (person.id !== you) others.set(person.id, fitted(person));
  release();
  void send(true);
}

/** The same, again and again until it is done or there is no connection, which comes back by itself. */
function enter(): void {
  join().catch((error: { code?: string; retryable?: boolean }) => {
    if (error.code === "network") return;
    if (error.retryable === true) setTimeout(enter, 1_000);
    else at("status").textContent = `cannot join: ${error}`;
  });
}

/** A position in the object's text is one in ours when our own changes have moved it. */
function fitted(person: Person): Person {
  const { pending } = replica;
  return { ...person, anchor: moved(person.anchor, pending), head: moved(person.head, pending) };
}

paper.$on("edited", receive);
paper.$on("joined", ({ person }) => {
  others.set(person.id, fitted(person));
  show();
});
paper.$on("left", ({ id }) => {
  others.delete(id);
  show();
});
paper.$on("selected", ({ person }) => {
  others.set(person.id, fitted(person));
  show();
});
paper.$onStatus((status) => {
  const shown = at("status");
  shown.dataset["state"] = status.state;
  shown.textContent = status.state;
  if (status.state === "open") enter();
});

text.addEventListener("input", (event) => {
  const changes = difference(replica.text, text.value, text.selectionEnd);
  replica.change(changes);
  for (const [id, person] of others) {
    others.set(id, { ...person, anchor: moved(person.anchor, changes), head: moved(person.head, changes) });
  }
  // While a character is composed its text is none yet that others should see.
  if (!(event as InputEvent).isComposing) void send();
});
text.addEventListener("compositionstart", () => void (held ??= []));
text.addEventListener("compositionend", () => {
  release();
  void send();
});
text.addEventListener("scroll", () => void (at("marks").scrollTop = text.scrollTop));
document.addEventListener("selectionchange", () => {
  // Only what the object knows can be pointed at; who writes is followed by what they write.
  if (document.activeElement !== text || !replica.isSettled || you === "") return;
  const [start, end] = [text.selectionStart, text.selectionEnd];
  const [anchor, head] = text.selectionDirection === "backward" ? [end, start] : [start, end];
  paper.select({ base: replica.version, anchor, head }).catch(() => {});
});
