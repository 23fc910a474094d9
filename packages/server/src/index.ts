export type { WatcherSettings } from "./watcher/outgoing-heartbeat.ts";
export type { ReportPlan } from "./report/schedule.ts";
export { startServer, type RunningServer } from "./server.ts";
export type { ServerOptions } from "./options.ts";
export type { OwnPrice, OwnPrices, OwnRates } from "./pricing/own-prices.ts";
export { ConfigError } from "./errors.ts";
export { createChannel, channelTypes } from "./channels/create-channel.ts";
export type {
  Channel,
  ChannelConfigError,
  ChannelResult,
  ChannelSurroundings,
  MailBody,
  MailPicture,
  SendOutcome,
} from "./channels/channel.ts";
export { textLog, type Log } from "./log.ts";
export { steadyClock, systemClock, type Clock } from "./clock.ts";
