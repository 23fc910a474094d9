import { test } from "node:test";
import { assertSaid } from "../testing/said.ts";
import { judgeBoot } from "./start-at-boot.ts";

test("what starts Midwatch at boot may be a unit, a line of cron or a compose file; nothing at all is told", () => {
  assertSaid(judgeBoot({ starters: ["midwatch.service"], inContainer: false }), [], "a unit");
  assertSaid(judgeBoot({ starters: [], inContainer: false }), [/worth-knowing: nothing starts Midwatch/], "nothing");
  assertSaid(judgeBoot({ starters: [], inContainer: true }), [/unchecked: boot/], "a container");
});
