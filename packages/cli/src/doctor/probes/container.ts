import { existsSync } from "node:fs";
import { readSmallFile } from "./small-file.ts";

/** Whether this runs in a container, by the marks that Docker, Podman and Kubernetes leave. */
export function isContainer(): boolean {
  return (
    existsSync("/.dockerenv") ||
    existsSync("/run/.containerenv") ||
    process.env["KUBERNETES_SERVICE_HOST"] !== undefined ||
    /\b(?:docker|kubepods|libpod|containerd)\b/.test(readSmallFile("/proc/1/cgroup") ?? "")
  );
}
