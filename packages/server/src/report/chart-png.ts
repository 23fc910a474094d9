// A chart for mail: programs show no SVG. Only areas of colour on white, at twice the size for sharp screens; what has letters
// stands around it as text.

import { encode } from "fast-png";
import type { Chart, Tone } from "./charts.ts";

/** In pixels of the picture; it is shown at half of it. */
export const chartSize = { width: 1_120, height: 200 } as const;

type Colour = readonly [red: number, green: number, blue: number];

const white: Colour = [255, 255, 255];
const lineColour: Colour = [208, 215, 222];
const colours: Readonly<Record<Tone, Colour>> = {
  plain: [140, 166, 204],
  now: [31, 78, 149],
  good: [86, 150, 104],
  bad: [190, 52, 52],
};

export function chartPng({ columns }: Chart): Buffer {
  const { width, height } = chartSize;
  const data = new Uint8Array(width * height * 3);
  const fill = (area: { x: number; y: number; width: number; height: number }, colour: Colour): void => {
    const [left, right] = [Math.max(0, Math.round(area.x)), Math.min(width, Math.round(area.x + area.width))];
    const [top, bottom] = [Math.max(0, Math.round(area.y)), Math.min(height, Math.round(area.y + area.height))];
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) data.set(colour, (y * width + x) * 3);
    }
  };
  fill({ x: 0, y: 0, width, height }, white);
  const base = height - 2;
  const step = width / Math.max(1, columns.length);
  const gap = Math.min(6, step * 0.2);
  columns.forEach(({ parts }, index) => {
    let top = base;
    for (const { share, tone } of parts) {
      // What is there is seen, however small it is.
      const tall = share > 0 ? Math.max(2, share * base) : 0;
      top -= tall;
      fill({ x: index * step, y: top, width: step - gap, height: tall }, colours[tone]);
    }
  });
  fill({ x: 0, y: base, width, height: 2 }, lineColour);
  return Buffer.from(encode({ width, height, data, channels: 3, depth: 8 }));
}
