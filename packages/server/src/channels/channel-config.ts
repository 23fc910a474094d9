import ipaddr from "ipaddr.js";
import { spellDuration, type DurationMs } from "@midwatch/core";
import { parseDuration } from "@midwatch/protocol";
import { isPrivateHost, mayReach, type AllowPrivate } from "./outgoing/public-address.ts";
import type { ChannelConfigError } from "./channel.ts";

/**
 * Reads one channel's settings, field by field, and collects everything that is wrong instead of stopping at the first: a
 * person mends a file once, not once per error. Call `finish` last: it names the fields nobody asked for, since a misspelt
 * `secert` must not silently send unsigned.
 */
export interface ConfigReader {
  /** `fallback` is for a line left out; without one the line must be there. */
  url(field: string, allowPrivate: AllowPrivate, fallback?: string): URL | null;
  /** `allow_private`: true, false, or a list of ranges. */
  allowPrivate(): AllowPrivate;
  text(field: string): string | null;
  /** Text, or a whole number as text: that is what YAML makes of an id without quotes. */
  id(field: string): string | null;
  flag(field: string): boolean;
  /** What stands there, for a channel that reads it by rules of its own; undefined for a line left out. */
  raw(field: string): unknown;
  /** One of these words; null when the line is left out. */
  choice<Word extends string>(field: string, words: readonly Word[]): Word | null;
  /** A list of texts that are not empty; null when it is left out. */
  texts(field: string): readonly string[] | null;
  /** Names and texts; null when it is left out. */
  named(field: string): Readonly<Record<string, string>> | null;
  duration(field: string, bounds: DurationBounds): DurationMs;
  has(field: string): boolean;
  problem(field: string, message: string): void;
  finish(): readonly ChannelConfigError[];
}

export interface DurationBounds {
  readonly least: DurationMs;
  readonly most: DurationMs;
  /** For a line left out. */
  readonly fallback: DurationMs;
}

export function readConfig(channel: string, config: Readonly<Record<string, unknown>>): ConfigReader {
  const errors: ChannelConfigError[] = [];
  const known = new Set(["type"]);
  const pathOf = (field: string): string => `channels.${channel}.${field}`;
  const problem = (field: string, message: string): void => void errors.push({ path: pathOf(field), message });
  const take = (field: string): unknown => {
    known.add(field);
    return config[field];
  };

  return {
    problem,
    raw: take,
    ...severalReaders(take, problem),
    allowPrivate: () => {
      const value = take("allow_private");
      if (value === undefined || typeof value === "boolean") return value ?? false;
      if (
        Array.isArray(value) &&
        value.every((one): one is string => typeof one === "string" && ipaddr.isValidCIDR(one))
      )
        return value;
      problem("allow_private", 'must be true, false, or a list of ranges such as ["10.0.0.0/8", "fd00::/8"]');
      return false;
    },
    url: (field, allowPrivate, fallback) => {
      const value = take(field) ?? fallback;
      if (typeof value !== "string" || !URL.canParse(value)) {
        problem(field, `must be a whole URL such as "https://example.org/hook"`);
        return null;
      }
      const url = new URL(value);
      const wrong = wrongWith(url, allowPrivate);
      if (wrong !== null) problem(field, wrong);
      return wrong === null ? url : null;
    },
    text: (field) => {
      const value = take(field);
      if (value === undefined || value === null) return null;
      if (typeof value === "string" && value !== "") return value;
      problem(field, "must be text that is not empty; leave the line out to do without");
      return null;
    },
    id: (field) => {
      const value = take(field);
      if (value === undefined || value === null) return null;
      if (typeof value === "string" && value !== "") return value;
      if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
      problem(field, "must be a name or a whole number; leave the line out to do without");
      return null;
    },
    flag: (field) => {
      const value = take(field);
      if (value === undefined || typeof value === "boolean") return value ?? false;
      problem(field, "must be true or false");
      return false;
    },
    has: (field) => config[field] !== undefined && config[field] !== null,
    finish: () => {
      for (const field of Object.keys(config)) {
        if (!known.has(field)) problem(field, `is not a setting of this channel; it has ${[...known].join(", ")}`);
      }
      return errors;
    },
  };
}

/** Readers of what is more than one text. */
function severalReaders(
  take: (field: string) => unknown,
  problem: ConfigReader["problem"],
): Pick<ConfigReader, "choice" | "texts" | "named" | "duration"> {
  return {
    choice: (field, words) => {
      const value = take(field);
      if (value === undefined || value === null) return null;
      const found = words.find((word) => word === value);
      if (found === undefined) problem(field, `must be one of ${words.join(", ")}`);
      return found ?? null;
    },
    texts: (field) => {
      const value = take(field);
      if (value === undefined || value === null) return null;
      if (Array.isArray(value) && value.every((one) => typeof one === "string" && one !== "")) return value as string[];
      problem(field, 'must be a list of texts, such as ["one", "two"]');
      return null;
    },
    named: (field) => {
      const value = take(field);
      if (value === undefined || value === null) return null;
      if (
        typeof value === "object" &&
        !Array.isArray(value) &&
        Object.values(value).every((one) => typeof one === "string")
      )
        return value as Record<string, string>;
      problem(field, "must be a mapping of names to texts");
      return null;
    },
    duration: (field, { least, most, fallback }) => {
      const value = take(field);
      if (value === undefined || value === null) return fallback;
      const read = typeof value === "string" ? parseDuration(value) : null;
      if (read?.ok === true && read.ms >= least && read.ms <= most) return read.ms;
      problem(field, `must be a duration from ${spellDuration(least)} to ${spellDuration(most)}, such as "5s"`);
      return fallback;
    },
  };
}

function wrongWith(url: URL, allowPrivate: AllowPrivate): string | null {
  if (url.protocol !== "https:" && url.protocol !== "http:") return "must start with https:// or http://";
  if (url.username !== "" || url.password !== "") return "must not hold a user or password; they would end up in logs";
  return wrongWithHost(url.hostname, allowPrivate);
}

/** What is wrong with connecting to a host, as far as its name tells. */
export function wrongWithHost(hostname: string, allowPrivate: AllowPrivate): string | null {
  if (isPrivateHost(hostname) && !mayReachHost(hostname, allowPrivate)) {
    return `${hostname} is an address of this machine or of a private network. If that is meant, add "allow_private: true" to this channel, or the range it is in`;
  }
  return null;
}

function mayReachHost(hostname: string, allowed: AllowPrivate): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  // A name is judged by its addresses, when it is connected to.
  return ipaddr.isValid(host) ? mayReach(host, allowed) : allowed !== false;
}
