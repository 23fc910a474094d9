// A meter in a process of its own, to be killed: `FOLDER SERVER_URL KEY PROVIDER_URL`. Prints its URL.

import { startMeter } from "../index.ts";

const [folder = "", server = "", key = "", upstream = ""] = process.argv.slice(2);

const meter = await startMeter({
  folder,
  listen: { host: "127.0.0.1", port: 0 },
  server: { url: server, key },
  providers: { openai: { url: upstream }, anthropic: { url: upstream } },
  log: (line) => console.error(line),
});
console.log(meter.url);
process.on("SIGTERM", () => void meter.stop().then(() => process.exit()));
