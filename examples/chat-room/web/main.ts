// The page: everything it knows of the chat comes through the generated client.

import { type SideRoom, connect } from "./client/index.js";
import { type Line, Room } from "./room.js";

const query = new URLSearchParams(location.search);
const chatName = query.get("room") ?? "lobby";
const me = query.get("name") ?? `guest-${Math.floor(Math.random() * 1_000)}`;
const chat = connect(location.origin).chatRoom(chatName);

const at = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const messages = at("messages");
const text = at<HTMLInputElement>("text");

at("room").textContent = chatName;

function make(tag: string, text = "", className = ""): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

// The rooms: the main one, which everyone hears, and side rooms, which only those hear who are in them.

const main = new Room(undefined, changed);
main.joined = true;
const sides = new Map<string, Room>();
let current = main;
/** The lines of the current room that are shown. */
let shown: { readonly room: Room; readonly lines: Line[] } = { room: main, lines: [] };

function side(name: string): Room {
  const known = sides.get(name) ?? new Room(name, changed);
  sides.set(name, known);
  return known;
}

function changed(room: Room): void {
  showRooms();
  if (room === current) showCurrent();
}

function showRooms(): void {
  // A room that nobody is in is there no more.
  for (const [name, room] of sides) if (!room.joined && room.people.length === 0) sides.delete(name);
  current.unread = 0;
  const all = [main, ...[...sides.values()].sort((one, other) => ((one.name ?? "") < (other.name ?? "") ? -1 : 1))];
  at("rooms").replaceChildren(
    ...all.map((room) => {
      const item = make("li", "", `${room.joined ? "joined" : ""} ${room === current ? "current" : ""}`.trim());
      const button = make("button");
      const name = make("span", room.name === undefined ? "everyone" : `# ${room.name}`);
      name.append(make("small", ` ${room.people.length}`));
      button.append(name);
      if (room.unread > 0 && room.joined) button.append(make("b", String(room.unread)));
      button.addEventListener("click", () => void enter(room).catch(failed("join")));
      item.append(button);
      item.dataset["room"] = room.name ?? "";
      return item;
    }),
  );
}

function showCurrent(): void {
  at("here").textContent = current.name === undefined ? "everyone" : `# ${current.name}`;
  at("leave").hidden = current === main;
  at("people").replaceChildren(...current.people.map((name) => make("li", name, name === me ? "me" : "")));
  const { typists } = current;
  at("typing").textContent = typists.length === 0 ? "" : `${typists.join(", ")} ${typists.length === 1 ? "is" : "are"} typing…`;
  // Lines are only ever added, but for the oldest: what is shown stays.
  const known = shown.room === current ? new Set(shown.lines) : new Set<Line>();
  if (known.size === 0) messages.replaceChildren();
  const fresh = current.lines.filter((line) => !known.has(line));
  shown = { room: current, lines: [...current.lines] };
  messages.append(...fresh.map(lineOf));
  while (messages.childElementCount > current.lines.length) messages.firstElementChild?.remove();
  if (fresh.length > 0) messages.scrollTop = messages.scrollHeight;
}

function lineOf(line: Line): HTMLElement {
  if ("news" in line) return make("li", line.news, "system");
  const item = make("li", "", line.from === me ? "me" : "");
  item.append(make("small", `${line.from} · ${new Date(line.at).toLocaleTimeString()}`), line.text);
  item.dataset["id"] = String(line.id);
  return item;
}

/** Shows a room; a side room is joined if need be. */
async function enter(room: Room): Promise<void> {
  setTyping(false);
  if (!room.joined) await join(room);
  current = room;
  changed(room);
}

/** Comes into a side room, also again over a new connection, and reads what was said there meanwhile. */
async function join(room: Room): Promise<void> {
  const { name, joined } = room;
  if (name === undefined) return;
  room.joined = true;
  // What is said from the moment that we are in it must not pass by what was said before.
  room.hold();
  try {
    room.people = await chat.join({ room: name }, { transport: "socket" });
    await room.read(chat);
  } catch (error) {
    room.joined = joined;
    throw error;
  }
}

const failed = (what: string) => (error: unknown): void => void (at("status").textContent = `cannot ${what}: ${String(error)}`);

at("open").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = at<HTMLInputElement>("new-room");
  enter(side(field.value)).then(() => (field.value = ""), failed("join"));
});

at("leave").addEventListener("click", () => {
  const room = current;
  if (room.name === undefined) return;
  room.joined = false;
  room.people = room.people.filter((name) => name !== me);
  chat.leave({ room: room.name }, { transport: "socket" }).catch(failed("leave"));
  void enter(main);
});

// What happens.

/** Who was there before the connection was lost: that they come back is no news. */
let before = new Set<string>();

chat.$onStatus((status) => {
  const state = at("status");
  state.dataset["state"] = status.state;
  state.textContent = status.state;
  if (status.state === "reconnecting" && before.size === 0) before = new Set([me, ...main.people]);
  if (status.state !== "open") return;
  for (const room of [main, ...sides.values()]) room.stopTyping();
  void arrive().catch(failed("read the room"));
});

/** Over every new connection: says who we are, comes back into the side rooms, and reads what was missed. */
async function arrive(): Promise<void> {
  main.people = await chat.presence.enter({ name: me }, { transport: "socket" });
  const again = [...sides.values()].filter((room) => room.joined);
  await Promise.all([main.read(chat), ...again.map(join)]);
  showSides(await chat.rooms());
  // Whoever is not back by then has left.
  setTimeout(() => (before = new Set()), 10_000);
}

function showSides(all: SideRoom[]): void {
  for (const room of sides.values()) room.people = [];
  for (const { room, people } of all) side(room).people = people;
  showRooms();
  showCurrent();
}

chat.$on(
  "said",
  ({ message }) => (message.room == null ? main : side(message.room)).take(message),
  // More was said than is kept: the history knows it, and is read anew. Anything else is the connection's, which tells it itself.
  (error) => void (error.code === "gap" && arrive().catch(failed("read the room"))),
);
chat.$on("typing", ({ name, room, active }) => (room == null ? main : side(room)).setTyping(name, active));

const isNews = (name: string): boolean => name !== me && !before.has(name);
chat.presence.$on("joined", ({ name }) => {
  if (!main.people.includes(name)) main.people.push(name);
  if (isNews(name)) main.note(`${name} joined`);
  else changed(main);
});
chat.presence.$on("left", ({ name }) => {
  main.people = main.people.filter((known) => known !== name);
  main.setTyping(name, false);
  main.note(`${name} left`);
});
chat.$on("moved", ({ name, room: which, there }) => {
  const room = side(which);
  room.people = room.people.filter((known) => known !== name);
  if (there) room.people.push(name);
  room.setTyping(name, false);
  if (room.joined && (there ? isNews(name) : name !== me)) room.note(`${name} ${there ? "joined" : "left"}`);
  else changed(room);
});

// What we say.

/** When it was last said that we type; 0 if we do not. */
let typing = 0;
function setTyping(active: boolean): void {
  const now = Date.now();
  // Said again while it lasts: the others forget it after five seconds.
  if (active ? now - typing < 3_000 : typing === 0) return;
  typing = active ? now : 0;
  chat.typing({ active, room: current.name }).catch(() => {});
}
text.addEventListener("input", () => setTyping(text.value !== ""));
text.addEventListener("blur", () => setTyping(false));

at("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = text.value;
  text.value = "";
  setTyping(false);
  chat.say({ text: said, room: current.name }).catch((error: unknown) => {
    // It is the reader's to send again: whether it was heard is not known.
    if (text.value === "") text.value = said;
    console.warn("not sent", error);
  });
});

showRooms();
showCurrent();
