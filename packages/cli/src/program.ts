import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { addAlerts } from "./alert-commands.ts";
import { acknowledge, act, actionHelp, actions, forget } from "./commands/act.ts";
import { showEvidence } from "./commands/evidence.ts";
import type { InstallOptions } from "./commands/install.ts";
import type { NewKey } from "./commands/key.ts";
import { printSignInLink, showEvents, showIncidents, showReport, showStatus } from "./commands/look.ts";
import { loadConfig } from "./config/load-config.ts";
import type { Config } from "./config/config.ts";
import { splitListen } from "./config/listen-address.ts";
import { CommandFailure } from "./failure.ts";
import { policyOf, withPolicy, type PolicyFlags } from "./policy-flags.ts";
import { targetFor, wholeNumber, withPlace, withServer, type Place, type ServerPlace } from "./server-place.ts";
import { stayLean } from "./up/lean.ts";
import { version } from "./version.ts";

// What a command does is loaded when it is asked for: the supervisor and `midwatch status` stay small and quick.
const commands = {
  doctor: () => import("./commands/doctor.ts"),
  install: () => import("./commands/install.ts"),
  meter: () => import("./commands/meter.ts"),
  key: () => import("./commands/key.ts"),
  run: () => supervising(() => import("./commands/run.ts")),
  server: () => import("./commands/server.ts"),
  supervise: () => supervising(() => import("./commands/supervise.ts")),
  up: () => supervising(() => import("./commands/up.ts")),
} as const;

function supervising<T>(load: () => Promise<T>): Promise<T> {
  stayLean();
  return load();
}

/** Runs one command line and returns the exit status: 0 ok, 1 failed, 2 bad usage, 78 bad configuration. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  try {
    await midwatch().parseAsync(argv);
    return 0;
  } catch (error) {
    if (error instanceof CommandFailure) {
      process.stderr.write(`${error.message}\n`);
      return error.status;
    }
    // The parser has printed its help or its complaint already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

function midwatch(): Command {
  const program = new Command("midwatch")
    .description(
      "Keeps long-lived AI agents alive, treats their cost as a health metric, and tells a human when it can't.",
    )
    .version(version)
    .showHelpAfterError("(midwatch --help shows what there is)")
    .enablePositionalOptions()
    .exitOverride();
  addWatching(program);
  addRun(program);
  addLooking(program);
  addSpending(program);
  addActing(program);
  addAlerts(program);
  addKeys(program);
  addDoctor(program);
  addInstall(program);
  return program;
}

function addWatching(program: Command): void {
  withPlace(program.command("up"))
    .description("server and supervisor on this machine, as two processes that watch each other")
    .action(async (place: Place) => (await commands.up()).runUp(() => loadConfig(place), placeArgs(place)));

  withPlace(program.command("server"))
    .description("only the server")
    .addOption(
      new Option("--listen <host:port>", "where to listen (default: the file's, else 127.0.0.1:4004)").argParser(
        listenAddress,
      ),
    )
    .action(async (options: Place & { listen?: [string, number] }) =>
      (await commands.server()).runServer(listeningAt(loadConfig(options), options.listen)),
    );

  withServer(withPlace(program.command("meter")))
    .description("pass LLM calls through and count them")
    .addOption(
      new Option("--listen <host:port>", "where to listen (default: the file's, else 127.0.0.1:4005)").argParser(
        listenAddress,
      ),
    )
    .action(async (options: ServerPlace & { listen?: [string, number] }) =>
      (await commands.meter()).runMeter(loadConfig(options), options),
    );

  withServer(withPlace(program.command("supervise")))
    .description("only the supervisor: every agent in the file")
    .action(async (options: ServerPlace) =>
      (await commands.supervise()).runSupervise(() => loadConfig(options), options),
    );
}

function addRun(program: Command): void {
  withPolicy(withServer(withPlace(program.command("run"))))
    .description("keep one agent in the foreground")
    .usage("[options] -- CMD ARGS…")
    .argument("<cmd...>", "the command that starts the agent")
    .passThroughOptions()
    .option("--name <name>", "the agent's name (default: from the command)")
    .addOption(
      new Option("--meter <providers>", "providers whose calls go through the meter, like openai,anthropic").argParser(
        (text: string) => text.split(",").map((name) => name.trim()),
      ),
    )
    .action(async (argv: string[], options: ServerPlace & PolicyFlags & { name?: string; meter?: string[] }) =>
      (await commands.run()).runOne(loadConfig(options), { ...options, policy: policyOf(options), argv }),
    );
}

function addLooking(program: Command): void {
  withServer(withPlace(program.command("status")))
    .description("every agent, what needs attention first")
    .option("--json", "as JSON")
    .action((options: ServerPlace & { json?: boolean }) => showStatus(targetFor(options), options.json ?? false));

  withServer(withPlace(program.command("incidents")))
    .description("what was wrong, newest first")
    .option("--agent <name>", "of one agent")
    .option("--open", "only what is wrong now")
    .option("--json", "as JSON")
    .action((options: ServerPlace & { agent?: string; open?: boolean; json?: boolean }) =>
      showIncidents(targetFor(options), options),
    );

  withServer(withPlace(program.command("evidence")))
    .description("what an agent was doing when it hung or died")
    .argument("<incident>", "the number of the incident", wholeNumber)
    .option("--json", "as JSON")
    .action((id: number, options: ServerPlace & { json?: boolean }) =>
      showEvidence(targetFor(options), id, options.json ?? false),
    );

  withServer(withPlace(program.command("events")))
    .description("what happened to an agent")
    .argument("<agent>")
    .option("--limit <n>", "how many, newest", wholeNumber, 50)
    .option("--json", "as JSON")
    .action((agent: string, options: ServerPlace & { limit: number; json?: boolean }) =>
      showEvents(targetFor(options), agent, options),
    );

  withServer(withPlace(program.command("report")))
    .description("a day, week or month: alive, restarts, cost, loops, who needs a human, and slow patterns")
    .argument("[agent]", "only this one; all unless given")
    .option("--date <yyyy-mm-dd>", "a local day of it (default: the last one that is over)")
    .addOption(new Option("--weekly", "the week, Monday to Sunday").conflicts("monthly"))
    .option("--monthly", "the month")
    .option("--tz <zone>", "IANA time zone (default: the server's)")
    .addOption(new Option("--json", "as JSON").conflicts(["html", "md"]))
    .addOption(new Option("--html", "as a page").conflicts("md"))
    .option("--md", "as Markdown")
    .action((agent: string | undefined, options: ServerPlace & ReportFlags) =>
      showReport(targetFor(options), {
        ...options,
        ...(agent === undefined ? {} : { agent }),
        period: options.weekly === true ? "weekly" : options.monthly === true ? "monthly" : "daily",
        format: reportFormat(options),
      }),
    );

  withServer(withPlace(program.command("link")))
    .description("a link that signs a browser in, once")
    .action((options: ServerPlace) => printSignInLink(targetFor(options)));
}

interface ReportFlags {
  readonly date?: string;
  readonly tz?: string;
  readonly weekly?: boolean;
  readonly monthly?: boolean;
  readonly json?: boolean;
  readonly html?: boolean;
  readonly md?: boolean;
}

function reportFormat({ json, html, md }: ReportFlags): string {
  if (json === true) return "json";
  if (md === true) return "md";
  return html === true ? "html" : "text";
}

interface ActFlags {
  readonly json?: boolean;
  readonly dependents?: boolean;
}

function addSpending(program: Command): void {
  withServer(withPlace(program.command("budget")))
    .description("how budgets stand; with LIMIT=AMOUNT it sets them")
    .usage("[options] [AGENT] [LIMIT=AMOUNT …]")
    .argument("[agent-and-limits...]", "such as research-bot usd_per_day=5 tokens_per_cycle=200000")
    .option("--install", "of all agents together")
    .option("--tag <tag>", "of all agents with this tag")
    .option("--json", "as JSON")
    .action(async (words: string[], options: ServerPlace & { install?: boolean; tag?: string; json?: boolean }) => {
      const { budget, budgetAsked } = await import("./commands/budget.ts");
      const { which, limits } = budgetAsked(words, options);
      await budget(targetFor(options), which, { limits, json: options.json ?? false });
    });

  withServer(withPlace(program.command("cost")))
    .description("what was used, by agent and model")
    .option("--days <n>", "how many days back", wholeNumber, 1)
    .option("--agent <name>", "of one agent")
    .option("--json", "as JSON")
    .action(async (options: ServerPlace & { days: number; agent?: string; json?: boolean }) =>
      (await import("./commands/cost.ts")).showCost(targetFor(options), options),
    );

  withServer(withPlace(program.command("calls")))
    .description("an agent's metered calls, one by one")
    .argument("<agent>")
    .option("--limit <n>", "how many, newest", wholeNumber, 50)
    .option("--json", "as JSON")
    .action(async (agent: string, options: ServerPlace & { limit: number; json?: boolean }) =>
      (await import("./commands/cost.ts")).showCalls(targetFor(options), agent, options),
    );
}

function addActing(program: Command): void {
  for (const action of actions) {
    const command = withServer(withPlace(program.command(action)))
      .description(actionHelp[action])
      .argument("<agent>")
      .option("--json", "as JSON");
    if (action === "restart") command.option("--dependents", "restart those that come after it, too");
    command.action((agent: string, { json = false, dependents = false, ...options }: ServerPlace & ActFlags) =>
      act(targetFor(options), { action, agent, json, dependents }),
    );
  }
  withServer(withPlace(program.command("ack")))
    .description("say that somebody looks after an incident")
    .argument("<incident>", "its number", wholeNumber)
    .option("--json", "as JSON")
    .action((id: number, options: ServerPlace & { json?: boolean }) =>
      acknowledge(targetFor(options), id, options.json ?? false),
    );
  withServer(withPlace(program.command("forget")))
    .description("end alerts and reports of an agent; its ledger is kept")
    .argument("<agent>")
    .option("--json", "as JSON")
    .action((agent: string, options: ServerPlace & { json?: boolean }) =>
      forget(targetFor(options), agent, options.json ?? false),
    );
}

function addKeys(program: Command): void {
  const key = program.command("key").description("keys of the server whose data folder lies here");
  withPlace(key.command("create"))
    .description("make a key and print it, once")
    .addOption(
      new Option("--scope <scope>", "what it may do").choices(["ingest", "read", "admin"]).makeOptionMandatory(),
    )
    .option("--agent <glob>", "agents it may speak for (default: all)")
    .option("--label <text>", "what it is for")
    .action(async (options: Place & NewKey) =>
      (await commands.key()).createKeyIn(loadConfig(options).server.dataDir, options),
    );
  withPlace(key.command("list"))
    .description("every key, without the secret part")
    .option("--json", "as JSON")
    .action(async (options: Place & { json?: boolean }) =>
      (await commands.key()).listKeysIn(loadConfig(options).server.dataDir, options.json ?? false),
    );
  withPlace(key.command("revoke"))
    .description("end a key")
    .argument("<id>", "its number in `midwatch key list`", wholeNumber)
    .action(async (id: number, options: Place) =>
      (await commands.key()).revokeKeyIn(loadConfig(options).server.dataDir, id),
    );
}

function addDoctor(program: Command): void {
  withPlace(program.command("doctor"))
    .description("what is wrong with this set-up, why it matters, and the exact change")
    .option("--send-test", "send a test message through every channel")
    .option("--json", "as JSON")
    .action(async (options: Place & { sendTest?: boolean; json?: boolean }) =>
      (await commands.doctor()).runDoctor(loadConfig(options), {
        json: options.json ?? false,
        sendTest: options.sendTest ?? false,
      }),
    );
}

function addInstall(program: Command): void {
  withPlace(program.command("install"))
    .description("write what makes this machine start Midwatch at boot, and say how to switch it on")
    .option("--systemd", "a unit of systemd (default where it runs)")
    .option("--launchd", "a job of launchd (default on macOS)")
    .option("--compose", "a service for Docker Compose")
    .option("--user", "for your own session, even as root (default unless you are root)")
    .option("--supervise", "only the supervisor, without a server")
    .option("--server <url>", "with --supervise: a server elsewhere")
    .addOption(
      new Option("--name <name>", "its name, when there are several").default("midwatch").argParser(serviceName),
    )
    .option("--print", "only show the text")
    .option("--force", "replace a file that somebody else wrote or edited")
    .option("--start", "run the commands that switch it on, too")
    .action(async (options: Place & InstallOptions) =>
      (await commands.install()).runInstall(loadConfig(options), options),
    );
}

function placeArgs({ config, data }: Place): string[] {
  return [...(config === undefined ? [] : ["--config", config]), ...(data === undefined ? [] : ["--data", data])];
}

function listeningAt(config: Config, listen: [string, number] | undefined): Config {
  if (!listen) return config;
  const [host, port] = listen;
  return { ...config, server: { ...config.server, host, port } };
}

function serviceName(text: string): string {
  if (!/^[a-z][a-z0-9-]{0,49}$/.test(text)) throw new InvalidArgumentError("Small letters, digits and - only.");
  return text;
}

function listenAddress(text: string): [string, number] {
  const [host, port] = splitListen(text);
  if (host === "" || !Number.isInteger(port) || port > 65_535) {
    throw new InvalidArgumentError("Write it as host:port, like 127.0.0.1:4004.");
  }
  return [host, port];
}
