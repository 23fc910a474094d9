import assert from "node:assert/strict";
import { test } from "node:test";
import { openLink, sealLink, type LinkGrant } from "./link-token.ts";

const key = Buffer.alloc(32, 7);
const now = Date.parse("2026-11-24T03:00:00Z");

const grant: LinkGrant = {
  action: "accept-baseline",
  about: "inc_123456789",
  agent: "a".repeat(128),
  message: "inc_123456789_reminder_100",
  channel: "the-channel-of-the-night-shift",
  until: now + 1_000,
};

test("what was sealed is opened as it was, until its second has come", () => {
  for (const agent of [null, "a", `"],"x`, "team/bot:1@host", "ünïcödé 😀"]) {
    const odd = { ...grant, agent };
    assert.deepEqual(openLink(key, sealLink(key, odd), now), { ok: true, grant: odd });
  }
  assert.deepEqual(openLink(key, sealLink(key, grant), now + 999).ok, true);
  assert.deepEqual(openLink(key, sealLink(key, grant), now + 1_000), { ok: false, why: "expired" });
});

test("no changed character of a link goes unnoticed, and no other key opens it", () => {
  const token = sealLink(key, grant);
  for (let at = 0; at < token.length; at += 1) {
    const changed = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
    assert.deepEqual(openLink(key, changed, now), { ok: false, why: "forged" }, `character ${at}`);
  }
  for (const cut of ["", ".", "v1", "v1.", "v1..", token.slice(0, -1), `${token}A`, ` ${token}`]) {
    assert.deepEqual(openLink(key, cut, now), { ok: false, why: "forged" }, cut);
  }
  assert.deepEqual(openLink(Buffer.alloc(32, 8), token, now), { ok: false, why: "forged" });
});

test("the longest names give a link that every channel takes", () => {
  const url = `https://midwatch.internal.example.org:8443/act/${sealLink(key, grant)}`;
  assert.ok(url.length <= 512, `${url.length} characters`);
});
