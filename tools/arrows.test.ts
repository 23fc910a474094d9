// Holds the imports to the picture in docs/architecture.md. Arrows point one way, and core is pure.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import ts from "typescript";

const mayImport: Readonly<Record<string, readonly string[]>> = {
  "packages/core": [],
  "packages/protocol": ["@midwatch/core"],
  "packages/store": ["@midwatch/core"],
  "packages/server": ["@midwatch/core", "@midwatch/protocol", "@midwatch/store"],
  "packages/supervisor": ["@midwatch/core", "@midwatch/protocol"],
  "packages/meter": ["@midwatch/core", "@midwatch/protocol"],
  "packages/cli": [
    "@midwatch/core",
    "@midwatch/protocol",
    "@midwatch/store",
    "@midwatch/server",
    "@midwatch/supervisor",
    "@midwatch/meter",
    "@midwatch/sdk",
  ],
  "packages/dashboard": [],
  "sdks/typescript": [],
};

for (const [room, allowed] of Object.entries(mayImport)) {
  test(`${room} imports ${allowed.length > 0 ? allowed.join(", ") : "nothing of the workspace"}`, () => {
    for (const { file, specifier } of importsOf(room)) {
      const ours = specifier.startsWith("@midwatch/") || specifier === "midwatch";
      // A package may offer a part of itself: `@midwatch/server/channels`.
      const [scope, name] = specifier.split("/");
      assert.ok(!ours || allowed.includes(`${scope}/${name}`), `${file} imports ${specifier}`);
      const up = specifier.startsWith(".") && new URL(specifier, `file:///${file}`).pathname.slice(1);
      assert.ok(!up || up.startsWith(`${room}/`), `${file} reaches out of its package with ${specifier}`);
    }
  });
}

test("core imports nothing, and reads no clock and no dice", () => {
  for (const file of sourcesOf("packages/core")) {
    const text = codeOf(file);
    for (const { specifier } of importsIn(file))
      assert.ok(specifier.startsWith("./") || specifier.startsWith("../"), `${file} imports ${specifier}`);
    for (const banned of [/Date\.now/, /new Date\(\)/, /Math\.random/, /performance\.now/, /\bprocess\.\w/]) {
      assert.doesNotMatch(text, banned, file);
    }
  }
});

test("channels, outbox and routes do not import each other", () => {
  const rooms = ["channels", "outbox", "routes"];
  for (const room of rooms) {
    for (const { file, specifier } of importsOf(`packages/server/src/${room}`)) {
      const crossed = rooms.find(
        (other) => other !== room && specifier.startsWith(`../${other}/`) && !specifier.endsWith("/channel.ts"),
      );
      assert.equal(crossed, undefined, `${file} imports ${specifier}`);
    }
  }
});

function importsOf(room: string): { file: string; specifier: string }[] {
  return sourcesOf(room).flatMap(importsIn);
}

function importsIn(file: string): { file: string; specifier: string }[] {
  return ts
    .preProcessFile(readFileSync(file, "utf8"), true, true)
    .importedFiles.map(({ fileName }) => ({ file, specifier: fileName }));
}

/** Shipped code only: tests may import what they test with. */
function sourcesOf(room: string): string[] {
  return globSync(`${room}/**/*.{ts,tsx}`).filter((file) => !/\.test\.ts$|\/testing\/|\/dist\/|\/dev\//.test(file));
}

/** The text without comments: prose may name what code may not. */
function codeOf(file: string): string {
  return readFileSync(file, "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");
}
