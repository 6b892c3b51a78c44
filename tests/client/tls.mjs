// Ends TLS in front of a server on this machine: `node tls.mjs PORT`. Prints its own port.
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createServer } from "node:tls";

const file = (name) => readFileSync(new URL(name, import.meta.url));
const options = { cert: file("localhost.pem"), key: file("localhost.key") };
const server = createServer(options, (outside) => {
  const inside = connect(Number(process.argv[2]), "127.0.0.1");
  outside.pipe(inside).pipe(outside);
  for (const socket of [outside, inside]) socket.on("error", () => socket.destroy());
});
server.on("tlsClientError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
