/** The browser's microphones, cameras and loudspeakers: whether they may be used, and which there are. */
import type { Kind } from "./types";

/** Why a device can't be used. */
export type Trouble =
  /** The browser or its owner forbids it. */
  | "blocked"
  /** There is none. */
  | "missing"
  /** Another program has it. */
  | "busy"
  /** The page isn't safe enough for the browser to offer devices at all. */
  | "insecure"
  | "failed";

export type DeviceKind = MediaDeviceKind;

/** The devices that were chosen; where none was, the browser's own choice. */
export type Chosen = Partial<Record<DeviceKind, string>>;

/** What could be had of a microphone and, for a video call, of a camera. */
export interface Captured {
  stream: MediaStream | null;
  microphone: Trouble | null;
  camera: Trouble | null;
}

/** Asks for the devices that a call needs. One that fails is no reason to do without the other. */
export async function capture(kind: Kind, chosen: Chosen): Promise<Captured> {
  if (!navigator.mediaDevices) return { stream: null, microphone: "insecure", camera: "insecure" };
  const audio = wanted(chosen.audioinput);
  const video = kind === "video" && { ...wanted(chosen.videoinput), width: { ideal: 1280 }, height: { ideal: 720 } };
  try {
    // At once, so that the browser asks once.
    return { stream: await get({ audio, video }), microphone: null, camera: null };
  } catch (error) {
    if (!video) return { stream: null, microphone: why(error), camera: null };
  }
  const tracks: MediaStreamTrack[] = [];
  const one = (constraints: MediaStreamConstraints) =>
    get(constraints).then(
      (stream) => void tracks.push(...stream.getTracks()),
      (error: unknown) => why(error),
    );
  const microphone = (await one({ audio })) ?? null;
  const camera = (await one({ video })) ?? null;
  return { stream: tracks.length ? new MediaStream(tracks) : null, microphone, camera };
}

const get = (constraints: MediaStreamConstraints) => navigator.mediaDevices.getUserMedia(constraints);

const wanted = (id: string | undefined): MediaTrackConstraints => (id ? { deviceId: { ideal: id } } : {});

/** Why the browser gave no device. */
export function why(error: unknown): Trouble {
  switch ((error as Error)?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "blocked";
    case "NotFoundError":
    case "DevicesNotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "failed";
  }
}

export function release(stream: MediaStream | null): void {
  stream?.getTracks().forEach((track) => track.stop());
}

/** The devices of all kinds that have a name; browsers name them once they may be used. */
export async function devices(): Promise<MediaDeviceInfo[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  return all.filter((it) => it.deviceId && it.label);
}
