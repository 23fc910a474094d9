import type { Socket } from "node:net";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import type { DurationMs } from "@midwatch/core";
import type { EmailSettings } from "./email-settings.ts";

/** What became of one message at the server that took it. */
export interface HandedOver {
  readonly accepted: readonly string[];
  readonly refused: readonly RefusedRecipient[];
}

export interface RefusedRecipient {
  readonly address: string;
  /** Three digits; 4xx is for now, 5xx for good. */
  readonly code: number;
  /** The whole reply, as the server wrote it. */
  readonly response: string;
}

export interface Delivery {
  /** Already connected, to an address that was judged. */
  readonly socket: Socket;
  readonly settings: Pick<EmailSettings, "host" | "port" | "tls" | "login" | "from" | "ca">;
  readonly recipients: readonly string[];
  readonly mail: Buffer;
  readonly signal: AbortSignal;
  readonly timeoutMs: DurationMs;
}

/** What a server may take to say good-bye, after everything is said. */
const quitMs: DurationMs = 2_000;

/**
 * Hands one message to a server, over a connection of its own. Rejects with what nodemailer throws, or with the signal's reason. When
 * every recipient is refused that is an answer like any other.
 */
export function deliver(delivery: Delivery): Promise<HandedOver> {
  const { socket, settings, recipients, mail, signal } = delivery;
  const smtp = openConnection(delivery);
  return new Promise<HandedOver>((resolve, reject) => {
    const fail = (error: Error): void => {
      signal.removeEventListener("abort", letGo);
      // First of all: closing is an end of its own, and what came first is what happened.
      reject(error);
      smtp.close();
    };
    const letGo = (): void => {
      fail(signal.reason as Error);
      socket.destroy();
    };
    if (signal.aborted) {
      letGo();
      return;
    }
    signal.addEventListener("abort", letGo, { once: true });
    // Stays for good: an error after the end is nobody's business, and without a listener it would end the process.
    smtp.on("error", fail);
    smtp.on("end", () => fail(new Error("the connection ended")));
    const send = (): void => {
      const envelope = { from: settings.from.address, to: [...recipients], size: mail.length };
      smtp.send(envelope, mail, (error, info) => {
        const refused = refusedOf(error ?? info);
        if (error && refused.length < recipients.length) {
          fail(error);
          return;
        }
        signal.removeEventListener("abort", letGo);
        resolve({ accepted: error ? [] : info.accepted, refused });
        smtp.quit();
        setTimeout(() => smtp.close(), quitMs).unref();
      });
    };
    smtp.connect((failure) => {
      if (failure) {
        fail(failure);
        return;
      }
      if (settings.login === null) {
        send();
        return;
      }
      const { user, password: pass } = settings.login;
      smtp.login({ credentials: { user, pass } }, (error) => (error ? fail(error) : send()));
    });
  });
}

function openConnection({ socket, settings, timeoutMs }: Delivery): SMTPConnection {
  const { host, port, tls, ca } = settings;
  return new SMTPConnection({
    host,
    port,
    connection: socket,
    secure: tls === "implicit",
    // Never falls back to plain text, whatever the server says it can do.
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    // Said out loud, so that no variable of the environment can turn it off.
    tls: { minVersion: "TLSv1.2", rejectUnauthorized: true, ...(ca === null ? {} : { ca }) },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    socketCloseTimeout: 0,
  });
}

/** Each refused recipient with the words it was refused with; nodemailer hangs them on its errors and on its results. */
function refusedOf(result: { readonly rejectedErrors?: unknown } | undefined): readonly RefusedRecipient[] {
  const errors = result?.rejectedErrors;
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((error: { recipient?: unknown; responseCode?: unknown; response?: unknown }) =>
    typeof error.recipient === "string" && typeof error.response === "string"
      ? [{ address: error.recipient, code: Number(error.responseCode) || 0, response: error.response }]
      : [],
  );
}
