// Requests to the API this page was served with. Expected refusals are values with the server's own words; only the
// shapes are taken on trust, because page and server are one release.

import { signal } from "@preact/signals";
import type { AgentView, BeatView, Done, EventView, EvidenceView, IncidentView, NewKey, Page } from "./api-types.ts";
import type { Command } from "./commands.ts";

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export interface Refusal {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly message: string;
}

/** Whether the server knows us; any answer of 401 says that it does not. */
export const session = signal<"checking" | "signed-in" | "signed-out">("checking");

const timeoutMs = 15_000;

export const api = {
  agents: (cursor: string | null, beats: number): Promise<Answer<Page<AgentView>>> =>
    get(`agents?beats=${beats}&limit=500${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`),
  agent: (name: string, beats: number): Promise<Answer<AgentView>> => get(`${agentPath(name)}?beats=${beats}`),
  cycles: (name: string, cursor: string | null, limit: number): Promise<Answer<Page<BeatView>>> =>
    get(`${agentPath(name)}/cycles?limit=${limit}${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`),
  events: (name: string): Promise<Answer<Page<EventView>>> => get(`${agentPath(name)}/events?limit=100`),
  /** Of one agent, or of all when `name` is null; newest first. */
  incidents: (name: string | null): Promise<Answer<Page<IncidentView>>> =>
    get(`incidents?limit=100${name === null ? "" : `&agent=${encodeURIComponent(name)}`}`),
  evidence: (id: number): Promise<Answer<EvidenceView>> => get(`evidence/${id}`),
  acknowledge: (id: number): Promise<Answer<unknown>> => post(`incidents/${id}/ack`),
  command: (name: string, command: Command): Promise<Answer<Done>> => post(`${agentPath(name)}/${command}`),
  createKey: (): Promise<Answer<NewKey>> => post("keys", { scope: "ingest", label: "made on the dashboard" }),
  signOut: (): Promise<Answer<unknown>> => post("signout"),
};

function agentPath(name: string): string {
  return `agents/${encodeURIComponent(name)}`;
}

async function get<T>(path: string): Promise<Answer<T>> {
  return request<T>(path, { headers: { accept: "application/json" } });
}

async function post<T>(path: string, body: object = {}): Promise<Answer<T>> {
  // A JSON body makes this a request that no foreign page can send without being asked first.
  const headers = { accept: "application/json", "content-type": "application/json" };
  return request<T>(path, { method: "POST", headers, body: JSON.stringify(body) });
}

async function request<T>(path: string, init: RequestInit): Promise<Answer<T>> {
  try {
    const response = await fetch(`/api/v1/${path}`, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    const body: unknown = response.status === 204 ? null : await response.json().catch(() => null);
    if (response.status === 401) session.value = "signed-out";
    if (response.ok) return { ok: true, value: body as T };
    return { ok: false, refusal: { status: response.status, message: messageIn(body, response.status) } };
  } catch {
    // A network failure and our own timeout come to the same for a person: nobody answered.
    return { ok: false, refusal: { status: 0, message: "The server does not answer." } };
  }
}

function messageIn(body: unknown, status: number): string {
  if (typeof body === "object" && body !== null && "error" in body) {
    const { error } = body;
    if (typeof error === "object" && error !== null && "message" in error && typeof error.message === "string") {
      return error.message;
    }
  }
  return `The server answered with status ${status}.`;
}
