import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { api } from "../api.ts";
import { environmentFor, snippets, type Snippet } from "../snippets.ts";
import { CodeBlock } from "./code-block.tsx";

/** No agent yet: how to send the first beat. It turns into the fleet when that beat comes. */
export function EmptyFleet(): JSX.Element {
  return (
    <section class="welcome">
      <h1>Send the first beat</h1>
      <p class="lead">
        A beat is one message from inside your agent’s own loop. The first one registers the agent. From then on
        Midwatch notices when it falls silent, and when a cycle gets dear.
      </p>
      <ol class="first-steps">
        <KeyStep />
        <BeatStep />
        <li>
          <h2>See it here</h2>
          <p class="waiting" role="status">
            <span class="waiting-dot" aria-hidden="true" />
            Waiting for the first beat…
          </p>
        </li>
      </ol>
    </section>
  );
}

function KeyStep(): JSX.Element {
  const key = useSignal<string | null>(null);
  const refused = useSignal<string | null>(null);
  const busy = useSignal(false);
  const create = async (): Promise<void> => {
    busy.value = true;
    const answer = await api.createKey();
    busy.value = false;
    if (answer.ok) key.value = answer.value.key;
    refused.value = answer.ok ? null : answer.refusal.message;
  };
  return (
    <li>
      <h2>Say where, and with which key</h2>
      <CodeBlock code={environmentFor(location.origin, key.value)} label="Shell" lines={2} />
      <p class="key-line" role="status">
        {key.value === null ? (
          <>
            <button type="button" class="primary" disabled={busy.value} onClick={() => void create()}>
              Create a key
            </button>
            <span class={refused.value === null ? "muted" : "refused"}>
              {refused.value === null ? "It may send beats, and nothing else." : `Not created: ${refused.value}`}
            </span>
          </>
        ) : (
          <span>The key stands above. It is shown only now: copy it before you leave this page.</span>
        )}
      </p>
    </li>
  );
}

function BeatStep(): JSX.Element {
  const chosen = useSignal<Snippet["id"]>("curl");
  const snippet = snippets.find((one) => one.id === chosen.value);
  return (
    <li>
      <h2>Beat from your loop</h2>
      <div class="tabs" role="tablist" aria-label="Language" onKeyDown={walkTabs}>
        {snippets.map((one) => (
          <button
            key={one.id}
            type="button"
            role="tab"
            id={`tab-${one.id}`}
            aria-selected={one.id === chosen.value}
            aria-controls="snippet"
            tabIndex={one.id === chosen.value ? 0 : -1}
            onClick={() => {
              chosen.value = one.id;
            }}
          >
            {one.title}
          </button>
        ))}
      </div>
      {snippet && (
        <div role="tabpanel" id="snippet" aria-labelledby={`tab-${snippet.id}`}>
          <CodeBlock key={snippet.id} code={snippet.code} label={snippet.title} lines={8} />
        </div>
      )}
    </li>
  );
}

function walkTabs(event: KeyboardEvent): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return;
  const tabs = [...(event.currentTarget as Element).querySelectorAll<HTMLButtonElement>("[role=tab]")];
  const at = tabs.findIndex((tab) => tab === document.activeElement);
  const next = tabs[(at + step + tabs.length) % tabs.length];
  next?.focus();
  next?.click();
}
