import { existsSync } from "node:fs";
import type { TestContext } from "node:test";
import { chromium, type Browser, type Page } from "playwright-core";

const usualPlaces = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].map(
  (name) => `/usr/bin/${name}`,
);
const macPlace = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** A Chromium of this machine, from `CHROMIUM` or the usual places; null when there is none. */
export function findChromium(): string | null {
  const asked = process.env["CHROMIUM"];
  return [...(asked === undefined ? [] : [asked]), ...usualPlaces, macPlace].find((path) => existsSync(path)) ?? null;
}

/** Marks the test as skipped, loudly, because a page that nobody looked at is not a page that works. */
export function skipWithoutChromium(t: TestContext): void {
  const why = "there is no Chromium on this machine; install one, or name it: CHROMIUM=/path/to/chromium";
  console.error(`SKIPPED: ${t.name}: ${why}`);
  t.skip(why);
}

/** A page in a real browser of its own, and everything that its console complained about. Gone after the test. */
export async function openPage(
  t: TestContext,
  executablePath: string,
): Promise<{ readonly page: Page; readonly complaints: readonly string[] }> {
  const browser: Browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return { page, complaints };
}
