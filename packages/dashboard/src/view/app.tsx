import { effect, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { session } from "../api.ts";
import { headlineOf } from "../headline.ts";
import { fleet, link, loaded } from "../live-fleet.ts";
import { parseRoute } from "../route.ts";
import { AgentPage } from "./agent-page.tsx";
import { EmptyFleet } from "./empty-fleet.tsx";
import { FleetPage } from "./fleet-page.tsx";
import { IncidentsPage } from "./incidents-page.tsx";
import { LostBanner } from "./link-state.tsx";
import { PageFoot, PageTop } from "./page-frame.tsx";
import { SignIn } from "./sign-in.tsx";
import { FleetSkeleton } from "./skeleton.tsx";
import { TooltipLayer } from "./tooltip-layer.tsx";

const route = signal(parseRoute(location.hash));
window.addEventListener("hashchange", () => {
  route.value = parseRoute(location.hash);
});

/** The tab says what the page says, so that a glance at the tab bar is enough. */
effect(() => {
  const { attention, sentence } = headlineOf([...fleet.value.values()]);
  const alarm = attention === "down" || attention === "needs-you";
  const current = route.value;
  const title = current.page === "agent" ? current.name : alarm ? sentence : "";
  document.title = title === "" ? "Midwatch" : `${title} · Midwatch`;
});

export function App(): JSX.Element {
  const main = useRef<HTMLElement>(null);
  useFocusOnNewPage(main);
  const signedOut = session.value === "signed-out";
  const lost = link.value.state === "lost" && !signedOut;
  return (
    <>
      <a class="skip-link" href="#main" onClick={(event) => skipTo(event, main.current)}>
        Skip to the content
      </a>
      <PageTop page={route.value.page} signedOut={signedOut} />
      <main id="main" tabIndex={-1} ref={main} class={lost ? "is-old" : ""}>
        {signedOut ? <SignIn /> : <CurrentPage />}
      </main>
      {!signedOut && loaded.value && <PageFoot />}
      {lost && <LostBanner />}
      <TooltipLayer />
    </>
  );
}

function CurrentPage(): JSX.Element {
  const current = route.value;
  if (!loaded.value) return <FleetSkeleton />;
  switch (current.page) {
    case "agent":
      return <AgentPage key={current.name} name={current.name} />;
    case "incidents":
      return <IncidentsPage />;
    case "fleet":
      return fleet.value.size === 0 ? <EmptyFleet /> : <FleetPage />;
  }
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
