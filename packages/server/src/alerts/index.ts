// What a configuration says of alerts, without the server that acts on it.

export { alertDefaults, type AlertMatch, type AlertSettings } from "./alert-settings.ts";
export { localMoment, type Weekday } from "./windows.ts";
