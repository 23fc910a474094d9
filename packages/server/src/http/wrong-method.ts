import type { App } from "./api-context.ts";

/** Tells which methods a path has. Call before routes are registered: it remembers them as they come. */
export function rememberMethods(app: App): (path: string) => readonly string[] {
  const byPattern = new Map<string, { readonly path: RegExp; readonly methods: Set<string> }>();
  app.addHook("onRoute", ({ url, method }) => {
    // What serves files answers for any path, and says by itself what it does not have.
    if (url.includes("*")) return;
    const known = byPattern.get(url) ?? { path: patternOf(url), methods: new Set<string>() };
    byPattern.set(url, known);
    for (const one of [method].flat()) known.methods.add(one);
  });
  return (path) => {
    const found = [...byPattern.values()].filter((one) => one.path.test(path));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].toSorted();
  };
}

/** `/agents/:name/cycles` with a parameter in each place that begins with a colon. */
function patternOf(url: string): RegExp {
  const parts = url.split("/").map((part) => (part.startsWith(":") ? "[^/]+" : RegExp.escape(part)));
  return new RegExp(`^${parts.join("/")}$`);
}
