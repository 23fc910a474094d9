import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { ApiError } from "../errors.ts";

/** Of a body after decompression. What would be larger is refused without inflating it further. */
export const maxUnpackedBytes = 16 * 1024 * 1024;

export type Compression = "none" | "gzip" | "deflate";

const inflaters = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;

/** Rejects with an `ApiError`: 400 for bytes that are not compressed so, 413 for more than fits. */
export async function unpack(body: Buffer, compression: Compression): Promise<Buffer> {
  if (compression === "none") return body;
  try {
    return await inflaters[compression](body, { maxOutputLength: maxUnpackedBytes });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : null;
    if (code === "ERR_BUFFER_TOO_LARGE") {
      const message = `the body is larger than ${maxUnpackedBytes / 1024 / 1024} MiB when it is unpacked; export smaller batches`;
      throw new ApiError(413, "too_large", message, { cause });
    }
    throw new ApiError(400, "bad_compression", `the body is no ${compression} data, or was cut off`, { cause });
  }
}

/** Null for an encoding that is not known here. */
export function compressionOf(header: string | undefined): Compression | null {
  switch (header?.trim().toLowerCase() ?? "") {
    case "":
    case "identity":
      return "none";
    case "gzip":
    case "x-gzip":
      return "gzip";
    case "deflate":
      return "deflate";
    default:
      return null;
  }
}
