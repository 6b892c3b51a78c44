// What is known of one room, of the main one or of a side room: its messages in their order, each once, and who types.

import type { ChatRoom, Message } from "./client/index.js";

/** A line of a room: a message, or what happened there. */
export type Line = Message | { readonly news: string; readonly at: number };

/** How many lines of a room are kept in the page. */
const MAX_LINES = 1_000;

export class Room {
  readonly lines: Line[] = [];
  people: string[] = [];
  /** How many messages came since it was last looked at. */
  unread = 0;
  /** Whether we are in it. */
  joined = false;
  /** The newest message that is shown: a message comes by event and by `history`, and is shown once. */
  #newest = 0;
  /** Messages that wait for the history, as all do until it is read. */
  #held: Message[] | undefined = [];
  readonly #typists = new Map<string, ReturnType<typeof setTimeout>>();

  /** @param name that of a side room; none for the main one */
  constructor(
    readonly name: string | undefined,
    readonly changed: (room: Room) => void,
  ) {}

  get typists(): string[] {
    return [...this.#typists.keys()];
  }

  take(message: Message): void {
    if (this.#held !== undefined) this.#held.push(message);
    else if (this.#show(message)) this.changed(this);
  }

  /** Something happened that is no message. */
  note(news: string): void {
    this.#add({ news, at: Date.now() });
    this.changed(this);
  }

  /** From here on messages wait for the history. */
  hold(): void {
    this.#held ??= [];
  }

  /** What was said before the first connection, or is missing. */
  async read(chat: ChatRoom): Promise<void> {
    // Messages that come while it is on its way are in it, too, or newer.
    this.hold();
    try {
      for (let page: Message[]; ; ) {
        page = await chat.history({ limit: 200, after: this.#newest === 0 ? undefined : this.#newest, room: this.name });
        for (const message of page) this.#show(message);
        if (page.length < 200) break;
      }
    } finally {
      for (const message of this.#held ?? []) this.#show(message);
      this.#held = undefined;
      this.changed(this);
    }
  }

  /** Whoever says no more that they type has stopped, or is gone. */
  setTyping(name: string, active: boolean): void {
    clearTimeout(this.#typists.get(name));
    this.#typists.delete(name);
    if (active) this.#typists.set(name, setTimeout(() => this.setTyping(name, false), 5_000));
    this.changed(this);
  }

  stopTyping(): void {
    for (const name of this.typists) this.setTyping(name, false);
  }

  #show(message: Message): boolean {
    if (message.id <= this.#newest) return false;
    this.#newest = message.id;
    this.unread += 1;
    this.#add(message);
    return true;
  }

  #add(line: Line): void {
    if (this.lines.push(line) > MAX_LINES) this.lines.shift();
  }
}
