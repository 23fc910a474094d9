import type { Channel } from "@midwatch/server";
import { createChannel } from "@midwatch/server/channels";
import { message, type WebhookBody } from "@midwatch/protocol";
import type { Notice, Notifier } from "@midwatch/supervisor";
import type { Config } from "./config/config.ts";
import { CommandFailure } from "./failure.ts";

/** Where alerts go. Without any channel in the file they go to the terminal: somebody must be told. */
export function alerting(config: Config): Pick<Config, "channels" | "alertsTo" | "alerts" | "report"> {
  if (config.alertsTo.length > 0) return config;
  const name = Object.hasOwn(config.channels, "console") ? "terminal" : "console";
  const channels = { ...config.channels, [name]: { type: "console" } };
  const { report, alerts } = config;
  return {
    channels,
    alerts,
    alertsTo: [name],
    report: report && report.to.length === 0 ? { ...report, to: [name] } : report,
  };
}

/** The supervisor's own way to a person, for when no server can tell: the fallback, or the same channels, without the server. */
export function directNotifier(config: Config): Notifier {
  const { channels, alertsTo } = alerting(config);
  const targets = (config.fallback === null ? alertsTo : [config.fallback]).map((name) =>
    openChannel(name, channels[name] ?? {}, config),
  );
  // A notice that failed on one channel is tried again; the others have it already.
  const delivered = new Map<string, Set<string>>();
  return {
    async notify(notice) {
      const have = delivered.get(notice.id) ?? new Set();
      delivered.set(notice.id, have);
      const failures: string[] = [];
      for (const channel of targets) {
        if (have.has(channel.name)) continue;
        const outcome = await channel.send(bodyOf(notice), AbortSignal.timeout(20_000));
        if (outcome.sent || !outcome.retry) have.add(channel.name);
        if (!outcome.sent) failures.push(`${channel.name}: ${outcome.error}`);
      }
      if (have.size < targets.length) throw new Error(failures.join("; "));
      delivered.delete(notice.id);
    },
  };
}

function openChannel(name: string, settings: Readonly<Record<string, unknown>>, { server }: Config): Channel {
  const around = { stream: process.stdout, now: Date.now, allowExec: server.allowExec };
  const opened = createChannel(name, settings, around);
  if (opened.ok) return opened.channel;
  const lines = opened.errors.map(({ path, message }) => `  ${path}: ${message}`);
  throw new CommandFailure(78, `A channel can't be used:\n${lines.join("\n")}`);
}

function bodyOf({ id, agent, what, kind, severity, at, title, text }: Notice): WebhookBody {
  return message({
    type: `incident.${what}`,
    id,
    at: new Date(at).toISOString(),
    agent,
    kind,
    severity,
    title,
    text,
  });
}
