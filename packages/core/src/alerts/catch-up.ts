import { spellCount } from "../spell.ts";
import { forgetRow, recall, say, threadKey, type Sitting } from "./sitting.ts";
import { memberOf, type Thread } from "./thread.ts";

/** Tells each channel once, together, of what quiet hours held back; what is over by now is then done with. */
export function sayCatchUps(sitting: Sitting): void {
  const over = new Set<string>();
  for (const [channel, ids] of sitting.afterQuiet) {
    const threads = ids.flatMap((id) => recall<Thread>(sitting, threadKey(id)) ?? []);
    const members = threads.map(memberOf);
    const open = members.filter(({ resolvedAt }) => resolvedAt === null).length;
    for (const { id, resolvedAt } of threads) if (resolvedAt !== null) over.add(id);
    const what = members.length === 1 ? "incident" : "incidents";
    say(sitting, {
      what: "digest",
      id: `quiet_${sitting.now}`,
      thread: null,
      channels: [channel],
      agent: null,
      kind: null,
      severity: "warn",
      title: `in the quiet hours: ${spellCount(members.length)} ${what}, ${open === 0 ? "all over by now" : `${spellCount(open)} still open`}`,
      text: threads.map(lineOf).join("\n"),
      since: Math.min(...threads.map(({ since }) => since)),
      members,
      acknowledged: null,
      detail: null,
    });
  }
  for (const id of over) forgetRow(sitting, threadKey(id));
}

function lineOf({ agent, title, resolvedAt }: Thread): string {
  const end = resolvedAt === null ? "still open" : `over at ${new Date(resolvedAt).toISOString().slice(11, 16)} UTC`;
  return `${agent === null ? "" : `${agent}: `}${title} (${end})`;
}
