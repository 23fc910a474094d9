import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { snippetsFor, type Snippet } from "../snippets.ts";

/** No agent yet: how to send the first beat. It turns into the fleet when that beat comes. */
export function EmptyFleet(): JSX.Element {
  const snippets = snippetsFor(location.origin);
  const chosen = useSignal<Snippet["id"]>("curl");
  const snippet = snippets.find((one) => one.id === chosen.value);
  return (
    <section class="welcome">
      <h1>Send the first beat</h1>
      <p>
        A beat is one message from inside your agent’s own loop. The first one registers the agent; from then on
        Midwatch notices when they stop or get dear.
      </p>
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
      {snippet && <CodeBlock key={snippet.id} snippet={snippet} />}
      <p class="muted">
        The key is printed in the terminal where Midwatch was started. Another one:{" "}
        <code>midwatch key create --scope ingest</code>
      </p>
      <p class="waiting" role="status">
        <span class="waiting-dot" aria-hidden="true" />
        Waiting for the first beat…
      </p>
    </section>
  );
}

function CodeBlock({ snippet }: { readonly snippet: Snippet }): JSX.Element {
  const copied = useSignal<"no" | "yes" | "refused">("no");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(snippet.code);
      copied.value = "yes";
    } catch {
      // Browsers refuse the clipboard outside https and localhost; the text can still be marked by hand.
      copied.value = "refused";
    }
  };
  return (
    <div class="code" role="tabpanel" id="snippet" aria-labelledby={`tab-${snippet.id}`}>
      <pre tabIndex={0}>
        <code>{snippet.code}</code>
      </pre>
      <button type="button" class="quiet" onClick={() => void copy()}>
        {copyWords[copied.value]}
      </button>
    </div>
  );
}

const copyWords = { no: "Copy", yes: "Copied", refused: "Select and copy by hand" };

function walkTabs(event: KeyboardEvent): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return;
  const tabs = [...(event.currentTarget as Element).querySelectorAll<HTMLButtonElement>("[role=tab]")];
  const at = tabs.findIndex((tab) => tab === document.activeElement);
  const next = tabs[(at + step + tabs.length) % tabs.length];
  next?.focus();
  next?.click();
}
