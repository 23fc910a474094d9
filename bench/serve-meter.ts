// A meter to be measured by `bench/meter.ts`, before a provider on the port it is told.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMeter, type RunningMeter } from "@midwatch/meter";
import { answerParent } from "./child.ts";
import { weigh } from "./weigh.ts";

const folder = await mkdtemp(join(tmpdir(), "midwatch-bench-"));
let meter: RunningMeter | null = null;

answerParent(
  async (message) => {
    if (message === "weigh") return weigh();
    const url = `http://127.0.0.1:${(message as { readonly providerPort: number }).providerPort}`;
    meter = await startMeter({
      folder,
      listen: { host: "127.0.0.1", port: 0 },
      server: { url, key: "mw_bench" },
      providers: { openai: { url } },
      log: (line) => console.error(line),
    });
    return { port: meter.port };
  },
  async () => {
    await meter?.stop();
    await rm(folder, { recursive: true });
  },
);
