// The framework and what it is told once for all routes: who may call, how bodies are read, how errors are answered.

import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import swagger, { type FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import underPressure from "@fastify/under-pressure";
import { MINUTE, SECOND, type DurationMs } from "@midwatch/core";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import type { RequestListener, Server } from "node:http";
import { ApiError } from "../errors.ts";
import type { ApiContext, App, TypeboxProvider } from "./api-context.ts";
import { answerErrors } from "./answer-errors.ts";
import { authorize } from "./authorize.ts";
import { readJsonBodies } from "./json-bodies.ts";
import { registerRoutes } from "./register-routes.ts";
import { rememberMethods } from "./wrong-method.ts";

/** Of everything but beats. */
const bodyLimit = 64 * 1024;
/** Requests of one address in a minute, beats and supervisors apart. A dashboard makes a few, a script in a circle thousands. */
const maxPerMinute = 3_000;
const overloadedAfterMs: DurationMs = 2 * SECOND;

/** Builds the app on a server made by `listener`, which decides what reaches the app. */
export async function createApp(context: ApiContext, listener: (others: RequestListener) => Server): Promise<App> {
  const answer = answerErrors(context.log);
  const app = fastify({
    serverFactory: (handler) => listener(handler),
    logger: false,
    bodyLimit,
    routerOptions: { maxParamLength: 2_048 },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: true, verbose: true } },
    frameworkErrors: (error, request, reply) => answer(error, request, reply as FastifyReply),
  }).withTypeProvider<TypeboxProvider>() as App;
  app.decorateRequest("caller", null);
  // The schemas describe answers; what is answered is typed already, and a second serialiser could only drop things.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler(answer);
  readJsonBodies(app);
  app.addHook("onRequest", (request, _reply, done) => done(context.guard(request.headers.host) ?? undefined));
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: pageDirectives },
    referrerPolicy: { policy: "same-origin" },
    // Midwatch speaks plain HTTP on a local network; whoever puts TLS in front of it sets this there.
    strictTransportSecurity: false,
  });
  await app.register(underPressure, {
    // 0 is never; a loop that did not turn at all counts as late by any other bound.
    maxEventLoopDelay: context.overloadedAfterMs === null ? 0 : (context.overloadedAfterMs ?? overloadedAfterMs),
    // A rejection, because the plugin does not expect a throw.
    pressureHandler: (request) =>
      request.routeOptions.config.alwaysAnswered ? undefined : Promise.reject(overloaded()),
  });
  await app.register(rateLimit, {
    max: maxPerMinute,
    timeWindow: MINUTE,
    addHeaders: noHeaders,
    addHeadersOnExceeding: noHeaders,
    errorResponseBuilder: (_request, { ttl }) =>
      new ApiError(429, "too_many_requests", `more than ${maxPerMinute} requests in a minute; slow down`, {
        retryAfterS: Math.max(1, Math.ceil(ttl / 1_000)),
      }),
  });
  app.addHook("onRequest", (request) => authorize(request, context));
  await app.register(swagger, { openapi: describeApi(context.version) });
  const methodsOf = rememberMethods(app);
  await app.register((scope, _options, done) => {
    registerRoutes(scope, context);
    done();
  });
  app.setNotFoundHandler((request, reply) => notFound(request, reply, methodsOf));
  await app.ready();
  return app;
}

/** `Retry-After` says what a client needs to know. */
const noHeaders = { "x-ratelimit-limit": false, "x-ratelimit-remaining": false, "x-ratelimit-reset": false };

function overloaded(): ApiError {
  return new ApiError(503, "overloaded", "the server is overloaded; try again in a moment", { retryAfterS: 5 });
}

/** The dashboard's pages: everything from here, nothing inline, shown in no frame. */
const pageDirectives = {
  "default-src": ["'self'"],
  "img-src": ["'self'", "data:"],
  "object-src": ["'none'"],
  "base-uri": ["'none'"],
  "form-action": ["'self'"],
  "frame-ancestors": ["'none'"],
};

function describeApi(version: string): NonNullable<FastifyDynamicSwaggerOptions["openapi"]> {
  return {
    openapi: "3.1.0",
    info: { title: "Midwatch", version, description: "The watch from midnight to four." },
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "A key, `mw_…`" },
        key: { type: "apiKey", in: "header", name: "X-API-Key" },
      },
    },
    security: [{ bearer: [] }, { key: [] }],
  };
}

/** A person who mistyped a page gets the dashboard; a program gets an error it can read. */
function notFound(request: FastifyRequest, reply: FastifyReply, methodsOf: (path: string) => readonly string[]): void {
  const path = request.url.split("?")[0] ?? "";
  const wantsPage = request.method === "GET" && (request.headers.accept ?? "").includes("text/html");
  if (wantsPage && isPagePath(path)) {
    void reply.redirect("/", 302);
    return;
  }
  const methods = methodsOf(path);
  if (methods.length > 0) {
    void reply.header("allow", methods.join(", "));
    const message = `${path.slice(0, 200)} takes ${methods.join(" or ")}, not ${request.method}`;
    throw new ApiError(405, "wrong_method", message);
  }
  throw new ApiError(
    404,
    "not_found",
    `there is nothing at ${request.method} ${path.slice(0, 200)}; GET /api/openapi.json lists what there is`,
  );
}

/** Neither the API nor a file. */
function isPagePath(path: string): boolean {
  return path !== "/" && !/^\/(?:api|assets|v1|ping|meter)(?:\/|$)/.test(path) && !path.includes(".");
}
