// A client's side: its own changes show at once, and those of others are fitted in as they come. As `src/replica.rs`.
import { apply, difference, transform } from "./change.js";
const MAX_CHANGES = 100;
export class Replica {
    /** The last version that has been heard of. */
    version = 0;
    /** The text at that version. */
    #shared = "";
    /** The text with what is on its way and what waits. */
    text = "";
    #sent;
    #waiting = [];
    /** Edits that came before those that they follow. */
    #early = new Map();
    #fitted;
    /** `fitted` is told of the changes that others made, as they were made to `text`. */
    constructor(fitted = () => { }) {
        this.#fitted = fitted;
    }
    get isSettled() {
        return this.#sent === undefined && this.#waiting.length === 0;
    }
    /** What the object does not know yet. */
    get pending() {
        return [...(this.#sent?.changes ?? []), ...this.#waiting];
    }
    change(changes) {
        this.text = apply(this.text, changes);
        this.#waiting.push(...changes);
    }
    /** What to send now, if nothing is on its way. */
    send(id) {
        if (this.#sent !== undefined || this.#waiting.length === 0)
            return undefined;
        this.#sent = { id, changes: this.#waiting.splice(0, MAX_CHANGES) };
        return this.sendAgain();
    }
    /** What was sent and may have been lost, once all is received that the object told. */
    sendAgain() {
        return this.#sent && { base: this.version, id: this.#sent.id, changes: this.#sent.changes };
    }
    receive(edited) {
        if (edited.version > this.version)
            this.#early.set(edited.version, edited);
        for (let next; (next = this.#early.get(this.version + 1)) !== undefined;) {
            this.version += 1;
            this.#early.delete(this.version);
            this.#shared = apply(this.#shared, next.changes);
            if (this.#sent?.id === next.id)
                this.#sent = undefined;
            else
                this.#fitIn(next.changes, next.by);
        }
    }
    /** Begins anew from a text that the object told; what was changed here and is not there yet is kept. */
    resync(text, version) {
        const theirs = difference(this.#shared, text);
        this.#shared = text;
        this.version = version;
        for (const early of [...this.#early.keys()])
            if (early <= version)
                this.#early.delete(early);
        this.#fitIn(theirs, "");
    }
    /** Lets go of what the object refuses: the text is what it has. */
    giveUp() {
        const theirs = difference(this.text, this.#shared);
        this.#sent = undefined;
        this.#waiting = [];
        this.text = this.#shared;
        this.#fitted(theirs, "");
    }
    #fitIn(theirs, by) {
        const [behindSent, sent] = transform(theirs, this.#sent?.changes ?? []);
        const [fitted, waiting] = transform(behindSent, this.#waiting);
        if (this.#sent !== undefined)
            this.#sent.changes = sent;
        this.#waiting = waiting;
        this.text = apply(this.text, fitted);
        this.#fitted(fitted, by);
    }
}
