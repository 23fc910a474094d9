// Where agents beat, and with which key. Both outlive the supervisor: an agent that runs on under its next life was told the
// port and the key when it was started, and cannot be told new ones.

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../durable-file.ts";
import { systemCode } from "../failure.ts";

export interface Address {
  /** 0: any that is free. */
  readonly port: number;
  readonly key: string;
}

/** The address of the last life; a new one with a new key where there is none that can be read. */
export async function readAddress(folder: string): Promise<Address> {
  try {
    const saved = JSON.parse(await readFile(pathIn(folder), "utf8")) as Partial<Record<keyof Address, unknown>> | null;
    if (typeof saved?.port === "number" && typeof saved.key === "string") return { port: saved.port, key: saved.key };
  } catch (error) {
    if (!(error instanceof SyntaxError) && systemCode(error) !== "ENOENT") throw error;
  }
  return { port: 0, key: `mw_${randomBytes(24).toString("base64url")}` };
}

export function writeAddress(folder: string, address: Address): Promise<void> {
  return replaceFile(pathIn(folder), `${JSON.stringify(address)}\n`);
}

function pathIn(folder: string): string {
  return join(folder, "receiver.json");
}
