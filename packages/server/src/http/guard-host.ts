import { ApiError } from "../errors.ts";

/**
 * Against DNS rebinding: a foreign page whose name suddenly points to 127.0.0.1 would reach a server on the loopback with that
 * name in the `Host` header. A server that listens on the loopback answers only to names of the loopback.
 */
export function guardHost(host: string | undefined, allowed: readonly string[]): void {
  if (host === undefined) throw new ApiError(400, "no_host", "the request has no Host header");
  const name = nameOf(host);
  if (isLoopbackName(name) || allowed.includes(name)) return;
  throw new ApiError(403, "wrong_host", "this server listens only on the loopback; reach it as 127.0.0.1 or localhost");
}

export function isLoopbackName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost") || name === "[::1]" || name === "::1" || /^127(?:\.\d{1,3}){3}$/.test(name);
}

function nameOf(host: string): string {
  return (host.startsWith("[") ? host.slice(0, host.indexOf("]") + 1) : (host.split(":")[0] ?? "")).toLowerCase();
}
