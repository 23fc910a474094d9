import { parseJson } from "@midwatch/protocol";
import type { App } from "./api-context.ts";
import { notJson } from "../ingest/refusals.ts";

/**
 * Bodies are read as strictly as beats are: no key twice, no number that is none, no bad UTF-8. A request without a body
 * has the body `undefined`, with or without a content type.
 */
export function readJsonBodies(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => {
    // Read as a buffer, so it is one.
    const bytes = body as Buffer;
    if (bytes.length === 0) return done(null, undefined);
    const json = parseJson(bytes);
    if (json.ok) done(null, json.value);
    else done(notJson(json));
  });
}
