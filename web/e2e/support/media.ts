/** A real media server of the test's own, which can be killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { existsSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join, resolve } from "node:path";

const KEY = "test";
const SECRET = "a secret of the tests, long enough";

/** The program: the one named, one on the path, or the one that the build made. */
function program(): string {
  const built = resolve(import.meta.dirname, "../../../build/livekit");
  const places = [...(process.env.PATH ?? "").split(":"), built].map((dir) => join(dir, "livekit-server"));
  const found = [process.env.OC_LIVEKIT_BIN, ...places].find((path) => path && existsSync(path));
  if (!found) throw new Error("livekit-server is missing: `make livekit` builds it, and needs Go.");
  return found;
}

export class Media {
  private constructor(
    private readonly process: ChildProcess,
    private readonly port: number,
  ) {}

  static async start(): Promise<Media> {
    const [port, udp] = [await freePort(), await freeUdpPort()];
    const config = {
      port,
      bind_addresses: ["127.0.0.1"],
      keys: { [KEY]: SECRET },
      rtc: {
        udp_port: udp,
        tcp_port: 0,
        node_ip: "127.0.0.1",
        use_external_ip: false,
        enable_loopback_candidate: true,
        interfaces: { includes: ["lo", "lo0"] },
        ips: { includes: ["127.0.0.1/32"] },
      },
      room: { auto_create: false },
      logging: { level: "error" },
    };
    const env = { ...process.env, LIVEKIT_CONFIG: JSON.stringify(config) };
    const child = spawn(program(), [], { env, stdio: "ignore" });
    while (!(await listens(port))) {
      if (child.exitCode !== null) throw new Error(`livekit-server ended with ${child.exitCode}`);
      await new Promise((done) => setTimeout(done, 20));
    }
    return new Media(child, port);
  }

  /** What OpenChat has to be told to use it. */
  get settings(): Record<string, string> {
    return { LIVEKIT_URL: `ws://127.0.0.1:${this.port}`, LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET };
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((done) => this.process.once("exit", done));
    this.process.kill("SIGKILL");
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
  const { port } = socket.address();
  await new Promise<void>((done) => socket.close(done));
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}
