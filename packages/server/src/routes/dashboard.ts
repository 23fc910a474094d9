import fastifyStatic from "@fastify/static";
import { DAY } from "@midwatch/core";
import { ApiError } from "../errors.ts";
import type { ApiContext, App } from "../http/api-context.ts";

/** The built dashboard: one page and its hashed files. Everything it shows it asks the API for. */
export function registerDashboard(app: App, { dashboardDir }: ApiContext): void {
  if (dashboardDir === null) {
    app.get("/", { schema: { hide: true } }, () => {
      throw new ApiError(
        404,
        "no_dashboard",
        "this server has no built dashboard; the API is described at /api/openapi.json",
      );
    });
    return;
  }
  void app.register(fastifyStatic, {
    root: dashboardDir,
    // A file's name changes with what is in it; only the page itself is asked for anew.
    maxAge: 365 * DAY,
    immutable: true,
    cacheControl: true,
    setHeaders: (reply, path) => {
      if (path.endsWith(".html")) void reply.header("cache-control", "no-cache");
    },
  });
}
