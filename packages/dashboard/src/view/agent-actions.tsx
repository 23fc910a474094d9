import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../api.ts";
import type { AgentView } from "../api-types.ts";

type Command = "pause" | "resume" | "restart";

interface Asked {
  readonly command: Command;
  readonly title: string;
  readonly text: string;
}

/** What a person can do about the agent. The server decides; a refusal is shown in its own words. */
export function AgentActions({ agent }: { readonly agent: AgentView }): JSX.Element {
  const asked = useSignal<Asked | null>(null);
  const outcome = useSignal<{ readonly ok: boolean; readonly text: string } | null>(null);
  const busy = useSignal(false);

  const perform = async ({ command }: Asked): Promise<void> => {
    asked.value = null;
    busy.value = true;
    const answer = await api.command(agent.name, command);
    busy.value = false;
    outcome.value = answer.ok
      ? { ok: true, text: doneWords[command] }
      : { ok: false, text: `Not done: ${answer.refusal.message}` };
  };
  return (
    <div class="actions">
      <div class="buttons">
        {commandsFor(agent).map((command) => (
          <button
            key={command}
            type="button"
            disabled={busy.value}
            onClick={() => {
              outcome.value = null;
              asked.value = { command, ...questionFor(command, agent.name) };
            }}
          >
            {commandWords[command]}
          </button>
        ))}
      </div>
      <p class={outcome.value?.ok === false ? "outcome refused" : "outcome muted"} role="status">
        {outcome.value?.text}
      </p>
      {asked.value && (
        <ConfirmDialog
          asked={asked.value}
          onYes={(one) => void perform(one)}
          onNo={() => {
            asked.value = null;
          }}
        />
      )}
    </div>
  );
}

function commandsFor(agent: AgentView): readonly Command[] {
  const held = agent.paused !== null || agent.state === "paused" || agent.recovery?.phase === "exhausted";
  const supervised = agent.supervisor !== null || agent.recovery !== null;
  return [held ? "resume" : "pause", ...(supervised ? (["restart"] as const) : [])];
}

const commandWords: Readonly<Record<Command, string>> = { pause: "Pause", resume: "Resume", restart: "Restart" };

const doneWords: Readonly<Record<Command, string>> = {
  pause: "It is told to pause with its next beat.",
  resume: "It may run again.",
  restart: "Its supervisor is asked to restart it.",
};

function questionFor(command: Command, name: string): Omit<Asked, "command"> {
  switch (command) {
    case "pause":
      return {
        title: `Pause ${name}?`,
        text: "It keeps its state, and is held until someone resumes it. While it is paused, silence raises no alert.",
      };
    case "resume":
      return {
        title: `Resume ${name}?`,
        text: "It runs on from where it was held, and its automatic restarts count from zero again.",
      };
    case "restart":
      return {
        title: `Restart ${name}?`,
        text: "Its supervisor stops the process and starts it again. This counts as no automatic attempt.",
      };
  }
}

interface ConfirmProps {
  readonly asked: Asked;
  readonly onYes: (asked: Asked) => void;
  readonly onNo: () => void;
}

function ConfirmDialog({ asked, onYes, onNo }: ConfirmProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" onClose={onNo}>
      <h2 id="confirm-title">{asked.title}</h2>
      <p>{asked.text}</p>
      <div class="buttons">
        <button type="button" onClick={onNo}>
          Cancel
        </button>
        <button type="button" class="primary" onClick={() => onYes(asked)}>
          {commandWords[asked.command]}
        </button>
      </div>
    </dialog>
  );
}
