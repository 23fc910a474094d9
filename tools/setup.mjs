// Makes a fresh clone ready, then runs one TypeScript file with the pinned Node: `node tools/setup.mjs -- FILE ARGS…`.
// Plain JavaScript because it is the one file that must run on whatever Node the machine has (20 or newer). It installs
// from the lock file only when the lock changed, and builds the dashboard only when its sources changed.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamps = join(root, "node_modules", ".midwatch-setup");
const oldestNode = 24;

installDependencies();
const node = pinnedNode();
buildDashboard(node);
runScript(node);

function installDependencies() {
  const wanted = digest([join(root, "package-lock.json")]);
  if (stampOf("install") === wanted) return;
  console.error("Installing dependencies from the lock file (once) …");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  // Errors only: the warnings are about this machine's own Node, which runs nothing but this script.
  const done = spawnSync(npm, ["ci", "--loglevel=error"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (done.status !== 0) {
    fail("npm ci failed. The lines above say why; without a network, dependencies cannot be installed.");
  }
  writeStamp("install", wanted);
}

function pinnedNode() {
  const pinned = join(root, "node_modules", ".bin", process.platform === "win32" ? "node.cmd" : "node");
  for (const candidate of [pinned, process.execPath]) {
    const seen = spawnSync(candidate, ["--version"], { encoding: "utf8" });
    const major = Number(/^v(\d+)/.exec(seen.stdout ?? "")?.[1] ?? 0);
    if (major >= oldestNode) return candidate;
  }
  fail(
    `Midwatch needs Node ${oldestNode} or newer. The npm package "node" could not provide it on this machine ` +
      `(its install script may be blocked) and this Node is ${process.version}. Install Node ${oldestNode}+ and try again.`,
  );
}

function buildDashboard(node) {
  const folder = join(root, "packages", "dashboard");
  if (!existsSync(join(folder, "index.html"))) return;
  const wanted = digest([
    ...filesBelow(join(folder, "src")),
    join(folder, "index.html"),
    join(folder, "vite.config.ts"),
  ]);
  if (stampOf("dashboard") === wanted && existsSync(join(folder, "dist", "index.html"))) return;
  console.error("Building the dashboard …");
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  const done = spawnSync(node, [vite, "build", folder, "--logLevel", "warn"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (done.status !== 0) fail("The dashboard could not be built; the lines above say why.");
  writeStamp("dashboard", wanted);
}

function runScript(node) {
  const args = process.argv.slice(process.argv.indexOf("--") + 1);
  const child = spawn(node, ["--conditions=midwatch-source", "--disable-warning=ExperimentalWarning", ...args], {
    stdio: "inherit",
  });
  // Ctrl-C reaches the whole foreground group; a signal sent to this process alone is passed on, and the child decides.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`Could not run ${node}: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)));
}

function digest(files) {
  const hash = createHash("sha256");
  for (const file of files.toSorted())
    if (existsSync(file)) hash.update(file.slice(root.length)).update(readFileSync(file));
  return hash.digest("hex");
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function stampOf(name) {
  const file = join(stamps, name);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

function writeStamp(name, value) {
  mkdirSync(stamps, { recursive: true });
  writeFileSync(join(stamps, name), value);
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}
