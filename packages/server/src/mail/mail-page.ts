import { escapeHtml } from "../escape-html.ts";
import { colour, darkStyle, sans } from "./mail-style.ts";

export interface MailPage {
  readonly title: string;
  /** What a list of mails shows after the subject. */
  readonly preview: string;
  /** The colour of the bar at the top. */
  readonly tone: "bad" | "doubtful" | "good" | "calm";
  /** HTML, from top to bottom. */
  readonly rows: readonly string[];
  readonly foot: string;
}

const table = 'role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"';

/** The frame of every mail: one column of at most 600 px that loads nothing and reads in order where its style is dropped. */
export function mailPage({ title, preview, tone, rows, foot }: MailPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no">
<title>${escapeHtml(title)}</title>
<style>${darkStyle}
</style>
</head>
<body class="ground" style="margin:0;padding:0;background:${colour.ground};-webkit-text-size-adjust:100%">
<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">${escapeHtml(onOneLine(preview))}</div>
<table ${table} class="ground" style="background:${colour.ground}"><tr><td align="center" style="padding:24px 12px 32px">
<!--[if mso]><table role="presentation" width="600" cellpadding="0" cellspacing="0"><tr><td><![endif]-->
<table ${table} style="max-width:600px;table-layout:fixed">
<tr><td class="bar-${tone}" style="height:4px;line-height:4px;font-size:0;background:${colour[tone]};border-radius:10px 10px 0 0">&nbsp;</td></tr>
<tr><td class="surface" align="left" style="padding:24px 24px 4px;background:${colour.surface};border:1px solid ${colour.line};border-top:0;border-radius:0 0 10px 10px">
<table ${table} style="table-layout:fixed">
${rows.map((row) => `<tr><td align="left" style="padding:0 0 20px">${row}</td></tr>`).join("\n")}
</table>
</td></tr>
<tr><td class="dim" align="left" style="padding:14px 24px 0;font:400 12px/18px ${sans};color:${colour.dim}">${escapeHtml(foot)}</td></tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</td></tr></table>
</body>
</html>
`;
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, 140).toWellFormed();
}
