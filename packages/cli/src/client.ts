import { upperFirst } from "@midwatch/core";
import type { ErrorBody } from "@midwatch/protocol";
import { CommandFailure } from "./failure.ts";

export interface Target {
  readonly url: string;
  readonly key: string;
}

const timeoutMs = 15_000;

/** Calls the API and returns the answer's body; any refusal becomes a `CommandFailure` in the server's own words. */
export async function call<T>(target: Target, method: string, path: string, body?: unknown): Promise<T> {
  const response = await send(target, method, path, body);
  const text = await response.text();
  if (!response.ok) throw new CommandFailure(1, refusal(response.status, text, target));
  return (response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text) as T;
}

async function send(target: Target, method: string, path: string, body: unknown): Promise<Response> {
  try {
    return await fetch(new URL(path, target.url), {
      method,
      headers: {
        authorization: `Bearer ${target.key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (cause) {
    throw new CommandFailure(
      1,
      `No Midwatch server answers at ${target.url}. Start one with \`midwatch up\`, or name another with --server URL.`,
      { cause },
    );
  }
}

function refusal(status: number, text: string, target: Target): string {
  try {
    const { error } = JSON.parse(text) as ErrorBody;
    const details = (error.details ?? []).map(({ path, message }) => `\n  ${path}: ${message}`);
    return sentence(error.message) + details.join("");
  } catch {
    // Not one of our answers: something else listens there.
    return `${target.url} answered ${status}, and not like a Midwatch server.`;
  }
}

/** The API answers in clauses; a person reads sentences. */
function sentence(clause: string): string {
  return `${upperFirst(clause)}${/[.!?]$/.test(clause) ? "" : "."}`;
}

/** All pages of a list, up to `limit` items. */
export async function callPages<T>(target: Target, path: string, limit: number): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const query: string = `${path.includes("?") ? "&" : "?"}limit=${Math.min(500, limit - items.length)}${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
    const page: { items: T[]; next: string | null } = await call(target, "GET", path + query);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && items.length < limit);
  return items;
}
