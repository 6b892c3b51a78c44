// What is known of one room, of the main one or of a side room: its messages in their order, each once, and who types.
/** How many lines of a room are kept in the page. */
const MAX_LINES = 1_000;
export class Room {
    name;
    changed;
    lines = [];
    people = [];
    /** How many messages came since it was last looked at. */
    unread = 0;
    /** Whether we are in it. */
    joined = false;
    /** The newest message that is shown: a message comes by event and by `history`, and is shown once. */
    #newest = 0;
    /** Messages that wait for the history, as all do until it is read. */
    #held = [];
    #typists = new Map();
    /** @param name that of a side room; none for the main one */
    constructor(name, changed) {
        this.name = name;
        this.changed = changed;
    }
    get typists() {
        return [...this.#typists.keys()];
    }
    take(message) {
        if (this.#held !== undefined)
            this.#held.push(message);
        else if (this.#show(message))
            this.changed(this);
    }
    /** Something happened that is no message. */
    note(news) {
        this.#add({ news, at: Date.now() });
        this.changed(this);
    }
    /** From here on messages wait for the history. */
    hold() {
        this.#held ??= [];
    }
    /** What was said before the first connection, or is missing. */
    async read(chat) {
        // Messages that come while it is on its way are in it, too, or newer.
        this.hold();
        try {
            for (let page;;) {
                page = await chat.history({ limit: 200, after: this.#newest === 0 ? undefined : this.#newest, room: this.name });
                for (const message of page)
                    this.#show(message);
                if (page.length < 200)
                    break;
            }
        }
        finally {
            for (const message of this.#held ?? [])
                this.#show(message);
            this.#held = undefined;
            this.changed(this);
        }
    }
    /** Whoever says no more that they type has stopped, or is gone. */
    setTyping(name, active) {
        clearTimeout(this.#typists.get(name));
        this.#typists.delete(name);
        if (active)
            this.#typists.set(name, setTimeout(() => this.setTyping(name, false), 5_000));
        this.changed(this);
    }
    stopTyping() {
        for (const name of this.typists)
            this.setTyping(name, false);
    }
    #show(message) {
        if (message.id <= this.#newest)
            return false;
        this.#newest = message.id;
        this.unread += 1;
        this.#add(message);
        return true;
    }
    #add(line) {
        if (this.lines.push(line) > MAX_LINES)
            this.lines.shift();
    }
}
