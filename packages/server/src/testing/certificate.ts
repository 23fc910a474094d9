import { generate } from "selfsigned";

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** One that vouches for itself, so that it is its own authority. */
export async function certificateFor(name: string, from = Date.now() - 60_000, days = 2): Promise<Certificate> {
  const made = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(from),
    notAfterDate: new Date(from + days * 86_400_000),
    extensions: [
      { name: "subjectAltName", altNames: [name === "127.0.0.1" ? { type: 7, ip: name } : { type: 2, value: name }] },
    ],
  });
  return { key: made.private, cert: made.cert };
}
