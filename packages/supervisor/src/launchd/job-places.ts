// Where one job is: in which domains it is loaded, in which it is disabled, and the file that it is loaded from.

import { SupervisorError } from "../failure.ts";
import { domainsFor, domainsOf, findJobFile, usualJobFolders, type JobFile, type JobFolders } from "./job-file.ts";
import { isDisabledIn, parseJobPrint, type JobPrint } from "./job-print.ts";
import { explain, isAbsent, type Launchctl, type LaunchctlAnswer } from "./launchctl.ts";

export interface PlaceOptions {
  readonly label: string;
  /** Whose domains are looked in; the user of this process unless it is given. */
  readonly uid?: number;
  /** The job's file; null searches the usual folders. */
  readonly plist?: string | null;
  readonly folders?: JobFolders;
  readonly plutil?: readonly string[];
}

export interface Loaded {
  readonly domain: string;
  readonly job: JobPrint;
  /** All that `print` says. */
  readonly text: string;
}

export class JobPlaces {
  readonly label: string;
  readonly domains: readonly string[];
  readonly #options: PlaceOptions;
  readonly #launchctl: Launchctl;
  readonly #uid: number;
  /** Where it was found last, so that one question is enough. */
  #domain: string | null = null;
  #file: JobFile | null = null;

  constructor(options: PlaceOptions, launchctl: Launchctl) {
    this.#options = options;
    this.#launchctl = launchctl;
    this.#uid = options.uid ?? process.getuid?.() ?? 0;
    this.label = options.label;
    this.domains = domainsOf(this.#uid);
  }

  /** Where it is loaded; null when it is loaded nowhere. */
  async find(giveUpAt: number): Promise<Loaded | null> {
    const known = this.#domain;
    const order = known === null ? this.domains : [known, ...this.domains.filter((domain) => domain !== known)];
    for (const domain of order) {
      const found = await this.findIn(domain, giveUpAt);
      if (found === null) continue;
      this.#domain = domain;
      return found;
    }
    return null;
  }

  /** Every place where it is loaded; more than one is a fault. */
  async everywhere(giveUpAt: number): Promise<readonly Loaded[]> {
    const found: Loaded[] = [];
    for (const domain of this.domains) {
      const one = await this.findIn(domain, giveUpAt);
      if (one !== null) found.push(one);
    }
    return found;
  }

  async findIn(domain: string, giveUpAt: number): Promise<Loaded | null> {
    const answer = await this.#launchctl(["print", `${domain}/${this.label}`], giveUpAt);
    if (answer.status === 0) return { domain, job: parseJobPrint(answer.output), text: answer.output };
    if (isAbsent(answer)) return null;
    throw this.failed(answer, domain);
  }

  async isDisabled(domain: string, giveUpAt: number): Promise<boolean> {
    const answer = await this.#launchctl(["print-disabled", domain], giveUpAt);
    return answer.status === 0 && isDisabledIn(answer.output, this.label);
  }

  /** Read anew each time: people edit these files while the job is down. */
  async file(): Promise<JobFile | null> {
    const { label, plist = null, folders = usualJobFolders, plutil = ["plutil"] } = this.#options;
    // Where it was last comes first: a search through folders is for once.
    const path = plist ?? this.#file?.path ?? null;
    const found = path === null ? null : await findJobFile({ label, path, folders, plutil });
    this.#file = found ?? (plist === null ? await findJobFile({ label, path: null, folders, plutil }) : null);
    return this.#file;
  }

  /** Where this file would be loaded, the best first. */
  domainsFor(file: JobFile): readonly string[] {
    return domainsFor(file, this.#uid);
  }

  /** The domain that would load it at the next boot or login. */
  bootDomains(file: JobFile | null): readonly string[] {
    return file === null ? [] : this.domainsFor(file).slice(0, 1);
  }

  /** A sentence for a job that launchd does not know and that has no file. */
  get nowhere(): string {
    const { label, plist, folders = usualJobFolders } = this.#options;
    const looked = plist ?? [...folders.agents, ...folders.daemons].join(", ");
    return `launchd knows no job ${label} in ${this.domains.join(", ")}, and there is no plist with this Label in ${looked}. Check the label in midwatch.yaml, or put its plist there.`;
  }

  failed(answer: LaunchctlAnswer, domain: string): SupervisorError {
    const reason = explain(answer, { label: this.label, domain });
    return new SupervisorError("platform_unavailable", reason, { retryable: true });
  }
}
