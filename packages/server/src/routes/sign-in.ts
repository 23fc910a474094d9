import { Type } from "typebox";
import { ApiError } from "../errors.ts";
import type { ApiContext, App } from "../http/api-context.ts";
import { sessionOf } from "../http/authorize.ts";
import { sessionCookie } from "../keys/sessions.ts";
import { callerOf, requireFullAccess } from "./access.ts";
import { errorAnswers, MessageSchema } from "./schemas.ts";
import { signInPage, signInPagePolicy, signInPath } from "./sign-in-page.ts";

const Token = Type.String({ minLength: 1, maxLength: 128 });

/**
 * The way in for a browser. The link from the terminal only shows a page: chat programs and mail filters open links to
 * preview them, and would use it up. The button on it posts the token, which works once and sets the cookie.
 */
export function registerSignIn(app: App, context: ApiContext): void {
  const { sessions } = context;
  registerSignInPages(app, context);
  app.get(
    "/api/v1/session",
    {
      config: { scope: "read" },
      schema: {
        tags: ["session"],
        summary: "Who asks: the signed-in browser, or the key.",
        response: {
          200: Type.Object({
            name: Type.String(),
            scope: Type.String(),
            agent: Type.Union([Type.String(), Type.Null()]),
            signed_in: Type.Boolean({ description: "By the cookie of a sign-in link rather than by a key" }),
          }),
          ...errorAnswers,
        },
      },
    },
    (request) => {
      const { name, scope, agentGlob, cookie } = callerOf(request);
      return { name, scope, agent: agentGlob, signed_in: cookie };
    },
  );
  app.post(
    "/api/v1/sign-in-links",
    {
      config: { scope: "admin" },
      schema: {
        tags: ["session"],
        summary: "Make a link that signs a browser in: works once, for 30 minutes.",
        response: {
          201: Type.Object({ path: Type.String({ description: "To be opened on this server's own address" }) }),
          ...errorAnswers,
        },
      },
    },
    async (request, reply) => {
      requireFullAccess(request);
      return reply.code(201).send({ path: signInPath(await sessions.createLink()) });
    },
  );
  app.post(
    "/api/v1/signout",
    {
      config: { scope: "read" },
      schema: {
        tags: ["session"],
        summary: "Ends the browser's session.",
        response: { 200: MessageSchema, ...errorAnswers },
      },
    },
    async (request, reply) => {
      const session = sessionOf(request);
      if (session !== null) await sessions.end(session);
      void reply.header("set-cookie", cookie("", 0));
      return { ok: true as const, message: "signed out" };
    },
  );
}

function registerSignInPages(app: App, { sessions }: ApiContext): void {
  void app.register((plain, _options, done) => {
    const scope = plain as unknown as App;
    scope.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, parsed) =>
      parsed(null, Object.fromEntries(new URLSearchParams(String(body)))),
    );
    scope.get(
      "/sign-in",
      {
        schema: {
          hide: true,
          querystring: Type.Object({ token: Type.Optional(Token) }, { additionalProperties: false }),
        },
      },
      (request, reply) =>
        reply
          .headers({ "content-security-policy": signInPagePolicy, "cache-control": "no-store" })
          .type("text/html; charset=utf-8")
          .serializer(String)
          .send(signInPage(request.query.token ?? null)),
    );
    scope.post(
      "/sign-in",
      {
        bodyLimit: 1_024,
        schema: { hide: true, body: Type.Object({ token: Token }, { additionalProperties: false }) },
      },
      async (request, reply) => {
        const redeemed = await sessions.redeem(request.body.token);
        if (redeemed) {
          return reply.header("set-cookie", cookie(redeemed.session, redeemed.maxAgeS)).redirect("/", 303);
        }
        if (!(request.headers.accept ?? "").includes("text/html")) {
          throw new ApiError(
            403,
            "link_used",
            "this sign-in link was used already, or is too old; `midwatch link` makes a new one",
          );
        }
        return reply
          .code(403)
          .headers({ "content-security-policy": signInPagePolicy, "cache-control": "no-store" })
          .type("text/html; charset=utf-8")
          .serializer(String)
          .send(signInPage(null));
      },
    );
    done();
  });
}

/** Not `Secure`, because Midwatch itself speaks plain HTTP, mostly on the loopback. */
function cookie(value: string, maxAgeS: number): string {
  return `${sessionCookie}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}`;
}
