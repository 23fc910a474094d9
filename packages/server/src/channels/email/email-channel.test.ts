import assert from "node:assert/strict";
import test from "node:test";
import { deflateSync, crc32 } from "node:zlib";
import { message, type WebhookBody } from "@midwatch/protocol";
import type { ChannelSurroundings, MailBody } from "../channel.ts";
import { endless, grouped, never, openChannel, silent } from "../../testing/channel-examples.ts";
import { certificateFor } from "../../testing/certificate.ts";
import { smtpSettings, startSmtp, type ReceivedMail, type SmtpInTest } from "../../testing/smtp-in-test.ts";

const certificate = await certificateFor("127.0.0.1");

function open(
  { port }: Pick<SmtpInTest, "port">,
  settings: Readonly<Record<string, unknown>> = {},
  around: Partial<ChannelSurroundings> = {},
) {
  return openChannel({ ...smtpSettings(port, certificate.cert), ...settings }, around);
}

async function arrived(
  sent: WebhookBody,
  settings: Readonly<Record<string, unknown>> = {},
  around: Partial<ChannelSurroundings> = {},
): Promise<ReceivedMail> {
  await using smtp = await startSmtp(certificate);
  assert.deepEqual(await open(smtp, settings, around).send(sent, never), { sent: true });
  assert.equal(smtp.received.length, 1);
  return smtp.received[0]!;
}

/** One line of the head, unfolded and undecoded. */
function header({ raw }: ReceivedMail, name: string): string | null {
  const head = raw.slice(0, raw.indexOf("\r\n\r\n")).replaceAll(/\r\n[ \t]+/g, " ");
  const values = [...head.matchAll(new RegExp(`^${name}: (.*)$`, "gim"))].map(([, value]) => value);
  assert.ok(values.length <= 1, `${name} is there ${values.length} times`);
  return values[0] ?? null;
}

test("a page arrives encrypted, as words and as a page to look at", async () => {
  const mail = await arrived(grouped);
  assert.equal(mail.secure, true);
  assert.equal(mail.parsed.subject, "3 agents silent since 03:12:00 UTC");
  assert.equal(mail.parsed.from?.text, '"Midwatch" <alerts@example.org>');
  assert.equal(mail.parsed.date?.toISOString(), "2026-11-24T03:14:06.000Z");
  assert.match(header(mail, "content-type")!, /^multipart\/alternative;/);
  assert.equal(
    mail.parsed.text,
    `3 agents silent since 03:12:00 UTC

At least half of the agents fell silent together.

agents up: 2 of 5
tokens today: 1,204,551

Last lines of the log:
  fetching page 3
  ConnectionError: timed out

host-a (2):
  research-bot: silent since 03:12:00 UTC
  mail-bot: silent since 03:12:00 UTC
host-b (1):
  price-bot: silent since 03:12:00 UTC (recovered)

Acknowledge: https://midwatch.example.org/act/a1
Silence for an hour: https://midwatch.example.org/act/s1
Open in Midwatch: https://midwatch.example.org/incidents/7

-- 
Midwatch, 2026-11-24 03:14:06 UTC
`,
  );
  const html = mail.parsed.html as string;
  for (const link of ["act/a1", "act/s1", "incidents/7"]) {
    assert.ok(html.includes(`href="https://midwatch.example.org/${link}"`), link);
  }
  assert.match(html, /<pre [^>]*white-space:pre-wrap[^>]*>fetching page 3\nConnectionError: timed out<\/pre>/);
  assert.doesNotMatch(html, /<script|<img|<link|url\(|src=/i);
});

test("a mail says that a machine wrote it, so that nobody's absence note answers it", async () => {
  const mail = await arrived(silent);
  assert.equal(header(mail, "auto-submitted"), "auto-generated");
  assert.equal(header(mail, "x-auto-response-suppress"), "All");
  assert.equal(header(mail, "x-midwatch-key"), silent.id);
});

test("a page is marked as important, a recovery is not", async () => {
  assert.equal(header(await arrived(silent), "importance"), "high");
  assert.equal(header(await arrived({ ...silent, type: "incident.resolved" }), "importance"), null);
});

test("opened, reminder and end of an incident stand in one conversation; each keeps its id on every try", async () => {
  await using smtp = await startSmtp(certificate);
  const channel = open(smtp);
  const said = (type: WebhookBody["type"], id: string) => ({ ...grouped, type, id });
  await channel.send(said("incident.opened", "group:7:a"), never);
  await channel.send(said("incident.opened", "group:7:a"), never);
  await channel.send(said("incident.reminder", "group:7:b"), never);
  await channel.send(said("incident.resolved", "group:7:c"), never);
  const ids = smtp.received.map((mail) => header(mail, "message-id"));
  assert.equal(ids[0], ids[1]);
  assert.equal(new Set(ids).size, 3);
  assert.match(ids[0]!, /^<[\w.-]+@example\.org>$/);
  const threads = smtp.received.flatMap((mail) => [header(mail, "in-reply-to"), header(mail, "references")]);
  assert.equal(new Set(threads).size, 1);
  assert.match(threads[0]!, /^<[\w.-]+@example\.org>$/);
  assert.equal(header(await arrived(silent), "references"), null);
});

test("several recipients get one mail that names them all", async () => {
  const mail = await arrived(silent, { to: ["Ada <ada@example.org>", "ops@example.org"] });
  assert.deepEqual(mail.recipients, ["ada@example.org", "ops@example.org"]);
  assert.equal(header(mail, "to"), "Ada <ada@example.org>, ops@example.org");
});

test("a line break in an agent's name, a title, an id or a thread adds nothing to the head", async () => {
  const evil = "x\r\nBcc: eve@example.org\r\nSubject: y\r\n\r\nbody\u2028Cc: eve@example.org";
  const mail = await arrived({ ...silent, agent: evil, title: `it\n${evil}`, id: evil, thread: evil });
  assert.deepEqual(mail.recipients, ["ada@example.org"]);
  assert.equal(header(mail, "bcc"), null);
  assert.equal(header(mail, "cc"), null);
  assert.equal(
    mail.parsed.subject,
    "x Bcc: eve@example.org Subject: y bodyCc: eve@example.org: it x Bcc: eve@example.org Subject: y bodyCc: eve@example.org",
  );
});

const hostile = [
  `<img src=x onerror=alert(1)>`,
  `"><script>alert(1)</script>`,
  `**bold** [link](javascript:alert(1))`,
  `=cmd|' /C calc'!A1`,
  `\u001b[31mred\u001b[0m\u202Egnp.exe`,
  `é${"w".repeat(300)}`,
];

test("whatever an agent is called and says, the mail is text", async () => {
  for (const name of hostile) {
    const mail = await arrived({
      ...grouped,
      agent: name,
      title: name,
      text: name,
      facts: [{ label: name, value: name }],
      log: [name],
      members: [{ ...grouped.members[0]!, agent: name, host: name }],
      actions: [{ action: "acknowledge", label: name, url: `https://midwatch.example.org/"><b>` }],
      url: "javascript:alert(1)",
    });
    const html = mail.parsed.html as string;
    assert.doesNotMatch(html, /<(?:img|script|b)\b|href="javascript|\u001b|\u202E/i, name);
    assert.match(html, /href="https:\/\/midwatch\.example\.org\/&quot;&gt;&lt;b&gt;"/);
    assert.doesNotMatch(mail.parsed.text!, /[\u0000-\u0008\u000B-\u001F\u202E]/, name);
    assert.ok(mail.raw.split("\r\n").every((line) => line.length <= 998));
  }
});

test("of a thousand agents fifty are looked at, and all are told in words", async () => {
  const members = Array.from({ length: 1_000 }, (_, at) => ({
    ...grouped.members[0]!,
    agent: `bot-${at}`,
    host: null,
  }));
  const mail = await arrived({ ...grouped, members });
  const html = mail.parsed.html as string;
  assert.equal(html.match(/<li /g)?.length, 50);
  assert.match(html, /and 950 more/);
  assert.match(mail.parsed.text!, /bot-999: silent/);
});

test("the longest message stays below what Gmail shows whole", async () => {
  const mail = await arrived(endless);
  assert.ok(Buffer.byteLength(mail.parsed.html as string) < 102_000, `${(mail.parsed.html as string).length}`);
  assert.ok(mail.parsed.subject!.length <= 200);
});

/** A picture of one colour. */
function aPng(): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(data.length);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([size, body, sum]);
  };
  const header = Buffer.from([0, 0, 0, 2, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
  const pixels = deflateSync(Buffer.from([0, 63, 85, 189, 63, 85, 189]));
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", header),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

const report = message({
  type: "report.daily",
  id: "report:2026-11-24:me",
  at: "2026-11-25T07:00:00.000Z",
  title: "Tuesday, 24 November",
  text: "research-bot   alive   2 restarts",
});

test("a report that somebody draws arrives as drawn, its pictures inside the mail", async () => {
  const png = aPng();
  const drawn: MailBody = {
    subject: "Tuesday: all is well",
    text: "All is well.",
    html: '<p>All is well. <img src="cid:strip" alt="up the whole day"></p>',
    pictures: [{ cid: "strip", name: "strip.png", png, alt: "up the whole day" }],
  };
  const renderMail = (asked: WebhookBody) => Promise.resolve(asked.type.startsWith("report.") ? drawn : null);
  const mail = await arrived(report, {}, { renderMail });
  assert.equal(mail.parsed.subject, "Tuesday: all is well");
  assert.equal(mail.parsed.text?.trim(), "All is well.");
  assert.match(mail.raw, /^Content-Type: multipart\/related;/m);
  assert.match(mail.raw, /^Content-Disposition: inline; filename=strip\.png/m);
  const [picture] = mail.parsed.attachments;
  assert.equal(picture?.cid, "strip");
  assert.equal(picture.contentType, "image/png");
  assert.ok(picture.content.equals(png));
  assert.match((await arrived(silent, {}, { renderMail })).parsed.text!, /^research-bot: silent since/);
});

test("a report that nobody draws keeps its columns", async () => {
  const mail = await arrived(report);
  assert.match(mail.parsed.html as string, /<pre [^>]*>research-bot {3}alive {3}2 restarts<\/pre>/);
  assert.equal(mail.parsed.subject, "Tuesday, 24 November");
});

test("a report whose pictures cannot be drawn is sent in words, and the log is told", async () => {
  await using smtp = await startSmtp(certificate);
  const renderMail = () => Promise.reject(new Error("no font"));
  assert.deepEqual(await open(smtp, {}, { renderMail }).send(report, never), {
    sent: true,
    remark: "without its pictures, which could not be drawn: no font",
  });
  assert.match(smtp.received[0]!.parsed.text!, /2 restarts/);
});
