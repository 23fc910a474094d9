import { render } from "preact";
import { startLiveFleet } from "./live-fleet.ts";
import { App } from "./view/app.tsx";

const root = document.getElementById("app");
if (root) render(<App />, root);
startLiveFleet();
