import type { JSX } from "preact";

/** There is no password: whoever started the server holds the link. */
export function SignIn(): JSX.Element {
  return (
    <section class="welcome">
      <h1>Sign in with the link from the terminal</h1>
      <p>
        When Midwatch starts, by <code>npm start</code> or <code>midwatch up</code>, it prints a link to this page. The
        link works once and signs this browser in.
      </p>
      <p class="muted">
        Used it already, or lost it? Start Midwatch again in that terminal: your agents carry on, and a new link is
        printed.
      </p>
    </section>
  );
}
