import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parsePlist, readPlist } from "./plist.ts";

const job = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
  <!-- <key>Label</key><string>not this one</string> -->
  <key>Label</key> <string>com.example.b&amp;t &lt;&#x41;&#66;&gt;</string>
  <key>ProgramArguments</key> <array> <string>/bin/bot</string> <string></string> <string/> </array>
  <key>KeepAlive</key> <dict> <key>SuccessfulExit</key> <false/> <key>Crashed</key> <true></true> </dict>
  <key>ThrottleInterval</key> <integer> 30 </integer>
  <key>EnvironmentVariables</key> <dict/>
</dict></plist>
`;

const value = {
  Label: "com.example.b&t <AB>",
  ProgramArguments: ["/bin/bot", "", ""],
  KeepAlive: { SuccessfulExit: false, Crashed: true },
  ThrottleInterval: 30,
  EnvironmentVariables: {},
};

test("a job's plist is read: every kind of value, comments and entities", () => {
  assert.deepEqual(parsePlist(job), value);
});

test("what is no property list is none, and is nothing to go by", async () => {
  for (const text of ["", "{}", "<plist>", "<plist></plist>", "<plist><dict><key>a</key></dict></plist>", "<dict/>"]) {
    assert.equal(parsePlist(text), null, text);
  }
  assert.equal(parsePlist(`<plist>${"<array>".repeat(5_000)}`), null);
  assert.equal(await readPlist(join(tmpdir(), "midwatch-no-such.plist")), null);
  assert.equal(await readPlist(tmpdir()), null);
});

test("our reading of a plist is Python's reading of it, and a binary one is read by plutil", async (t) => {
  const python = findPython();
  if (python === null) {
    console.error(`SKIPPED: ${t.name}: there is no python3 on this machine`);
    t.skip("there is no python3 on this machine");
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "midwatch-plist-"));
  try {
    const [xml, binary] = [join(folder, "a.plist"), join(folder, "b.plist")];
    writeFileSync(xml, job);
    const script = `
import json, plistlib, sys
value = plistlib.load(open(sys.argv[1], "rb"))
plistlib.dump(value, open(sys.argv[2], "wb"), fmt=plistlib.FMT_BINARY)
print(json.dumps(value))`;
    const told = execFileSync(python, ["-c", script, xml, binary], { encoding: "utf8" });
    assert.deepEqual(await readPlist(xml), JSON.parse(told));
    // What `plutil -convert xml1 -o - FILE` does on a Mac.
    const plutil =
      "import plistlib, sys; sys.stdout.buffer.write(plistlib.dumps(plistlib.load(open(sys.argv[-1], 'rb'))))";
    assert.deepEqual(await readPlist(binary, [python, "-c", plutil]), JSON.parse(told));
    assert.equal(await readPlist(binary, ["no-such-plutil"]), null);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function findPython(): string | null {
  try {
    execFileSync("python3", ["-c", "import plistlib"], { stdio: "ignore" });
    return "python3";
  } catch {
    // Not installed; the test says so.
    return null;
  }
}
