import assert from "node:assert/strict";
import { test } from "node:test";
import { replyOf, startTestServer, type Reply, type TestServer } from "../testing/test-server.ts";

/** What a browser does with the link: it opens it, and the person presses the button. */
async function press(midwatch: TestServer, link: string): Promise<Reply> {
  const token = new URL(link).searchParams.get("token") ?? "";
  return replyOf(
    await fetch(`${midwatch.url}/sign-in`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "text/html" },
      body: new URLSearchParams({ token }).toString(),
      redirect: "manual",
    }),
  );
}

async function withCookie(
  midwatch: TestServer,
  cookie: string,
  path: string,
  { headers = {}, ...init }: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return replyOf(await fetch(`${midwatch.url}${path}`, { ...init, headers: { ...headers, cookie } }));
}

function cookieOf(reply: Reply): string {
  return (reply.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

test("a sign-in link survives being previewed, works once, and then says why it does not", async () => {
  await using midwatch = await startTestServer();
  const link = await midwatch.server.signInLink();
  for (let preview = 0; preview < 3; preview += 1) {
    const page = await replyOf<string>(await fetch(link));
    assert.equal(page.status, 200);
    assert.match(page.body, /<button type="submit"/);
    assert.equal(page.headers.get("set-cookie"), null);
    assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  }
  const signedIn = await press(midwatch, link);
  assert.equal(signedIn.status, 303);
  assert.match(signedIn.headers.get("set-cookie") ?? "", /HttpOnly; SameSite=Strict/);
  const session = await withCookie(midwatch, cookieOf(signedIn), "/api/v1/session");
  assert.deepEqual(session.body, { name: "dashboard", scope: "admin", agent: null, signed_in: true });
  const again = await press(midwatch, link);
  assert.equal(again.status, 403);
  assert.match(String(again.body), /does not work any more/);
  assert.equal(again.headers.get("set-cookie"), null);
});

test("with a cookie only our own pages may change anything, and signing out ends it", async () => {
  await using midwatch = await startTestServer();
  await midwatch.beat({ agent: "a" });
  const cookie = cookieOf(await press(midwatch, await midwatch.server.signInLink()));
  const pause = (headers: Record<string, string>): Promise<Reply> =>
    withCookie(midwatch, cookie, "/api/v1/agents/a/pause", { method: "POST", headers });
  assert.equal((await pause({})).status, 403);
  assert.equal((await pause({ origin: "https://evil.example" })).status, 403);
  assert.equal((await pause({ "sec-fetch-site": "cross-site", origin: midwatch.url })).status, 403);
  assert.equal((await pause({ origin: midwatch.url })).status, 200);
  assert.equal((await pause({ "sec-fetch-site": "same-origin" })).status, 200);
  const out = await withCookie(midwatch, cookie, "/api/v1/signout", {
    method: "POST",
    headers: { origin: midwatch.url, "content-type": "application/json" },
    body: "{}",
  });
  assert.equal(out.status, 200);
  assert.equal((await withCookie(midwatch, cookie, "/api/v1/agents")).status, 401);
});

test("a token that nobody was given is refused, and cannot put anything into the page", async () => {
  await using midwatch = await startTestServer();
  const page = await replyOf<string>(
    await fetch(`${midwatch.url}/sign-in?token=${encodeURIComponent('"><script>alert(1)</script>')}`),
  );
  assert.doesNotMatch(page.body, /<script/);
  assert.equal((await press(midwatch, `${midwatch.url}/sign-in?token=invented`)).status, 403);
});
