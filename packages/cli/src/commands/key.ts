import { createKey, type Scope } from "@midwatch/server/keys";
import type { Store } from "@midwatch/store";
import { CommandFailure } from "../failure.ts";
import { clean, table } from "../terminal.ts";
import { openStore } from "../open-store.ts";

/** Somebody else may be writing: a command of a person has time. */
const busyTimeoutMs = 5_000;

export interface NewKey {
  readonly scope: Scope;
  readonly agent?: string;
  readonly label?: string;
}

/** `midwatch key create`: works beside a running server, which knows the key within seconds. */
export async function createKeyIn(dataDir: string, { scope, agent, label }: NewKey): Promise<void> {
  await withStore(dataDir, async (store) => {
    const agentGlob = agent ?? null;
    const { key } = await createKey(store, { scope, agentGlob, label: label ?? "", at: Date.now() });
    // The key alone on standard output, so that it can be piped; the rest is for the eye.
    process.stdout.write(`${key}\n`);
    process.stderr.write("This key is shown once and kept only as a hash. A running server knows it within 5 s.\n");
  });
}

export async function listKeysIn(dataDir: string, json: boolean): Promise<void> {
  await withStore(dataDir, async (store) => {
    const keys = (await store.keys()).map(({ id, prefix, scope, agentGlob, label, createdAt, revokedAt }) => ({
      id,
      prefix: `${prefix}…`,
      scope,
      agents: agentGlob ?? "all",
      label,
      created_at: new Date(createdAt).toISOString(),
      revoked_at: revokedAt === null ? null : new Date(revokedAt).toISOString(),
    }));
    if (json) process.stdout.write(`${JSON.stringify(keys, null, 2)}\n`);
    else if (keys.length === 0)
      process.stdout.write("There is no key yet. `midwatch key create --scope ingest` makes one.\n");
    else process.stdout.write(`${table(keys.map(rowOf))}\n`);
  });
}

export async function revokeKeyIn(dataDir: string, id: number): Promise<void> {
  await withStore(dataDir, async (store) => {
    const key = (await store.keys()).find((one) => one.id === id);
    if (!key) throw new CommandFailure(1, `There is no key ${id}; \`midwatch key list\` shows them.`);
    if (key.revokedAt === null) await store.revokeKey(id, Date.now());
    process.stdout.write(`Key ${id} (${key.prefix}…) is revoked. A running server refuses it within 5 s.\n`);
  });
}

function rowOf(key: {
  id: number;
  prefix: string;
  scope: string;
  agents: string;
  label: string;
  revoked_at: string | null;
}): string[] {
  return [
    `${key.id}`,
    key.prefix,
    key.scope,
    clean(key.agents),
    key.revoked_at === null ? "" : `revoked ${key.revoked_at}`,
    clean(key.label),
  ];
}

async function withStore(dataDir: string, use: (store: Store) => Promise<void>): Promise<void> {
  const store = await openStore(dataDir, { busyTimeoutMs });
  try {
    await use(store);
  } finally {
    await store.close();
  }
}
