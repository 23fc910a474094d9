// State that an agent must not go on from. The supervisor looked at it before a start, and has acted already; here it
// becomes an incident, and when nothing could be done, the end of the automatic restarts.

import type { InvalidState } from "./event.ts";
import { openIncident } from "./incidents.ts";
import { changeState } from "./liveness.ts";
import { giveUp } from "./restart-policy.ts";
import { record, type Turn } from "./turn.ts";

const outcomes: Readonly<Record<InvalidState["action"], string>> = {
  restored: "went on from an earlier state",
  fresh: "started afresh, without its state",
  stopped: "is not started: its state needs you",
};

export function onStateInvalid(turn: Turn, { reason, action, text }: InvalidState): void {
  const { state, at } = turn;
  record(turn, "state-invalid", `${outcomes[action]}: ${reason}`, { action });
  const remedy =
    action === "stopped"
      ? ` Repair it or put an earlier one in its place, then run \`midwatch restart ${state.name}\`.`
      : "";
  openIncident(turn, {
    kind: "state-invalid",
    since: at,
    title: `${outcomes[action]}: ${reason}`,
    text: `${text}${remedy}`,
    numbers: { action },
  });
  if (action !== "stopped") return;
  changeState(turn, "down", reason);
  if (turn.settings.keeps) giveUp(turn, `its state is unusable: ${reason}`);
}
