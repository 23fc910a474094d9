// Where we are, in the hash: the server then serves one file, and names may hold `/`, `:` and `@`.

export type Route =
  { readonly page: "fleet" } | { readonly page: "incidents" } | { readonly page: "agent"; readonly name: string };

export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#?\/?/, "");
  if (path === "incidents") return { page: "incidents" };
  if (!path.startsWith("agents/")) return { page: "fleet" };
  const name = decode(path.slice("agents/".length));
  return name === "" ? { page: "fleet" } : { page: "agent", name };
}

export function agentHref(name: string): string {
  return `#/agents/${encodeURIComponent(name)}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A hand-typed "%" is no escape; take it as it stands, and the server will say whether it knows that name.
    return text;
  }
}
