/** `bad` will cost somebody a night; `worth-knowing` may. */
export type Severity = "bad" | "worth-knowing";

/** Something that bites, in plain words. Each text may have several lines; one that begins with a space is to be typed as it is. */
export interface Finding {
  /** Name of the check that found it. */
  readonly check: string;
  readonly severity: Severity;
  /** What is wrong. */
  readonly title: string;
  readonly why: string;
  /** The exact change. */
  readonly fix: string;
}

/** What a judge says: something is wrong, could not be looked at, or is good to see. Silence means that all is in order. */
export type Remark =
  | ({ readonly kind: "finding" } & Omit<Finding, "check">)
  | { readonly kind: "unchecked"; readonly what: string; readonly because: string }
  /** Stands behind the check's name in the list of what was looked at, such as "2.1 MB". */
  | { readonly kind: "seen"; readonly text: string };

type Words = Omit<Finding, "check" | "severity">;

export function bad(words: Words): Remark {
  return { kind: "finding", severity: "bad", ...words };
}

export function worthKnowing(words: Words): Remark {
  return { kind: "finding", severity: "worth-knowing", ...words };
}

export function seen(text: string): Remark {
  return { kind: "seen", text };
}

export function unchecked(what: string, because: string): Remark {
  return { kind: "unchecked", what, because };
}
