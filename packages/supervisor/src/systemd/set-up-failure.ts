// Before a unit's program runs, systemd prepares its place: folder, user, files, limits. Where that fails, the status is one
// of systemd's own, 200 and above, and the program has never begun.

const reasons: ReadonlyMap<number, string> = new Map([
  [200, "its WorkingDirectory= cannot be entered"],
  [201, "its Nice= cannot be set"],
  [203, "the program of ExecStart= cannot be executed; look at its path, its rights and its first line"],
  [204, "there was no memory for it"],
  [205, "one of its limits (LimitNOFILE= and the like) cannot be set"],
  [208, "its standard input cannot be set up"],
  [209, "its standard output cannot be set up; look at the path of StandardOutput="],
  [210, "its root folder cannot be changed"],
  [216, "its Group= does not exist or cannot be taken on"],
  [217, "its User= does not exist or cannot be taken on"],
  [218, "a capability it asks for cannot be set"],
  [219, "its control group cannot be set up"],
  [222, "its standard error cannot be set up; look at the path of StandardError="],
  [226, "its name spaces cannot be set up; look at the paths of ProtectSystem=, ReadWritePaths= and the like"],
  [228, "its system call filter cannot be set"],
  [233, "its RuntimeDirectory= cannot be made"],
  [238, "its StateDirectory= cannot be made"],
  [239, "its CacheDirectory= cannot be made"],
  [240, "its LogsDirectory= cannot be made"],
  [241, "its ConfigurationDirectory= cannot be made"],
  [243, "its credentials cannot be read"],
]);

/** Null for a status that may be the program's own word. */
export function explainSetUpFailure(unit: string, status: number): string | null {
  const reason = reasons.get(status);
  return reason === undefined ? null : `systemd could not start ${unit} (status ${status}): ${reason}`;
}
