// Who this page is. Each tab is somebody of its own: its token is in the tab's session, or comes as `?token=`.

const KEY = "auction.token";

/** A token of this name with a new secret. */
function made(name: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `${name}.${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** The tab's token; whoever has none yet is asked for a name. */
export async function token(form: HTMLFormElement): Promise<string> {
  const url = new URL(location.href);
  const given = url.searchParams.get("token");
  if (given !== null) {
    sessionStorage.setItem(KEY, given);
    // What is in the address is seen by whoever looks on, and goes wherever the address goes.
    url.searchParams.delete("token");
    history.replaceState(null, "", url);
  }
  const known = sessionStorage.getItem(KEY);
  if (known !== null) return known;
  form.hidden = false;
  const fresh = await new Promise<string>((done) => {
    form.addEventListener(
      "submit",
      (event) => {
        event.preventDefault();
        done(made(String(new FormData(form).get("name"))));
      },
      { once: true },
    );
  });
  form.hidden = true;
  sessionStorage.setItem(KEY, fresh);
  return fresh;
}

/** The tab is nobody again. */
export function forget(): void {
  sessionStorage.removeItem(KEY);
}
