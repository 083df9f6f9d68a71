/** A server of our own: the built binary on a data directory that is thrown away. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const repository = resolve(import.meta.dirname, "../../..");

/** The binary: the one named, or the last one built here. */
function binary(): string {
  const named = process.env.OPENCHAT_BIN;
  const target = process.env.CARGO_TARGET_DIR ?? join(repository, "target");
  const found = [named, join(target, "release/openchat"), join(target, "debug/openchat")].find(
    (path) => path && existsSync(path),
  );
  if (!found) throw new Error("There is no openchat binary; build it first, or name it in OPENCHAT_BIN.");
  return found;
}

export class OpenChat {
  readonly #data = mkdtempSync(join(tmpdir(), "openchat-e2e-"));
  #process: ChildProcess | null = null;
  #address = "127.0.0.1:0";
  /** What it is told beside `serve`. */
  #more: string[] = [];
  /** Settings that it runs with. Without any it offers no calls, whatever this machine has. */
  #settings: Record<string, string> = {};
  url = "";

  static async start(more: string[] = [], settings: Record<string, string> = { OC_CALLS: "off" }): Promise<OpenChat> {
    const it = new OpenChat();
    it.#more = more;
    it.#settings = settings;
    // Under root the database runs as another user, who has to get there.
    chmodSync(it.#data, 0o711);
    await it.run();
    return it;
  }

  /** Where it keeps everything. */
  get data(): string {
    return join(this.#data, "data");
  }

  /** Starts it, where it was before if it has run already. */
  async run(): Promise<void> {
    const env = { ...process.env, OC_DATA_DIR: this.data, OC_HTTP_ADDR: this.#address, ...this.#settings };
    const child = spawn(binary(), ["serve", ...this.#more], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    let said = "";
    child.stderr.on("data", (chunk) => (said += chunk));
    this.url = await new Promise((found, failed) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const url = /^OpenChat serves on (\S+)/.exec(line)?.[1];
        if (url) found(url);
      });
      child.once("exit", (code) => failed(new Error(`openchat ended with ${code}:\n${said}`)));
    });
    this.#address = new URL(this.url).host;
  }

  /** Ends it as a power cut would, or politely. */
  async stop(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await ended;
  }

  async destroy(): Promise<void> {
    await this.stop("SIGTERM");
    rmSync(this.#data, { recursive: true, force: true });
  }
}
