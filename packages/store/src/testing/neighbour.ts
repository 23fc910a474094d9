// A second process on the same database: adds keys and folds, as the command line does beside the server.

import { openSqliteStore } from "../sqlite/open.ts";
import { counting, morning } from "./fixture.ts";

const [file = "", name = "", rounds = "0"] = process.argv.slice(2);

const store = await openSqliteStore({ file, busyTimeoutMs: 20_000 });
for (let round = 0; round < Number(rounds); round += 1) {
  const hash = `${name}-${round}`;
  await store.addKey({ hash, prefix: "", scope: "read", agentGlob: null, label: name, createdAt: morning });
  await store.fold(["shared", name], counting(["shared", name]));
}
await store.close();
