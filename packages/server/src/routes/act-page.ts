// The page behind a link in a message. One file, no script, nothing from elsewhere: it has to open on a phone, at night, over a
// bad line, by whoever gets the message.

import { hash } from "node:crypto";
import { escapeHtml } from "../escape-html.ts";

/** What the page shows. */
export type ActPage =
  | {
      readonly kind: "ask";
      /** What the button says. */
      readonly label: string;
      readonly subject: string;
      readonly title: string;
      readonly standing: string;
      readonly will: string;
    }
  | { readonly kind: "done"; readonly label: string; readonly words: string }
  | { readonly kind: "refused"; readonly heading: string; readonly words: string };

/** Of whoever presses the button. */
export const longestName = 64;

const style = `
:root {
  color-scheme: light dark;
  --ground: #f6f6f4; --surface: #fff; --line: #cfcec7; --text: #1a1d29; --muted: #63676f; --accent: #3f55bd; --on-accent: #fff; --good: #22795a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0c111d; --surface: #121929; --line: #35415a; --text: #e4e8f1; --muted: #94a0b5; --accent: #9aabff; --on-accent: #0c111d; --good: #5cc295;
  }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 32rem; margin: 4vh auto 0; padding: 1.25rem; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; overflow-wrap: anywhere; }
header { color: var(--muted); font-size: .875rem; }
h1 { margin: .25rem 0 .75rem; font-size: 1.375rem; line-height: 1.25; }
.done h1 { color: var(--good); }
p { margin: 0 0 1rem; }
dl { margin: 0 0 1.25rem; padding: .75rem 0; border-block: 1px solid var(--line); }
dt { color: var(--muted); font-size: .875rem; }
dd { margin: 0; }
dd + dt { margin-top: .5rem; }
label { display: block; margin-bottom: 1rem; color: var(--muted); font-size: .875rem; }
input { display: block; width: 100%; margin-top: .25rem; padding: .625rem .75rem; border: 1px solid var(--line); border-radius: 8px; background: var(--ground); color: var(--text); font: 1rem/1.4 inherit; font-family: inherit; }
button { width: 100%; min-height: 48px; padding: .625rem 1rem; border: 0; border-radius: 8px; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer; }
input:focus-visible, button:focus-visible, a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
code { font-size: .9em; }
a { color: var(--accent); }
footer { margin-top: 1rem; color: var(--muted); font-size: .875rem; }
`;

/** Only the style above, and a form to this server. */
export const actPageHeaders = {
  "content-security-policy": [
    "default-src 'none'",
    `style-src 'sha256-${hash("sha256", style, "base64")}'`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; "),
  "cache-control": "no-store",
  // The address of the page is what allows the deed: it must not reach whoever is linked to.
  "referrer-policy": "no-referrer",
  "x-robots-tag": "noindex, nofollow",
} as const;

export function actPage(page: ActPage): string {
  const heading = page.kind === "ask" ? `${page.label}?` : page.kind === "done" ? `Done: ${page.label}` : page.heading;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(heading)} · Midwatch</title>
<style>${style}</style>
</head>
<body>
<main class="${page.kind}">
<header>Midwatch</header>
<h1>${escapeHtml(heading)}</h1>
${page.kind === "ask" ? question(page) : `<p>${words(page.words)}</p>`}
<footer><a href="/">Open the dashboard</a></footer>
</main>
</body>
</html>
`;
}

function question({ label, subject, title, standing, will }: Extract<ActPage, { kind: "ask" }>): string {
  return `<p>${words(will)}</p>
<dl>
<dt>About</dt><dd>${escapeHtml(subject)}</dd>
<dt>What</dt><dd>${escapeHtml(title)}</dd>
<dt>Now</dt><dd>${escapeHtml(standing)}</dd>
</dl>
<form method="post">
<label>Your name, for the record (may be left empty)
<input name="by" maxlength="${longestName}" autocomplete="name"></label>
<button type="submit">${escapeHtml(label)}</button>
</form>`;
}

/** Commands stand in backticks. */
function words(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}
