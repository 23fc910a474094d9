// Takes secrets out of what leaves the machine. Three ways to know one: it stands behind a name that says so (api_key=…,
// --token …, Authorization: …), it looks like one (sk-…, a private key, a URL with a password), or it is the value of
// such a name in the agent's own environment, wherever it turns up again. When in doubt it is taken out: a missing word
// in a stack trace costs less than a key in a chat. Plain words of this trade are spared: "tokens: 1200" is no secret.

export const redacted = "[redacted]";

/** In a variable's name these letters are enough, wherever they stand. `PWD` is where a shell stands, not a password. */
const secretInName =
  /key|token|secret|pass(?!ive)|_pwd|pwd_|auth(?!or)|cookie|credential|dsn|private|signature|jwt|bearer/i;

/** Shorter values of secret variables ("true", "none") would take ordinary words out of the text. */
const shortestKnown = 8;
const longestText = 512 * 1024;

const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const urlCredentials = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#"'<>]{1,500}@/gi;
const header =
  /\b((?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]{0,30}key|x-[a-z-]{0,30}token)(["']?\s{0,3}[:=]\s{0,3}["']?)[^"'\r\n]+/gi;
const scheme = /\b(bearer)\s+[\w.~+/=-]{6,}|\b(basic|token)\s+(?=[\w.~+/=-]*\d)[\w.~+/=-]{8,}/gi;
/** What stands before a value: `name=`, `name: `, `"name": "`. Taken whole, so that the search stays linear. */
const naming = /(?<![\w.-])([\w.-]{1,100})(["']?\s{0,3}[=:]\s{0,3})/g;
const namedValue = /"[^"\r\n]*"|'[^'\r\n]*'|[^\s,;&"'[\]{}()]+/y;
/** `--api-key value`, as in a command line. */
const option = /(?<!\S)(--?[\w-]{1,60})(\s{1,3})(?!-)(\S+)/g;
/** In running text the last word of a name tells: `api_key`, `clientSecret`, but not `key_count` and not `tokens`. */
const secretWord =
  /(?:^|[^a-z])(?:(?:api)?key|token|secret|passwords?|passwd|passphrase|pwd|credentials?|dsn|cookie|jwt)$/i;
const secretHump = /[a-z](?:Key|Token|Secret|Password|Credentials?)$/;
const shapes = new RegExp(
  `(?<![A-Za-z0-9_-])(?:${[
    "sk-[\\w-]{6,}",
    "(?:sk|rk|pk)_(?:live|test)_\\w{6,}",
    "mw_[\\w-]{4,}",
    "(?:AKIA|ASIA)[0-9A-Z]{12,}",
    "gh[pousr]_\\w{10,}",
    "github_pat_\\w{10,}",
    "glpat-[\\w-]{10,}",
    "xox[a-z]-[\\w-]{8,}",
    "AIza[\\w-]{20,}",
    "ya29\\.[\\w-]{10,}",
    "SG\\.[\\w.-]{20,}",
    "(?:hf|gsk|npm|r8)_[A-Za-z0-9]{12,}",
    "(?:xai|pplx|pypi)-[\\w-]{12,}",
    "eyJ[\\w-]{8,}\\.[\\w-]{4,}(?:\\.[\\w-]*)?",
  ].join("|")})`,
  "g",
);

/** The text without its secrets. `known` are values that are secret wherever they stand, as `secretValues` finds them. */
export function redactText(text: string, known: readonly string[] = []): string {
  let rest = text.length > longestText ? text.slice(0, longestText) : text;
  for (const value of known) rest = rest.replaceAll(value, redacted);
  const shown = rest
    .replace(privateKey, redacted)
    .replace(urlCredentials, `$1${redacted}@`)
    .replace(header, `$1$2${redacted}`)
    .replace(scheme, (_all, bearer: string | undefined, other: string | undefined) => `${bearer ?? other} ${redacted}`)
    .replace(shapes, redacted)
    .replace(option, (all: string, name: string, space: string, value: string) =>
      isSecret(name, "=", value) ? `${name}${space}${redacted}` : all,
    );
  return redactNamed(shown);
}

/** A value that is no secret may hold the next name: `Environment=API_TOKEN=…`; so only secret ones are stepped over. */
function redactNamed(text: string): string {
  let shown = "";
  let copied = 0;
  naming.lastIndex = 0;
  for (let found = naming.exec(text); found; found = naming.exec(text)) {
    const [, name = "", between = ""] = found;
    namedValue.lastIndex = naming.lastIndex;
    const value = namedValue.exec(text)?.[0];
    if (value === undefined || !isSecret(name, between, value)) continue;
    shown += text.slice(copied, naming.lastIndex) + redactKeepingQuotes(value);
    copied = naming.lastIndex += value.length;
  }
  return shown + text.slice(copied);
}

/** Small numbers and yes or no are settings; `key: …` alone is mostly the key of a map. */
function isSecret(name: string, between: string, value: string): boolean {
  if (!secretWord.test(name) && !secretHump.test(name)) return false;
  if (/^["']?(?:\d{1,5}|true|false|null|none|undefined|\[redacted\]?)["']?$/i.test(value)) return false;
  return !(/^key$/i.test(name) && between.includes(":"));
}

function redactKeepingQuotes(value: string): string {
  const quote = /^["']/.exec(value)?.[0] ?? "";
  return `${quote}${redacted}${quote}`;
}

/** The value of an environment variable as it may be shown. */
export function redactVariable(name: string, value: string): string {
  if (value === "") return value;
  return secretInName.test(name) || looksRandom(value) ? redacted : redactText(value);
}

/** Long, without spaces or dots, of letters and digits: a key with no name. A UUID is a name, not a key. */
function looksRandom(value: string): boolean {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) return false;
  return /^(?=.*\d)(?=.*[A-Za-z])[\w+=-]{32,}$/.test(value);
}

/** A file of secrets is not itself one, and its folder is part of every line of a stack. */
function isPath(value: string): boolean {
  return /^(?:\/[\w.@-]+)+\/?$/.test(value);
}

/** The values of an environment that must not show anywhere else either, longest first. */
export function secretValues(environment: readonly (readonly [name: string, value: string])[]): readonly string[] {
  const values = environment
    .filter(([name, value]) => secretInName.test(name) || looksRandom(value))
    .filter(([, value]) => value.length >= shortestKnown && !isPath(value))
    .map(([, value]) => value);
  return [...new Set(values)].toSorted((a, b) => b.length - a.length);
}
