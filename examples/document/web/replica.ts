// A client's side: its own changes show at once, and those of others are fitted in as they come. As `src/replica.rs`.

import { apply, difference, transform } from "./change.js";
import type { Change, Edited } from "./client/index.js";

/** The parameters of `edit`. */
export interface Outgoing {
  readonly base: number;
  readonly id: string;
  readonly changes: Change[];
}

const MAX_CHANGES = 100;

export class Replica {
  /** The last version that has been heard of. */
  version = 0;
  /** The text at that version. */
  #shared = "";
  /** The text with what is on its way and what waits. */
  text = "";
  #sent: { readonly id: string; changes: Change[] } | undefined;
  #waiting: Change[] = [];
  /** Edits that came before those that they follow. */
  readonly #early = new Map<number, Edited>();
  readonly #fitted: (changes: readonly Change[], by: string) => void;

  /** `fitted` is told of the changes that others made, as they were made to `text`. */
  constructor(fitted: (changes: readonly Change[], by: string) => void = () => {}) {
    this.#fitted = fitted;
  }

  get isSettled(): boolean {
    return this.#sent === undefined && this.#waiting.length === 0;
  }

  /** What the object does not know yet. */
  get pending(): Change[] {
    return [...(this.#sent?.changes ?? []), ...this.#waiting];
  }

  change(changes: readonly Change[]): void {
    this.text = apply(this.text, changes);
    this.#waiting.push(...changes);
  }

  /** What to send now, if nothing is on its way. */
  send(id: string): Outgoing | undefined {
    if (this.#sent !== undefined || this.#waiting.length === 0) return undefined;
    this.#sent = { id, changes: this.#waiting.splice(0, MAX_CHANGES) };
    return this.sendAgain();
  }

  /** What was sent and may have been lost, once all is received that the object told. */
  sendAgain(): Outgoing | undefined {
    return this.#sent && { base: this.version, id: this.#sent.id, changes: this.#sent.changes };
  }

  receive(edited: Edited): void {
    if (edited.version > this.version) this.#early.set(edited.version, edited);
    for (let next; (next = this.#early.get(this.version + 1)) !== undefined; ) {
      this.version += 1;
      this.#early.delete(this.version);
      this.#shared = apply(this.#shared, next.changes);
      if (this.#sent?.id === next.id) this.#sent = undefined;
      else this.#fitIn(next.changes, next.by);
    }
  }

  /** Begins anew from a text that the object told; what was changed here and is not there yet is kept. */
  resync(text: string, version: number): void {
    const theirs = difference(this.#shared, text);
    this.#shared = text;
    this.version = version;
    for (const early of [...this.#early.keys()]) if (early <= version) this.#early.delete(early);
    this.#fitIn(theirs, "");
  }

  /** Lets go of what the object refuses: the text is what it has. */
  giveUp(): void {
    const theirs = difference(this.text, this.#shared);
    this.#sent = undefined;
    this.#waiting = [];
    this.text = this.#shared;
    this.#fitted(theirs, "");
  }

  #fitIn(theirs: readonly Change[], by: string): void {
    const [behindSent, sent] = transform(theirs, this.#sent?.changes ?? []);
    const [fitted, waiting] = transform(behindSent, this.#waiting);
    if (this.#sent !== undefined) this.#sent.changes = sent;
    this.#waiting = waiting;
    this.text = apply(this.text, fitted);
    this.#fitted(fitted, by);
  }
}
