/*
 * Mail programs are not browsers. Many drop a <style> element, Outlook for Windows knows tables better than anything newer, and none
 * runs a script. So everything stands in `style` attributes, as a light page; the one <style> element only turns it dark where it is
 * understood, and is missed nowhere else. The colours are the dashboard's.
 */

export const sans = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";
export const mono = "ui-monospace,'SF Mono','Cascadia Mono','DejaVu Sans Mono',Menlo,Consolas,monospace";

export const colour = {
  ground: "#f6f6f4",
  surface: "#ffffff",
  line: "#e6e5e0",
  lineStrong: "#cfcec7",
  ink: "#1a1d29",
  dim: "#63676f",
  accent: "#3f55bd",
  bad: "#bd2b2b",
  doubtful: "#935600",
  good: "#22795a",
  calm: "#3f55bd",
} as const;

export const darkStyle = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .ground { background: #0c111d !important; }
  .surface { background: #121929 !important; border-color: #1f2839 !important; }
  .sunk { background: #0c111d !important; border-color: #1f2839 !important; }
  .line { border-color: #1f2839 !important; }
  .ink { color: #e4e8f1 !important; }
  .dim { color: #94a0b5 !important; }
  .bad { color: #f58680 !important; }
  .doubtful { color: #e6b058 !important; }
  .good { color: #5cc295 !important; }
  .calm { color: #9aabff !important; }
  .bar-bad { background: #f58680 !important; }
  .bar-doubtful { background: #e6b058 !important; }
  .bar-good { background: #5cc295 !important; }
  .bar-calm { background: #9aabff !important; }
  .main-button { background: #9aabff !important; border-color: #9aabff !important; }
  .main-button a { color: #121929 !important; }
  .button { background: #121929 !important; border-color: #35415a !important; }
  .button a { color: #e4e8f1 !important; }
}`;

/** A name without a space must not make the page wider than the phone. */
export const breaking = "overflow-wrap:anywhere;word-break:break-word";
