import { hash } from "node:crypto";
import { escapeHtml } from "../escape-html.ts";

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { display: grid; place-items: center; min-height: 90vh; margin: 0 1rem; }
main { max-width: 26rem; }
h1 { font-size: 1.25rem; margin: 0 0 .5rem; }
p { margin: 0 0 1.25rem; }
button { font: inherit; padding: .6rem 1.4rem; border: 0; border-radius: .4rem; background: #1f5fbf; color: #fff; cursor: pointer; }
button:focus-visible { outline: 3px solid #7fb0ff; outline-offset: 2px; }
code { font-size: .95em; }
`;

/** Only the style above, and a form to this server. */
export const signInPagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${hash("sha256", style, "base64")}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

/** Where a link leads, on whatever address this server has. */
export function signInPath(token: string): string {
  return `/sign-in?token=${token}`;
}

/** The page behind the link; null is a link that cannot be used (any more). */
export function signInPage(token: string | null): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Sign in · Midwatch</title>
<style>${style}</style>
</head>
<body>
<main>
${token === null ? refused : form(token)}
</main>
</body>
</html>
`;
}

const refused = `<h1>This link does not work any more</h1>
<p>A sign-in link works once and for 30 minutes. <code>midwatch link</code> in a terminal of its machine prints a new one.</p>`;

function form(token: string): string {
  return `<h1>Sign in to Midwatch</h1>
<p>This signs in this browser, for 30 days. The link works once.</p>
<form method="post" action="sign-in">
<input type="hidden" name="token" value="${escapeHtml(token)}">
<button type="submit" autofocus>Sign in</button>
</form>`;
}
