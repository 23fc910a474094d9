// Acting from a message. A link is a key to one deed; chat programs, mail filters and virus scanners open links by themselves, so
// opening it only asks. The button acts, once; whoever comes later is told when it was done, and by whom.

import { MINUTE, type DurationMs } from "@midwatch/core";
import type { UsedLink } from "@midwatch/store";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ApiError } from "../errors.ts";
import { apiErrorOf } from "../http/answer-errors.ts";
import type { ApiContext, App } from "../http/api-context.ts";
import { linkLabels } from "../links/alert-links.ts";
import { openLink, useOf, type LinkGrant } from "../links/link-token.ts";
import { actPage, actPageHeaders, longestName, type ActPage } from "./act-page.ts";
import { linkedThing } from "./linked-thing.ts";
import { minuteOf } from "./minute-of.ts";

/** Who took a link and has not finished by then never will: the server was ended in between. */
const abandonedMs: DurationMs = MINUTE;
/** A name, percent-encoded. */
const bodyLimit = 1_024;
const form = "application/x-www-form-urlencoded";

const Params = Type.Object({ token: Type.String({ maxLength: 2_048 }) });

export function registerAct(app: App, context: ApiContext): void {
  void app.register((plain, _options, done) => {
    const scope = plain as unknown as App;
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(form, { parseAs: "string" }, (_request, body, parsed) => parsed(null, String(body)));
    // Nothing else is looked at; it is refused in words.
    scope.addContentTypeParser("*", { parseAs: "string" }, (_request, _body, parsed) => parsed(null, undefined));
    scope.setErrorHandler((error, request, reply) => answer(reply, refusalOf(error, request, context)));
    scope.get("/act/:token", { schema: { hide: true, params: Params } }, async (request, reply) =>
      answer(reply, { status: 200, page: await ask(context, request.params.token) }),
    );
    scope.post("/act/:token", { bodyLimit, schema: { hide: true, params: Params } }, async (request, reply) => {
      refuseOtherSites(request);
      const page = await carryOut(context, request.params.token, nameIn(request.body));
      return answer(reply, { status: 200, page });
    });
    done();
  });
}

async function ask(context: ApiContext, token: string): Promise<ActPage> {
  const grant = granted(context, token);
  refuseUsed(await context.store.usedLink(useOf(grant)), context.clock.now());
  const { subject, title, standing, will } = await linkedThing(context, grant);
  return { kind: "ask", label: linkLabels[grant.action], subject, title, standing, will };
}

async function carryOut(context: ApiContext, token: string, name: string): Promise<ActPage> {
  const { store, clock } = context;
  const grant = granted(context, token);
  const use = useOf(grant);
  refuseUsed(await store.usedLink(use), clock.now());
  const thing = await linkedThing(context, grant);
  const by = name === "" ? `a link sent to ${grant.channel}` : `${name}, from a message`;
  const at = clock.now();
  if (!(await store.takeLink(use, { at, by, abandonedBefore: at - abandonedMs }))) {
    refuseUsed(await store.usedLink(use), at);
    // Whoever had it came to nothing in this very moment.
    throw new ApiError(409, "in_use", "Somebody has just tried the same, and it was not done. Try again.");
  }
  let words: string;
  try {
    words = await thing.carryOut(by);
  } catch (error) {
    await store.finishLink(use, null);
    throw error;
  }
  await store.finishLink(use, words);
  return { kind: "done", label: linkLabels[grant.action], words };
}

function granted({ linkKey, clock }: ApiContext, token: string): LinkGrant {
  if (linkKey === null) {
    throw new ApiError(
      404,
      "no_links",
      "This server takes no links from messages: its `server.public_url` is not set.",
    );
  }
  const opened = openLink(linkKey, token, clock.now());
  if (opened.ok) return opened.grant;
  throw opened.why === "expired"
    ? new ApiError(
        410,
        "link_expired",
        "Links in messages work for three days, and this one is older. Nothing was changed.",
      )
    : new ApiError(
        403,
        "wrong_link",
        "This server did not make this link, or it was cut off on its way. Nothing was changed.",
      );
}

function refuseUsed(used: UsedLink | null, now: number): void {
  if (used === null) return;
  const { at, by, outcome } = used;
  if (outcome !== null) {
    throw new ApiError(409, "link_used", `It was done on ${minuteOf(at)} by ${by}. ${outcome}`);
  }
  if (now - at <= abandonedMs) {
    throw new ApiError(409, "in_use", `It is being done just now, by ${by}. Look again in a minute.`);
  }
}

/** A page elsewhere cannot know the link; one that does, such as a preview in a frame, must not press the button. */
function refuseOtherSites({ headers }: FastifyRequest): void {
  if (headers["sec-fetch-site"] === "cross-site") {
    throw new ApiError(
      403,
      "foreign_origin",
      "This came from a page of another site. Open the link itself and press the button there.",
    );
  }
  if ((headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() !== form) {
    throw new ApiError(
      415,
      "form_needed",
      "Nothing was changed: open the link in a browser and press the button there.",
    );
  }
}

function nameIn(body: unknown): string {
  const given = new URLSearchParams(typeof body === "string" ? body : "").get("by") ?? "";
  const name = given.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  if (name.length <= longestName) return name;
  throw new ApiError(422, "invalid_field", `A name has at most ${longestName} characters. Nothing was changed.`);
}

interface Answer {
  readonly status: number;
  readonly page: ActPage;
}

function refusalOf(error: unknown, request: FastifyRequest, { log }: ApiContext): Answer {
  const { status, code, message } = apiErrorOf(error, request, log);
  return { status, page: { kind: "refused", heading: headings[code] ?? "It was not done", words: message } };
}

const headings: Readonly<Record<string, string>> = {
  link_used: "Done already",
  in_use: "Being done",
  already_acknowledged: "Done already",
  already_resolved: "It is over",
  link_expired: "This link is too old",
  wrong_link: "This link does not work",
  no_links: "This link does not work",
  unknown_incident: "Not known here",
  unknown_agent: "Not known here",
  unknown_budget: "Not known here",
};

function answer(reply: FastifyReply, { status, page }: Answer): FastifyReply {
  return reply
    .code(status)
    .headers(actPageHeaders)
    .type("text/html; charset=utf-8")
    .serializer(String)
    .send(actPage(page));
}
