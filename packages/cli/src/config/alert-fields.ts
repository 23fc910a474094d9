import type { Field, Fields } from "./fields.ts";

const timeOfDay: Field = {
  type: "text",
  pattern: /^([01]\d|2[0-3]):[0-5]\d$/,
  shape: 'a time of day, like "22:00"',
  about: "Local time, in the server's zone.",
};

const channelNames: Field = { type: "texts", about: "Names of channels." };

/** Every part that is given must fit, and within a part any of its values does. */
const matchFields: Fields = {
  agents: { type: "texts", about: "Names of agents; * stands for any characters." },
  tags: { type: "texts", about: "Tags of agents." },
  kinds: { type: "texts", about: "Kinds of incidents, like silent or runaway." },
  severities: { type: "texts", about: "page, warn." },
};

const remind: Field = {
  type: "duration",
  least: "0s",
  most: "7d",
  about: "How often a page that nobody has acknowledged is told again; 0s for never. Default 4h.",
};

const days: Field = {
  type: "texts",
  about: "Days on which it begins: mon, tue, wed, thu, fri, sat, sun. Default: all.",
};

export const alertFields: Fields = {
  to: { type: "texts", about: "Names of the channels that get alerts which fit no route." },
  fallback: {
    type: "text",
    about:
      "The channel through which the supervisor tells people itself while it cannot reach the server. Default: those of `to`.",
  },
  remind,
  gather: {
    type: "duration",
    least: "0s",
    most: "1m",
    about:
      "How long incidents are gathered before they are told, so that what belongs together is one message. Default 2s.",
  },
  routes: {
    type: "rows",
    of: {
      ...matchFields,
      to: channelNames,
      steps: {
        type: "rows",
        of: {
          after: { type: "duration", least: "0s", most: "7d", about: "From the first message on. Default 0s." },
          to: channelNames,
        },
        required: ["to"],
        about: "Who is told after how long, until somebody acknowledges it or it is over.",
      },
      remind,
    },
    required: [],
    about: "Who is told of what. The first that fits is taken; what fits none goes to `to`.",
  },
  quiet_hours: {
    type: "group",
    of: { from: timeOfDay, to: timeOfDay, days },
    about: "Warnings wait for the end and then come as one summary; pages go through.",
  },
  maintenance: {
    type: "rows",
    of: {
      ...matchFields,
      from: { type: "text", about: 'A time of day, "02:00", or one moment, "2026-12-01T02:00"; local.' },
      to: { type: "text", about: "When it ends, written like `from`." },
      days,
      reason: { type: "text", about: "Why, for whoever reads of it." },
    },
    required: ["from", "to"],
    about: "Times in which nothing is told of what fits. What is still open at the end is told then.",
  },
  dependencies: {
    type: "rows",
    of: {
      agents: { type: "texts", about: "Names of agents; * stands for any characters." },
      on: { type: "texts", about: "Agents that have to be up for those to be." },
    },
    required: ["agents", "on"],
    about: "An agent whose dependency is down is not told of, unless it stays down when that one is back.",
  },
  flapping: {
    type: "group",
    of: {
      opens: { type: "count", least: 2, most: 100, about: "So many openings of one kind … Default 4." },
      within: { type: "duration", least: "1m", most: "1d", about: "… within this time are flapping. Default 1h." },
    },
    about: "What comes and goes is told once, and summed up when it is calm.",
  },
};
