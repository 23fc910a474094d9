import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { api, session } from "../api.ts";
import { now } from "../clock.ts";
import { fleet, serverVersion } from "../live-fleet.ts";
import type { Route } from "../route.ts";
import { spellLocal, spellUtc } from "../spell-time.ts";
import { LinkState } from "./link-state.tsx";

const logo = new URL("../icons/watch.svg", import.meta.url).href;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

interface PageTopProps {
  readonly page: Route["page"];
  readonly signedOut: boolean;
}

export function PageTop({ page, signedOut }: PageTopProps): JSX.Element {
  return (
    <header class="top">
      <a class="brand" href="#/" aria-label="Midwatch: the fleet">
        <img src={logo} alt="" width="26" height="26" />
        <span>Midwatch</span>
      </a>
      {!signedOut && (
        <>
          <nav aria-label="Pages">
            <a href="#/" aria-current={page === "fleet" ? "page" : undefined}>
              Fleet
            </a>
            <a href="#/incidents" aria-current={page === "incidents" ? "page" : undefined}>
              Incidents <OpenCount />
            </a>
            <a
              href="/api/v1/reports/daily?date=today&format=html"
              title="Today until now, as it is told each morning of the day before"
            >
              Report
            </a>
          </nav>
          <LinkState />
          <Clock />
        </>
      )}
    </header>
  );
}

/** Open incidents that a person may have to look at; those for the report are not counted. */
function OpenCount(): JSX.Element | null {
  const count = useComputed(() => {
    let open = 0;
    for (const agent of fleet.value.values()) for (const one of agent.incidents) if (one.severity !== "info") open += 1;
    return open;
  }).value;
  return count === 0 ? null : (
    <span class="count">
      {count}
      <span class="label"> open</span>
    </span>
  );
}

/** A watch has a clock. It also shows at a glance that the page is not frozen. */
function Clock(): JSX.Element {
  const text = useComputed(() => spellLocal(now.value, now.value, true));
  const exact = useComputed(() => spellUtc(new Date(now.value).toISOString()));
  return (
    <time class="clock" title={exact}>
      {text}
    </time>
  );
}

export function PageFoot(): JSX.Element {
  return (
    <footer class="foot">
      <span>
        {serverVersion.value === "" ? "Midwatch" : `Midwatch ${serverVersion.value}`} · times in {zone}, exact UTC on
        hover
      </span>
      <button type="button" class="quiet" onClick={() => void signOut()}>
        Sign out
      </button>
    </footer>
  );
}

async function signOut(): Promise<void> {
  const answer = await api.signOut();
  if (answer.ok) session.value = "signed-out";
}
