/** True for names and addresses by which only this machine is reached. */
export function isLoopbackName(name: string): boolean {
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "[::1]" ||
    name === "::1" ||
    /^127(?:\.\d{1,3}){3}$/.test(name)
  );
}

/** How this machine reaches a meter that listens on `host`, as part of a URL: one that listens everywhere, on the loopback. */
export function reachableHost(host: string): string {
  if (host === "0.0.0.0" || host === "") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

/**
 * Against DNS rebinding: a foreign page whose name suddenly points to 127.0.0.1 would reach a meter on the loopback with that name
 * in the `Host` header. One that listens on the loopback answers only to names of the loopback. Null: may pass.
 */
export function hostRefusal(listeningOn: string, host: string | undefined): string | null {
  if (!isLoopbackName(listeningOn)) return null;
  if (host !== undefined && isLoopbackName(nameOf(host))) return null;
  return "this meter listens only on the loopback; reach it as 127.0.0.1 or localhost";
}

function nameOf(host: string): string {
  const name = host.startsWith("[") ? host.slice(0, host.indexOf("]") + 1) : (host.split(":")[0] ?? "");
  return name.toLowerCase().replace(/\.$/, "");
}
