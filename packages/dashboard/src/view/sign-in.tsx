import type { JSX } from "preact";
import { CodeBlock } from "./code-block.tsx";

/** There is no password: whoever started the server holds the link. */
export function SignIn(): JSX.Element {
  return (
    <section class="welcome sign-in">
      <h1>Sign in with the link from the terminal</h1>
      <p class="lead">
        There is no password. When Midwatch starts, it prints a link to this page. The link works once, for half an
        hour, and signs this browser in.
      </p>
      <CodeBlock code="midwatch up" label="Start Midwatch" lines={1} />
      <p class="muted">Used it already, or lost it? Run that again: your agents carry on, and a new link is printed.</p>
    </section>
  );
}
