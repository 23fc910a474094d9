// Whether an agent has died in the same way again: how it ended, and the last line of its output that names an error, without
// what differs from one death to the next (numbers, addresses, times, paths).
//
// An error that names its cause outside the agent (the network, a rate limit, a full disk) has no fingerprint. Two such deaths
// in a row are two outages, and taking an agent's state away would not end them.

import type { Exit } from "@midwatch/core";

const errorLine =
  /\b\w*(?:error|exception|panic|fault|failure)\b|\bpanicked\b|\bfatal\b|\bassert\w*\b|\babort\w*\b|\btraceback\b|\bcannot\b|\bfailed\b|\binvalid\b/i;
/** Lines of a stack, and what Node.js prints after one. */
const stackLine = /^\s*(?:at |File "|\^+\s*$|Node\.js v|~+)/;
const outside =
  /\bE(?:CONN(?:REFUSED|RESET|ABORTED)|HOSTUNREACH|NETUNREACH|NETDOWN|TIMEDOUT|PIPE|ADDRINUSE|NOSPC|DQUOT|MFILE)\b|\bENOTFOUND\b|\bEAI_AGAIN\b|connection (?:refused|reset|aborted|error|timed out)|name resolution|getaddrinfo|timed? ?out|rate.?limit|too many requests|\b(?:429|502|503|504|529)\b|service unavailable|bad gateway|overloaded|no space left|network is unreachable|fetch failed/i;
const longest = 200;

/** Null for a death that says itself that the state is not to blame. */
export function fingerprintOf(exit: Exit): string | null {
  const line = exit.lastLines.findLast((one) => errorLine.test(one) && !stackLine.test(one));
  if (line !== undefined && outside.test(line)) return null;
  const how = howOf(exit);
  return line === undefined ? how : `${how}: ${normalise(line)}`;
}

function howOf({ code, signal, stoppedFor, oom }: Exit): string {
  if (stoppedFor !== null) return stoppedFor;
  if (oom !== null) return "out of memory";
  if (signal !== null) return signal;
  return code === null ? "end not seen" : `exit ${code}`;
}

function normalise(line: string): string {
  return line
    .replaceAll(/(?:\b[A-Za-z]:)?(?:[\\/][\w.@+~-]+){2,}[\\/]?|\bfile:\/\/\S+/g, "<path>")
    .replaceAll(/\b0x[0-9a-f]+\b/gi, "#")
    .replaceAll(/\b(?=[a-f]*\d)[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b/gi, "#")
    .replaceAll(/\d+(?:[.,:T-]\d+)*Z?/g, "#")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, longest);
}
