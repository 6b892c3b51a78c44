// The page: everything it knows of the auction comes through the generated client.
import { connect } from "./client/index.js";
import { forget, token } from "./token.js";
const at = (id) => document.getElementById(id);
const lot = new URLSearchParams(location.search).get("lot") ?? "vase";
const me = await token(at("enter"));
const auction = connect(location.origin, { token: me }).auction(lot);
let standing;
let ended;
/** By their numbers: a bid comes by event and by `bids`, and is shown once. */
const bids = new Map();
/** The reserve is told to the seller only. */
const selling = () => typeof standing?.reserve_cents === "number";
/** The seller is told who bid; anybody else is told of their own bids only. */
const isMine = (bid) => typeof bid.bidder === "string" && !selling();
/** The name that somebody gave, without what makes the subject theirs. */
const given = (subject) => subject.split("~")[0] ?? subject;
const money = (cents) => (cents / 100).toFixed(2);
const cents = (text) => Math.round(Number(text) * 100);
at("lot").textContent = lot;
at("me").textContent = me.split(".")[0] ?? "";
function show() {
    at("offer").hidden = standing !== undefined;
    at("auction").hidden = standing === undefined;
    if (standing === undefined)
        return;
    const { title, least, reserve_met } = standing;
    at("title").textContent = `${title}, sold by ${selling() ? "you" : given(standing.seller)}`;
    at("price").textContent = standing.cents == null ? "no bid yet" : money(standing.cents);
    const newest = bids.get(standing.bids);
    const leads = newest !== undefined && isMine(newest) ? "you lead" : `paddle ${standing.paddle} leads`;
    at("leader").textContent = standing.paddle == null || standing.ended ? "" : leads;
    const reserve = selling() ? ` of ${money(standing.reserve_cents ?? 0)}` : "";
    at("reserve").textContent = `The reserve${reserve} is ${reserve_met ? "met" : "not met"}.`;
    at("ends").textContent = new Date(standing.ends_at).toLocaleTimeString();
    at("ends").dataset["at"] = String(standing.ends_at);
    at("bid").hidden = selling() || standing.ended;
    at("amount").placeholder = `${money(least)} or more`;
    const newestFirst = [...bids.values()].sort((one, other) => other.number - one.number);
    at("bids").replaceChildren(...newestFirst.map((bid) => {
        const item = document.createElement("li");
        const who = selling() && typeof bid.bidder === "string" ? ` (${given(bid.bidder)})` : "";
        item.textContent = `${money(bid.cents)} · ${isMine(bid) ? "you" : `paddle ${bid.paddle}${who}`}`;
        item.classList.toggle("me", isMine(bid));
        return item;
    }));
    at("outcome").textContent = standing.ended ? outcome(standing, newest) : "";
    tick();
}
/** How it ended: as the event says, or, for who comes later, as it stands. */
function outcome(standing, newest) {
    const sold = ended ?? {
        cents: standing.reserve_met ? standing.cents : null,
        paddle: standing.paddle,
        winner: standing.reserve_met ? newest?.bidder : null,
    };
    if (sold.cents == null)
        return "Not sold: nobody bid the reserve.";
    const price = `Sold for ${money(sold.cents)}`;
    if (sold.winner == null)
        return `${price} to paddle ${sold.paddle}.`;
    return selling() ? `${price} to ${given(sold.winner)}, paddle ${sold.paddle}.` : `${price} to you!`;
}
/** The time that is left by the page's clock. When it is over the object says, whose clock alone counts. */
function tick() {
    if (standing === undefined)
        return;
    const left = Math.max(0, Math.ceil((standing.ends_at - Date.now()) / 1_000));
    const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    at("left").textContent = standing.ended ? "over" : left === 0 ? "any moment" : clock;
}
setInterval(tick, 250);
function stands(next) {
    // An answer may be older than an event that came before it.
    if (standing !== undefined && (next.bids < standing.bids || (standing.ended && !next.ended)))
        return;
    // The end that a bid has moved.
    at("ends").classList.toggle("moved", standing !== undefined && next.ends_at > standing.ends_at);
    standing = next;
    show();
}
/** What went on before this page came. */
async function read() {
    try {
        stands(await auction.standing());
        for (const bid of await auction.bids({ limit: 100 }))
            bids.set(bid.number, bid);
        show();
    }
    catch (error) {
        if (error.code !== "auction.not_open")
            throw error;
        show();
    }
}
// A browser does not tell why a WebSocket was refused; a request does.
auction.standing({ transport: "http" }).catch((error) => {
    if (error.code !== "unauthenticated")
        return;
    forget();
    auction.$close();
    at("refused").textContent = `${error.message} Load the page anew to come in by a name.`;
});
auction.$onStatus((status) => {
    const shown = at("status");
    shown.dataset["state"] = status.state;
    shown.textContent = status.state;
    if (status.state !== "open")
        return;
    const fail = (error) => void (shown.textContent = `cannot read the auction: ${error}`);
    read().catch(fail);
    auction.presence.enter({}).then((there) => watching(there.length), fail);
});
auction.$on("standing", stands);
auction.$on("placed", (bid) => {
    bids.set(bid.number, bid);
    show();
}, 
// More was bid than is kept: the object knows it. Anything else is the connection's, which tells it itself.
(error) => void (error.code === "gap" && read().catch(() => { })));
auction.$on("ended", (how) => {
    ended = how;
    show();
});
const watching = (count) => void (at("watching").textContent = `${count} here`);
auction.presence.$on("joined", ({ count }) => watching(count));
auction.presence.$on("left", ({ count }) => watching(count));
/** Why a bid was refused, in words. */
function why(error) {
    switch (error.code) {
        case "auction.too_low":
            return `Too low: the next bid is ${money(error.details.least)} or more.`;
        case "auction.over":
            return "Too late: the auction is over.";
        case "auction.own":
            return "This lot is your own.";
        case "network":
        case "timeout":
            return "Nobody answered: whether the bid counts is seen below.";
        default:
            return `Refused: ${error.message}`;
    }
}
at("bid").addEventListener("submit", (event) => {
    event.preventDefault();
    const amount = at("amount");
    at("refused").textContent = "";
    auction.bid({ cents: cents(amount.value) }).then(() => (amount.value = ""), (error) => (at("refused").textContent = why(error)));
});
at("offer").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = new FormData(at("offer"));
    auction
        .offer({
        title: String(form.get("title")),
        start_cents: cents(form.get("start")),
        step_cents: cents(form.get("step")),
        reserve_cents: cents(form.get("reserve")),
        seconds: Number(form.get("seconds")),
        last_call_seconds: Number(form.get("last")),
    })
        .catch((error) => (at("refused").textContent = `Not offered: ${error.message}`));
});
