import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

interface CodeBlockProps {
  readonly code: string;
  /** What the code is, for those who hear it. */
  readonly label: string;
  /** The height that is kept free, so that nothing jumps when the code changes. */
  readonly lines: number;
}

export function CodeBlock({ code, label, lines }: CodeBlockProps): JSX.Element {
  const copied = useSignal<"no" | "yes" | "refused">("no");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(code);
      copied.value = "yes";
    } catch {
      // Browsers refuse the clipboard outside https and localhost; the text can still be marked by hand.
      copied.value = "refused";
    }
  };
  return (
    <div class="code">
      <pre tabIndex={0} role="region" aria-label={label} style={{ minHeight: `calc(${lines} * 1.55em + 2rem)` }}>
        <code>{code}</code>
      </pre>
      <button type="button" class="quiet" onClick={() => void copy()}>
        {copyWords[copied.value]}
      </button>
    </div>
  );
}

const copyWords = { no: "Copy", yes: "Copied", refused: "Select and copy by hand" };
