import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { findUnits, isMidwatchCommand, parseShow, type UnitFolders } from "./boot-units.ts";

/** Folders as systemd has them, one that hides the other. */
function foldersIn(t: TestContext): UnitFolders & { readonly write: (path: string, text: string) => void } {
  const root = mkdtempSync(join(tmpdir(), "midwatch-units-"));
  t.after(() => rmSync(root, { recursive: true }));
  const folders = {
    system: [join(root, "etc"), join(root, "lib")],
    user: [join(root, "home")],
    linger: join(root, "linger"),
  };
  for (const folder of [...folders.system, ...folders.user, folders.linger]) mkdirSync(folder);
  return {
    ...folders,
    write: (path, text) => {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), text);
    },
  };
}

const noTool = (): Promise<null> => Promise.resolve(null);

test("units that run midwatch are found with their drop-ins, and no others", async (t) => {
  const folders = foldersIn(t);
  folders.write("lib/midwatch.service", "[Service]\nExecStart=/bin/false\n");
  folders.write("etc/midwatch.service", "[Service]\nExecStart=/usr/bin/env midwatch up --config /srv/m.yaml\n");
  folders.write("etc/midwatch.service.d/10-limit.conf", "[Service]\nRestartSec=7\n");
  folders.write("etc/bot.service", "[Service]\nExecStart=/srv/midwatch-bots/run\n");
  folders.write("etc/sshd.service", "[Service]\nExecStart=/usr/sbin/sshd\n");
  folders.write("home/keeper.service", "[Service]\nExecStart=/opt/midwatch/dist/main.js supervise\n");
  folders.write(`linger/${userInfo().username}`, "");
  mkdirSync(join(folders.system[0]!, "multi-user.target.wants"));
  symlinkSync("../midwatch.service", join(folders.system[0]!, "multi-user.target.wants/midwatch.service"));

  const units = await findUnits({ folders, runTool: noTool });
  const facts = units.map(({ name, scope, enabled, linger }) => ({ name, scope, enabled, linger }));
  assert.deepEqual(
    facts.toSorted((a, b) => a.name.localeCompare(b.name)),
    [
      { name: "keeper.service", scope: "user", enabled: false, linger: true },
      { name: "midwatch.service", scope: "system", enabled: true, linger: true },
    ],
  );
  const own = units.find(({ name }) => name === "midwatch.service");
  assert.match(
    own?.text ?? "",
    /midwatch up[\s\S]*RestartSec=7/,
    "the file of the first folder, its drop-in behind it",
  );
});

test("a command of midwatch is known however it is started, and nothing else is taken for one", () => {
  for (const line of [
    "/usr/local/bin/midwatch up",
    "/usr/bin/env midwatch supervise --config /srv/m.yaml",
    "/usr/bin/npm run midwatch -- server",
    "/usr/bin/node /opt/midwatch/dist/main.js up",
  ]) {
    assert.ok(isMidwatchCommand(line), line);
  }
  for (const line of [
    "/srv/midwatch-bots/run",
    "/usr/bin/midwatch status",
    "/usr/bin/tail -f /var/log/midwatch.log up",
  ])
    assert.ok(!isMidwatchCommand(line), line);
});

test("what systemctl shows is read line by line, and no line is no answer", () => {
  assert.deepEqual(parseShow("Restart=always\nEnvironment=A=1\n"), { Restart: "always", Environment: "A=1" });
  assert.equal(parseShow("\n"), null);
});
