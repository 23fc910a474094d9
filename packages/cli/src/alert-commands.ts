import type { Command } from "commander";
import type { SilenceAsked } from "./commands/alerts.ts";
import { targetFor, wholeNumber, withPlace, withServer, type ServerPlace } from "./server-place.ts";

const load = () => import("./commands/alerts.ts");

interface NotificationsAsked {
  readonly channel?: string;
  readonly agent?: string;
  readonly failed?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

/** Silences, channels, and what was sent. */
export function addAlerts(program: Command): void {
  const several = (value: string, before: string[] = []): string[] => [...before, value];
  withServer(withPlace(program.command("silence")))
    .description("tell nobody of some agents for a while")
    .argument("[agents...]", "names; * stands for any characters")
    .option("--tag <tag>", "agents with this tag; may be given several times", several)
    .option("--kind <kind>", "incidents of this kind; may be given several times", several)
    .option("--everything", "whatever it is")
    .requiredOption("--for <duration>", "how long, like 1h")
    .option("--reason <text>", "why, for whoever looks")
    .option("--json", "as JSON")
    .action(async (agents: string[], options: ServerPlace & SilenceAsked) =>
      (await load()).silence(targetFor(options), agents, options),
    );
  withServer(withPlace(program.command("unsilence")))
    .description("end a silence before its time")
    .argument("<id>", "its number in `midwatch silences`", wholeNumber)
    .action(async (id: number, options: ServerPlace) => (await load()).unsilence(targetFor(options), id));
  withServer(withPlace(program.command("silences")))
    .description("silences that last")
    .option("--json", "as JSON")
    .action(async (options: ServerPlace & { json?: boolean }) =>
      (await load()).showSilences(targetFor(options), options.json ?? false),
    );
  withServer(withPlace(program.command("notifications")))
    .description("what was sent, or waits, with what came of it")
    .option("--channel <name>", "through this channel")
    .option("--agent <name>", "about this agent")
    .option("--failed", "only what was given up")
    .option("--limit <n>", "how many, newest", wholeNumber, 50)
    .option("--json", "as JSON")
    .action(async (options: ServerPlace & NotificationsAsked) =>
      (await load()).showNotifications(targetFor(options), options),
    );
  addChannels(program);
}

function addChannels(program: Command): void {
  const channel = program.command("channel").description("where notifications go");
  withServer(withPlace(channel.command("list")))
    .description("all channels, and how they do")
    .option("--json", "as JSON")
    .action(async (options: ServerPlace & { json?: boolean }) =>
      (await load()).showChannels(targetFor(options), options.json ?? false),
    );
  withServer(withPlace(channel.command("test")))
    .description("send a test message through a channel of the running server")
    .argument("<name>", "its name under `channels:`")
    .option("--json", "as JSON")
    .action(async (name: string, options: ServerPlace & { json?: boolean }) =>
      (await load()).testChannel(targetFor(options), name, options.json ?? false),
    );
}
