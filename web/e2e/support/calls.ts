/** Two sides of a call in browsers with devices that only pretend: a moving picture, a microphone that beeps. */
import type { Frame, Page } from "playwright-core";
import { until } from "./desk";

/** What makes a browser have such devices, and allow them without asking. */
export const DEVICES = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

/** Keeps every connection that a page makes, so that it can be asked what really arrives. */
export async function tap(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const all: RTCPeerConnection[] = ((window as any).connections = []);
    const Original = RTCPeerConnection;
    window.RTCPeerConnection = class extends Original {
      constructor(config?: RTCConfiguration) {
        super(config);
        all.push(this);
      }
    } as typeof RTCPeerConnection;
  });
}

/** What has arrived until now: decoded pictures, and how much sound there was in what was heard. */
export interface Received {
  frames: number;
  energy: number;
}

export function received(at: Page | Frame): Promise<Received> {
  return at.evaluate(async () => {
    const sum = { frames: 0, energy: 0 };
    for (const connection of (window as any).connections as RTCPeerConnection[]) {
      if (connection.connectionState === "closed") continue;
      (await connection.getStats()).forEach((it) => {
        if (it.type !== "inbound-rtp") return;
        sum.frames += it.framesDecoded ?? 0;
        sum.energy += it.totalAudioEnergy ?? 0;
      });
    }
    return sum;
  });
}

/** Waits until more sound has arrived than now. */
export async function hears(at: Page | Frame): Promise<void> {
  const { energy } = await received(at);
  await until(async () => (await received(at)).energy > energy + 0.000_1);
}

/** Waits until ten more pictures have arrived than now. */
export async function sees(at: Page | Frame): Promise<void> {
  const { frames } = await received(at);
  await until(async () => (await received(at)).frames >= frames + 10);
}
