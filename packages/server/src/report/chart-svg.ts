import type { Chart, Tone } from "./charts.ts";
import { escapeHtml } from "../escape-html.ts";

const [width, height, labelHeight] = [720, 120, 18];

/** A chart inside an HTML page: it takes its colours from there, and tells each column's number to a pointer. */
export function chartSvg(chart: Chart): string {
  const { title, caption, columns } = chart;
  const step = width / Math.max(1, columns.length);
  const gap = Math.min(3, step * 0.2);
  const drawn = columns.map(({ label, words, parts }, index) => {
    let top = height;
    const rects = parts.map(({ share, tone }) => {
      // What is there is seen, however small it is.
      const tall = share > 0 ? Math.max(1, share * height) : 0;
      top -= tall;
      return `<rect class="${classOf[tone]}" x="${round(index * step)}" y="${round(Math.max(0, top))}" width="${round(step - gap)}" height="${round(tall)}"/>`;
    });
    return `<g><title>${escapeHtml(`${label}: ${words}`)}</title>${rects.join("")}</g>`;
  });
  const label = (text: string, x: number, anchor: string): string =>
    `<text x="${x}" y="${height + labelHeight - 4}" text-anchor="${anchor}">${escapeHtml(text)}</text>`;
  return [
    `<figure>`,
    `<figcaption>${escapeHtml(title)}</figcaption>`,
    `<svg viewBox="0 0 ${width} ${height + labelHeight}" role="img" aria-label="${escapeHtml(`${title}: ${caption}`)}">`,
    `<line x1="0" y1="${height}" x2="${width}" y2="${height}"/>`,
    ...drawn,
    label(columns[0]?.label ?? "", 0, "start"),
    label(columns.at(-1)?.label ?? "", width, "end"),
    `</svg>`,
    `<p class="note">${escapeHtml(caption)}</p>`,
    `</figure>`,
  ].join("\n");
}

const classOf: Readonly<Record<Tone, string>> = { plain: "c", now: "n", good: "g", bad: "b" };

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
