// The page: everything it knows of the room comes through the generated client.
import { connect } from "./client/index.js";
const query = new URLSearchParams(location.search);
const roomName = query.get("room") ?? "lobby";
const me = query.get("name") ?? `guest-${Math.floor(Math.random() * 1_000)}`;
const room = connect(location.origin).chatRoom(roomName);
const at = (id) => document.getElementById(id);
const messages = at("messages");
const text = at("text");
/** The newest message that is shown: a message comes by event and by `history`, and is shown once. */
let newest = 0;
const typists = new Map();
at("room").textContent = roomName;
function show(message) {
    if (message.id <= newest)
        return;
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
function showPeople(names) {
    at("people").replaceChildren(...names.map((name) => {
        const item = document.createElement("li");
        item.textContent = name;
        item.classList.toggle("me", name === me);
        return item;
    }));
}
function stopTyping(name) {
    clearTimeout(typists.get(name));
    if (typists.delete(name))
        showTyping();
}
function showTyping() {
    const names = [...typists.keys()];
    at("typing").textContent = names.length === 0 ? "" : `${names.join(", ")} ${names.length === 1 ? "is" : "are"} typing…`;
}
/** What was said before the first connection, or is missing. */
async function readHistory() {
    // Messages that come while it is on its way are in it, too, or newer.
    held ??= [];
    for (let page;;) {
        page = await room.history({ limit: 200, after: newest === 0 ? undefined : newest });
        for (const message of page)
            show(message);
        if (page.length < 200)
            break;
    }
    for (const message of held)
        show(message);
    held = undefined;
}
/** Messages that wait for the history: `show` passes over what is older than the newest. */
let held = [];
room.$onStatus((status) => {
    const shown = at("status");
    shown.dataset["state"] = status.state;
    shown.textContent = status.state;
    if (status.state !== "open")
        return;
    for (const name of [...typists.keys()])
        stopTyping(name);
    const fail = (error) => void (shown.textContent = `cannot read the room: ${error}`);
    room.presence.enter({ name: me }).then(showPeople, fail);
    // What is said while there is no connection comes by itself when there is one again: the event is a durable one.
    if (held !== undefined)
        readHistory().catch(fail);
});
room.$on("said", ({ message }) => (held === undefined ? show(message) : void held.push(message)), 
// More was said than is kept: the history knows it. Anything else is the connection's, which tells it itself.
(error) => void (error.code === "gap" && readHistory().catch(() => { })));
room.$on("typing", ({ name, active }) => {
    stopTyping(name);
    // Whoever says no more has stopped, or is gone.
    if (active)
        typists.set(name, setTimeout(() => stopTyping(name), 5_000));
    showTyping();
});
const refreshPeople = () => {
    room.presence.list().then(showPeople, () => { });
};
room.presence.$on("joined", refreshPeople);
room.presence.$on("left", refreshPeople);
/** When it was last said that we type; 0 if we do not. */
let typing = 0;
function setTyping(active) {
    const now = Date.now();
    // Said again while it lasts: the others forget it after five seconds.
    if (active ? now - typing < 3_000 : typing === 0)
        return;
    typing = active ? now : 0;
    room.typing({ active }).catch(() => { });
}
text.addEventListener("input", () => setTyping(text.value !== ""));
text.addEventListener("blur", () => setTyping(false));
at("say").addEventListener("submit", (event) => {
    event.preventDefault();
    const said = text.value;
    text.value = "";
    setTyping(false);
    room.say({ text: said }).catch((error) => {
        // It is the reader's to send again: whether it was heard is not known.
        if (text.value === "")
            text.value = said;
        console.warn("not sent", error);
    });
});
