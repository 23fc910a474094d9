// A Docker daemon of the test's own: its socket, its images and its processes are in a temporary folder, and the host's
// network is left alone. Needs root, dockerd and a static busybox, which is the only program in the only image.
// Where that is missing, the tests say so and are counted as skipped.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { childrenOf } from "../process/identity.ts";
import { makeImage } from "./busybox-image.ts";

export interface EngineReply {
  readonly status: number;
  readonly body: unknown;
}

export interface ContainerSpec {
  readonly name: string;
  /** For the shell of busybox. */
  readonly script: string;
  readonly memoryMb?: number;
  readonly restart?: { readonly Name: string; readonly MaximumRetryCount?: number };
  /** Anything else of the Engine API. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly host?: Readonly<Record<string, unknown>>;
}

export type Opened =
  { readonly ok: true; readonly daemon: DockerDaemon } | { readonly ok: false; readonly why: string };

const image = "midwatch-busybox:1";
const readyLimitMs = 30_000;
const endLimitMs = 15_000;

/** To be called once per test file; `close` it after all tests. */
export async function openDockerDaemon(): Promise<Opened> {
  const lacking = whatIsLacking();
  if (lacking !== null) return { ok: false, why: lacking };
  const daemon = new DockerDaemon();
  try {
    await daemon.start();
    await daemon.loadImage();
    return { ok: true, daemon };
  } catch (error) {
    const why = `a Docker daemon cannot be run here: ${String(error)}: ${daemon.lastWords()}`;
    await daemon.close();
    return { ok: false, why };
  }
}

/** The daemon, or null after the test has been marked as skipped, loudly: a container nobody ran is not one that works. */
export function daemonOrSkip(t: TestContext, opened: Opened): DockerDaemon | null {
  if (opened.ok) return opened.daemon;
  console.error(`SKIPPED: ${t.name}: ${opened.why}`);
  t.skip(opened.why);
  return null;
}

function whatIsLacking(): string | null {
  if (process.platform !== "linux") return "a private Docker daemon can be run on Linux only";
  if (process.getuid?.() !== 0) return "a private Docker daemon needs root";
  const folders = (process.env["PATH"] ?? "").split(":");
  if (!folders.some((folder) => existsSync(join(folder, "dockerd"))))
    return "there is no dockerd on this machine; install docker.io";
  return existsSync("/bin/busybox") ? null : "there is no /bin/busybox on this machine; install busybox-static";
}

export class DockerDaemon {
  readonly folder = mkdtempSync(join(tmpdir(), "midwatch-docker-"));
  readonly socket = join(this.folder, "docker.sock");
  readonly env = { DOCKER_HOST: `unix://${this.socket}` };
  #process: ChildProcess | null = null;

  async start({ liveRestore = false }: { readonly liveRestore?: boolean } = {}): Promise<void> {
    const at = (name: string): string => join(this.folder, name);
    // What a killed daemon leaves behind keeps the next one from starting: its containerd, and the pids of both on file.
    for (const pid of this.#processesWith(at("exec/containerd/containerd.toml"))) killIfThere(pid);
    for (const file of ["pid", "exec/containerd/containerd.pid"]) rmSync(at(file), { force: true });
    const log = openSync(at("log"), "a");
    const args = [
      "--data-root",
      at("data"),
      "--exec-root",
      at("exec"),
      "--pidfile",
      at("pid"),
      "-H",
      this.env.DOCKER_HOST,
    ];
    const quiet = ["--iptables=false", "--bridge=none", "--storage-driver=vfs"];
    // Ended together with this process, however that ends.
    this.#process = spawn(
      "setpriv",
      ["--pdeathsig", "TERM", "dockerd", ...args, ...quiet, ...(liveRestore ? ["--live-restore"] : [])],
      { stdio: ["ignore", log, log], detached: true },
    );
    this.#process.on("error", () => undefined);
    closeSync(log);
    await this.#untilReady(this.#process);
  }

  async #untilReady(daemon: ChildProcess): Promise<void> {
    const giveUpAt = performance.now() + readyLimitMs;
    while (!(await this.#answers())) {
      if (daemon.pid === undefined || daemon.exitCode !== null) throw new Error("it ended");
      if (performance.now() > giveUpAt) throw new Error(`it was not ready within ${readyLimitMs / 1_000} s`);
      await pause(50);
    }
  }

  async #answers(): Promise<boolean> {
    try {
      return (await this.call("GET", "/_ping")).status === 200;
    } catch {
      // Not yet.
      return false;
    }
  }

  async loadImage(): Promise<void> {
    const archive = makeImage(this.folder);
    const loaded = await this.call("POST", "/images/create?fromSrc=-&repo=midwatch-busybox&tag=1", archive);
    if (loaded.status !== 200) throw new Error(`the image could not be loaded: ${JSON.stringify(loaded.body)}`);
    const trial = await this.run({ name: "trial", script: "exit 7" });
    const { body } = await this.call("POST", `/containers/${trial}/wait`);
    if (JSON.stringify(body).includes('"StatusCode":7')) return this.remove(trial);
    throw new Error(`a container does not run: ${JSON.stringify(body)}`);
  }

  /** Creates a container without a network; resolves to its id. */
  async create({ name, script, memoryMb, restart, config, host }: ContainerSpec): Promise<string> {
    const memory = memoryMb === undefined ? {} : { Memory: memoryMb * 2 ** 20, MemorySwap: memoryMb * 2 ** 20 };
    const { status, body } = await this.call("POST", `/containers/create?name=${name}`, {
      Image: image,
      Cmd: ["sh", "-c", script],
      ...config,
      HostConfig: { NetworkMode: "none", ...memory, ...(restart ? { RestartPolicy: restart } : {}), ...host },
    });
    if (status !== 201) throw new Error(`${name} could not be created: ${JSON.stringify(body)}`);
    return (body as { Id: string }).Id;
  }

  /** The same, started. */
  async run(spec: ContainerSpec): Promise<string> {
    const id = await this.create(spec);
    const { status, body } = await this.call("POST", `/containers/${id}/start`);
    if (status !== 204) throw new Error(`${spec.name} could not be started: ${JSON.stringify(body)}`);
    return id;
  }

  async remove(container: string): Promise<void> {
    await this.call("DELETE", `/containers/${container}?force=1`);
  }

  /** The Engine API, raw and without a version. */
  async call(method: string, path: string, body?: Buffer | Readonly<Record<string, unknown>>): Promise<EngineReply> {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body === undefined ? "" : JSON.stringify(body));
    const type = Buffer.isBuffer(body) ? "application/x-tar" : "application/json";
    const headers = {
      host: "docker",
      "content-length": bytes.length,
      ...(body === undefined ? {} : { "content-type": type }),
    };
    const { promise, resolve, reject } = Promise.withResolvers<EngineReply>();
    const asked = request({ socketPath: this.socket, method, path, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: answer.statusCode ?? 0, body: text.startsWith("{") ? JSON.parse(text) : text });
      });
    });
    asked.on("error", reject).end(bytes);
    return promise;
  }

  /** Ends the daemon alone, as a crash or an operator would. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const daemon = this.#process;
    this.#process = null;
    if (daemon?.pid === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, "exit");
    daemon.kill(signal);
    const isLate = await Promise.race([ended.then(() => false), pause(endLimitMs, true, { ref: false })]);
    if (isLate) daemon.kill("SIGKILL");
  }

  lastWords(): string {
    try {
      return readFileSync(join(this.folder, "log"), "utf8").trim().split("\n").slice(-3).join(" / ").slice(-600);
    } catch {
      // It never got to write one.
      return "no log";
    }
  }

  /** Ends everything that has been started here, and removes the folder. */
  async close(): Promise<void> {
    await this.#removeContainers().catch(() => undefined); // A daemon that does not answer; its processes are ended below.
    await this.end("SIGTERM");
    const giveUpAt = performance.now() + endLimitMs;
    for (let left = this.#leftovers(); left.length > 0 && performance.now() < giveUpAt; left = this.#leftovers()) {
      for (const pid of left) killIfThere(pid);
      await pause(50);
    }
    for (const mount of this.#mounts()) await once(spawn("umount", ["-l", mount], { stdio: "ignore" }), "exit");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  async #removeContainers(): Promise<void> {
    if (this.#process === null) return;
    const { body } = await this.call("GET", "/containers/json?all=1");
    const known = JSON.parse(typeof body === "string" ? body : "[]") as { Id: string }[];
    await Promise.all(known.map(({ Id }) => this.remove(Id)));
  }

  /** Processes that name the folder in their command line, which are containerd and a shim for each container, and what runs under those. */
  #leftovers(): readonly number[] {
    return this.#processesWith(this.folder).flatMap((pid) => [...childrenOf(pid), pid]);
  }

  #processesWith(argument: string): readonly number[] {
    return globSync("/proc/[0-9]*/cmdline")
      .filter((file) => readOrNothing(file).includes(argument))
      .map((file) => Number(file.split("/")[2]))
      .filter((pid) => pid !== process.pid);
  }

  /** The innermost first. */
  #mounts(): readonly string[] {
    return readOrNothing("/proc/self/mountinfo")
      .split("\n")
      .map((line) => line.split(" ")[4] ?? "")
      .filter((mount) => mount.startsWith(this.folder))
      .reverse();
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone meanwhile.
  }
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Gone meanwhile.
    return "";
  }
}
