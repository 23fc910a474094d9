import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { certificateFor } from "../../testing/certificate.ts";
import { readEmailSettings } from "./email-settings.ts";

const smallest = { type: "email", host: "smtp.example.org", from: "alerts@example.org", to: "ada@example.org" };

function errorsOf(config: Readonly<Record<string, unknown>>): readonly string[] {
  const read = readEmailSettings("me", { ...smallest, ...config });
  return read.ok ? [] : read.errors.map(({ path, message }) => `${path} ${message}`);
}

function settingsOf(config: Readonly<Record<string, unknown>>) {
  const read = readEmailSettings("me", { ...smallest, ...config });
  assert.ok(read.ok, JSON.stringify(read));
  return read.settings;
}

test("a server, a sender and a recipient are enough: port 587, and TLS is a must", () => {
  assert.deepEqual(settingsOf({}), {
    host: "smtp.example.org",
    port: 587,
    tls: "starttls",
    login: null,
    from: { name: "", address: "alerts@example.org" },
    to: [{ name: "", address: "ada@example.org" }],
    allowPrivate: false,
    ca: null,
  });
});

test("each way of TLS has the port it is known by", () => {
  assert.equal(settingsOf({ tls: "implicit" }).port, 465);
  assert.equal(settingsOf({ tls: "none", allow_private: true }).port, 25);
  assert.equal(settingsOf({ tls: "none", allow_private: true, port: 1025 }).port, 1025);
});

test("names stand with addresses as people write them; one address is written to once", () => {
  const { from, to } = settingsOf({
    from: "Midwatch at home <alerts@example.org>",
    to: ["ada@example.org", '"Ada, at work" <ada@münchen.example>', "ada@example.org"],
  });
  assert.deepEqual(from, { name: "Midwatch at home", address: "alerts@example.org" });
  assert.deepEqual(to, [
    { name: "", address: "ada@example.org" },
    { name: "Ada, at work", address: "ada@xn--mnchen-3ya.example" },
  ]);
});

const mistakes: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
  [{ host: undefined }, /^channels\.me\.host must be the name or address of a mail server/],
  [{ host: "smtp.example.org:587" }, /host must be the name/],
  [{ host: "https://smtp.example.org" }, /host must be the name/],
  [{ host: "127.0.0.1" }, /host 127\.0\.0\.1 is an address of this machine.*add "allow_private: true"/],
  [{ host: "::ffff:10.0.0.1" }, /host ::ffff:10\.0\.0\.1 is an address of this machine/],
  [{ port: "587" }, /port must be a whole number/],
  [{ port: 70_000 }, /port must be a whole number from 1 to 65535/],
  [{ port: 465 }, /port is 465, where TLS begins with the first byte: add `tls: implicit`/],
  [{ tls: true }, /tls must be starttls, implicit, or none/],
  [{ tls: "none" }, /tls is none, which is only for a mail server on this machine or a private network/],
  [{ tls: "none", host: "8.8.8.8", allow_private: true }, /tls is none, which is only/],
  [{ user: "me" }, /password is missing, though there is a user/],
  [{ password: "hush" }, /user is missing, though there is a password/],
  [{ from: "alerts" }, /from must be one address/],
  [{ from: "a@example.org, b@example.org" }, /from must be one address/],
  [{ from: "x\r\nBcc: eve@example.org <alerts@example.org>" }, /from must be one address/],
  [{ to: undefined }, /to must be an address, or a list/],
  [{ to: [] }, /to must have from 1 to 50 addresses/],
  [{ to: ["ada@example.org", 7] }, /to must be an address, or a list/],
  [{ to: "Ada <ada@example.org>\r\nBcc: eve@example.org" }, /to must be an address/],
  [{ to: Array.from({ length: 51 }, (_, at) => `a${at}@example.org`) }, /to must have from 1 to 50/],
  [{ ca: "no-such-file.pem" }, /ca must be a PEM certificate, or the path of a file/],
  [{ ca: "-----BEGIN CERTIFICATE-----\nhalf" }, /ca must be a PEM certificate/],
  [{ ssl: true }, /ssl is not a setting of this channel; it has type, allow_private, host/],
];

for (const [config, words] of mistakes) {
  test(`${JSON.stringify(config).slice(0, 80)} is refused, and nothing else is said`, () => {
    const errors = errorsOf(config);
    assert.equal(errors.length, 1, errors.join("\n"));
    assert.match(errors[0]!, words);
  });
}

test("all that is wrong is said at once, and no password with it", () => {
  const errors = errorsOf({ host: "localhost", port: 0, tls: "ssl", password: "hunter2", from: "x", to: "y", ca: "z" });
  assert.deepEqual(
    errors.map((error) => error.split(" ")[0]!.replace("channels.me.", "")),
    ["host", "tls", "port", "user", "from", "to", "ca"],
  );
  assert.doesNotMatch(errors.join(), /hunter2/);
});

test("an authority of one's own is a PEM text, or a file with one", async (t) => {
  const { cert } = await certificateFor("mail.example.org");
  assert.equal(settingsOf({ ca: cert }).ca, cert);
  const folder = mkdtempSync(join(tmpdir(), "midwatch-ca-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "ca.pem");
  writeFileSync(file, cert);
  assert.equal(settingsOf({ ca: file }).ca, cert);
});
