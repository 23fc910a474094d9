import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../api.ts";
import type { AgentView } from "../api-types.ts";
import { offersFor, type Offer } from "../commands.ts";

/** What a person can do about the agent now. */
export function AgentActions({ agent }: { readonly agent: AgentView }): JSX.Element {
  return <OfferButtons agent={agent} offers={offersFor(agent)} />;
}

interface OfferButtonsProps {
  readonly agent: AgentView;
  readonly offers: readonly Offer[];
}

/** The server decides; its answer, or its refusal, is shown in its own words. */
export function OfferButtons({ agent, offers }: OfferButtonsProps): JSX.Element {
  const asked = useSignal<Offer | null>(null);
  const outcome = useSignal<{ readonly ok: boolean; readonly text: string } | null>(null);
  const busy = useSignal(false);

  const perform = async (offer: Offer): Promise<void> => {
    asked.value = null;
    busy.value = true;
    outcome.value = null;
    const answer = await api.command(agent.name, offer.command);
    busy.value = false;
    outcome.value = answer.ok
      ? { ok: true, text: answer.value.message }
      : { ok: false, text: `Not done: ${answer.refusal.message}` };
  };
  return (
    <div class="actions">
      <div class="buttons">
        {offers.map((offer) => (
          <button
            key={offer.command}
            type="button"
            aria-busy={busy.value}
            aria-haspopup={offer.question ? "dialog" : undefined}
            onClick={() => {
              // Not disabled meanwhile, which would throw the keyboard's focus away.
              if (busy.value) return;
              if (offer.question) asked.value = offer;
              else void perform(offer);
            }}
          >
            {offer.label}
          </button>
        ))}
      </div>
      <p class={outcome.value?.ok === false ? "outcome refused" : "outcome muted"} role="status">
        {outcome.value?.text}
      </p>
      {asked.value && (
        <ConfirmDialog
          offer={asked.value}
          onYes={(offer) => void perform(offer)}
          onNo={() => {
            asked.value = null;
          }}
        />
      )}
    </div>
  );
}

interface ConfirmProps {
  readonly offer: Offer;
  readonly onYes: (offer: Offer) => void;
  readonly onNo: () => void;
}

/** The browser's own dialog: it keeps the focus inside, closes on Escape, and gives the focus back. */
function ConfirmDialog({ offer, onYes, onNo }: ConfirmProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" aria-describedby="confirm-text" onClose={onNo}>
      <h2 id="confirm-title">{offer.question?.title}</h2>
      <p id="confirm-text">{offer.question?.text}</p>
      <div class="buttons">
        <button type="button" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        <button
          type="button"
          class={offer.question?.grave ? "primary grave" : "primary"}
          onClick={() => {
            // Closed before it goes, so that the focus returns to the button that asked.
            dialog.current?.close();
            onYes(offer);
          }}
        >
          {offer.label}
        </button>
      </div>
    </dialog>
  );
}
