import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { api, session } from "../api.ts";
import { headlineOf } from "../headline.ts";
import { fleet, loaded, serverVersion, stale } from "../live-fleet.ts";
import { parseRoute } from "../route.ts";
import { AgentPage } from "./agent-page.tsx";
import { EmptyFleet } from "./empty-fleet.tsx";
import { FleetPage } from "./fleet-page.tsx";
import { SignIn } from "./sign-in.tsx";
import { TooltipLayer } from "./tooltip-layer.tsx";

const route = signal(parseRoute(location.hash));
window.addEventListener("hashchange", () => {
  route.value = parseRoute(location.hash);
});

export function App(): JSX.Element {
  const main = useRef<HTMLElement>(null);
  useTitle();
  useFocusOnNewPage(main);
  const signedOut = session.value === "signed-out";
  return (
    <>
      <a class="skip-link" href="#main" onClick={(event) => skipTo(event, main.current)}>
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="#/" aria-label="Midwatch: the fleet">
          <img src={logo} alt="" width="24" height="24" />
          Midwatch
        </a>
        {!signedOut && loaded.value && <Session />}
      </header>
      {stale.value && !signedOut && (
        <p class="banner" role="alert">
          Not live: nothing was heard from the server for a while. What you see may be old; trying again.
        </p>
      )}
      <main id="main" tabIndex={-1} ref={main}>
        {signedOut ? <SignIn /> : <CurrentPage />}
      </main>
      <TooltipLayer />
    </>
  );
}

const logo = new URL("../icons/watch.svg", import.meta.url).href;

function CurrentPage(): JSX.Element {
  const current = route.value;
  if (!loaded.value) return <Loading />;
  if (current.page === "agent") return <AgentPage key={current.name} name={current.name} />;
  return fleet.value.size === 0 ? <EmptyFleet /> : <FleetPage />;
}

function Loading(): JSX.Element {
  return (
    <p class="loading" role="status">
      {stale.value ? "The server does not answer yet." : "Looking at the fleet…"}
    </p>
  );
}

function Session(): JSX.Element {
  return (
    <div class="session">
      {serverVersion.value !== "" && <span class="muted">v{serverVersion.value}</span>}
      <button type="button" class="quiet" onClick={() => void signOut()}>
        Sign out
      </button>
    </div>
  );
}

async function signOut(): Promise<void> {
  const answer = await api.signOut();
  if (answer.ok) session.value = "signed-out";
}

/** The tab says what the page says, so that a glance at the tab bar is enough. */
function useTitle(): void {
  const current = route.value;
  const agents = [...fleet.value.values()];
  const { attention, sentence } = headlineOf(agents);
  const alarm = attention === "down" || attention === "needs-you";
  const title = current.page === "agent" ? current.name : alarm ? sentence : "";
  useEffect(() => {
    document.title = title === "" ? "Midwatch" : `${title} · Midwatch`;
  }, [title]);
}

/** A new page starts at its top, also for those who hear it. */
function useFocusOnNewPage(main: { readonly current: HTMLElement | null }): void {
  const current = route.value;
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) {
      main.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
    first.current = false;
  }, [current]);
}

function skipTo(event: Event, target: HTMLElement | null): void {
  // The hash is the route, so that the link must not change it.
  event.preventDefault();
  target?.focus();
}
