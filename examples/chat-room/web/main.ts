// The page: everything it knows of the room comes through the generated client.

import { type Message, connect } from "./client/index.js";

const query = new URLSearchParams(location.search);
const roomName = query.get("room") ?? "lobby";
const me = query.get("name") ?? `guest-${Math.floor(Math.random() * 1_000)}`;
const room = connect(location.origin).chatRoom(roomName);

const at = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const messages = at("messages");
const text = at<HTMLInputElement>("text");
/** The newest message that is shown: a message comes by event and by `history`, and is shown once. */
let newest = 0;
const typists = new Set<string>();

at("room").textContent = roomName;

function show(message: Message): void {
  if (message.id <= newest) return;
  newest = message.id;
  const item = document.createElement("li");
  const who = document.createElement("small");
  who.textContent = `${message.from} · ${new Date(message.at).toLocaleTimeString()}`;
  item.append(who, message.text);
  item.classList.toggle("me", message.from === me);
  item.dataset["id"] = String(message.id);
  messages.append(item);
  messages.scrollTop = messages.scrollHeight;
}

function showPeople(names: string[]): void {
  at("people").replaceChildren(
    ...names.map((name) => {
      const item = document.createElement("li");
      item.textContent = name;
      item.classList.toggle("me", name === me);
      return item;
    }),
  );
}

function showTyping(): void {
  const names = [...typists];
  at("typing").textContent = names.length === 0 ? "" : `${names.join(", ")} ${names.length === 1 ? "is" : "are"} typing…`;
}

/** At each connection: say who we are, and catch up with what was said meanwhile. */
async function catchUp(): Promise<void> {
  showPeople(await room.presence.enter({ name: me }));
  // Events that come while the history is on its way are in it, too, or newer.
  for (let page: Message[]; ; ) {
    page = await room.history({ limit: 200, after: newest === 0 ? undefined : newest });
    for (const message of page) show(message);
    if (page.length < 200) break;
  }
}

let held: Message[] | undefined = [];
let connections = 0;
room.$onStatus((status) => {
  const shown = at("status");
  shown.dataset["state"] = status.state;
  shown.textContent = status.state;
  if (status.state !== "open") return;
  held = [];
  typists.clear();
  showTyping();
  const connection = ++connections;
  catchUp().then(
    () => {
      // A newer connection catches up by itself.
      if (connection !== connections) return;
      for (const message of held ?? []) show(message);
      held = undefined;
    },
    // What is held stays held: showing it would leave a gap for ever. The next connection tries again.
    (error: unknown) => {
      if (connection === connections) shown.textContent = `cannot read the room: ${error}`;
    },
  );
});
// Until the history is there, newer messages wait: `show` passes over what is older than the newest.
room.$on("said", ({ message }) => (held === undefined ? show(message) : void held.push(message)));
room.$on("typing", ({ name, active }) => {
  if (active) typists.add(name);
  else typists.delete(name);
  showTyping();
});
const refreshPeople = (): void => {
  room.presence.list().then(showPeople, () => {});
};
room.presence.$on("joined", refreshPeople);
room.presence.$on("left", refreshPeople);

let typing = false;
function setTyping(active: boolean): void {
  if (typing === active) return;
  typing = active;
  room.typing({ active }).catch(() => {});
}
text.addEventListener("input", () => setTyping(text.value !== ""));
text.addEventListener("blur", () => setTyping(false));

at("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = text.value;
  text.value = "";
  setTyping(false);
  room.say({ text: said }).catch((error: unknown) => {
    // It is the reader's to send again: whether it was heard is not known.
    if (text.value === "") text.value = said;
    console.warn("not sent", error);
  });
});
