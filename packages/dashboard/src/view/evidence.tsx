import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { api } from "../api.ts";
import type { EvidenceLine, EvidenceView } from "../api-types.ts";
import { LocalTime } from "./time.tsx";

/** What was taken of an agent's runs, a line each; the rest is fetched when somebody wants to see it. */
export function EvidenceList({ lines }: { readonly lines: readonly EvidenceLine[] }): JSX.Element {
  return (
    <div class="evidence">
      {lines.map((line) => (
        <Evidence key={line.id} line={line} />
      ))}
    </div>
  );
}

function Evidence({ line }: { readonly line: EvidenceLine }): JSX.Element {
  const evidence = useSignal<EvidenceView | null>(null);
  const refused = useSignal<string | null>(null);
  const load = async (open: boolean): Promise<void> => {
    if (!open || evidence.value !== null) return;
    const answer = await api.evidence(line.id);
    if (answer.ok) evidence.value = answer.value;
    refused.value = answer.ok ? null : answer.refusal.message;
  };
  return (
    <details onToggle={(event) => void load(event.currentTarget.open)}>
      <summary>
        Evidence <LocalTime iso={line.at} seconds /> <span>{line.summary}</span>
      </summary>
      <div class="evidence-items">
        {evidence.value?.items.map(({ name, text }) => (
          <EvidenceItem key={name} name={name} text={text} />
        ))}
        {evidence.value?.items.length === 0 && <p class="muted">There is nothing but this line.</p>}
        {refused.value !== null && (
          <p class="refused" role="alert">
            Could not be loaded: {refused.value}
          </p>
        )}
      </div>
    </details>
  );
}

/** Text from the agent, shown as it is: it scrolls in its own box, and is never more than text. */
function EvidenceItem({ name, text }: EvidenceView["items"][number]): JSX.Element {
  return (
    <section>
      <h3>{name}</h3>
      <pre tabIndex={0} role="region" aria-label={name}>
        {text}
      </pre>
    </section>
  );
}
