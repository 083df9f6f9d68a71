/** A call's room on the media server: who is in it, what they send, and what this side sends. */
import { signal } from "@preact/signals";
import {
  ConnectionQuality,
  DisconnectReason,
  type LocalParticipant,
  type Participant,
  Room as LiveKitRoom,
  RoomEvent,
  setLogLevel,
  Track,
  TrackEvent,
} from "livekit-client";
import { type Chosen, type DeviceKind, type Trouble, why } from "./devices";
import type { Pass } from "./types";

export type Quality = "good" | "fair" | "poor" | "unknown";

/** A camera's or a screen's picture, to be shown in an element. */
export interface Picture {
  attach(element: HTMLMediaElement): unknown;
  detach(element: HTMLMediaElement): unknown;
}

/** Somebody in the room. */
export interface Person {
  id: string;
  name: string;
  me: boolean;
  speaking: boolean;
  muted: boolean;
  quality: Quality;
  camera: Picture | null;
  screen: Picture | null;
}

/** Why the room is no longer there for this page. */
export type Departure =
  /** The same participant has come in from elsewhere. */
  | "moved"
  /** The room was closed. */
  | "closed"
  /** The connection broke and did not come back. */
  | "lost";

/** What a side can send. */
export type Sendable = "microphone" | "camera" | "screen";

/** What this side sends to begin with. */
export interface Sending {
  microphone: boolean;
  camera: boolean;
  chosen: Chosen;
}

export interface Listener {
  onGone(how: Departure): void;
  onTrouble(what: Sendable, why: Trouble): void;
}

export type Room = Awaited<ReturnType<typeof openRoom>>;

const QUALITIES: Record<ConnectionQuality, Quality> = {
  [ConnectionQuality.Excellent]: "good",
  [ConnectionQuality.Good]: "fair",
  [ConnectionQuality.Poor]: "poor",
  [ConnectionQuality.Lost]: "poor",
  [ConnectionQuality.Unknown]: "unknown",
};

/** What changes what is shown of the people. */
const STIRRING = [
  RoomEvent.ParticipantConnected,
  RoomEvent.ParticipantDisconnected,
  RoomEvent.ParticipantNameChanged,
  RoomEvent.TrackSubscribed,
  RoomEvent.TrackUnsubscribed,
  RoomEvent.TrackMuted,
  RoomEvent.TrackUnmuted,
  RoomEvent.LocalTrackPublished,
  RoomEvent.LocalTrackUnpublished,
  RoomEvent.ActiveSpeakersChanged,
  RoomEvent.ConnectionQualityChanged,
] as const;

/** How long a permission that the server has given may take to arrive. */
const PERMITTED = 5_000;

// What goes wrong is told to the people, not to the console.
setLogLevel("silent");

/** Goes into a room. */
export async function openRoom({ token, serverUrl }: Pass, { microphone, camera, chosen }: Sending, listener: Listener) {
  const room = new LiveKitRoom({
    adaptiveStream: true,
    dynacast: true,
    audioCaptureDefaults: { ...device(chosen.audioinput), echoCancellation: true, noiseSuppression: true },
    videoCaptureDefaults: device(chosen.videoinput),
    audioOutput: device(chosen.audiooutput),
  });
  const people = signal<readonly Person[]>([]);
  const reconnecting = signal(false);
  const silenced = signal(false);
  const look = () => (people.value = [room.localParticipant, ...room.remoteParticipants.values()].map(person));
  const voices = heard(room);

  STIRRING.forEach((event) => room.on(event, look));
  room
    .on(RoomEvent.Reconnecting, () => (reconnecting.value = true))
    .on(RoomEvent.SignalReconnecting, () => (reconnecting.value = true))
    .on(RoomEvent.Reconnected, () => (reconnecting.value = false))
    .on(RoomEvent.AudioPlaybackStatusChanged, () => (silenced.value = !room.canPlaybackAudio))
    .on(RoomEvent.LocalTrackPublished, ({ source, track }) => {
      if (source !== Track.Source.ScreenShare) return;
      // The browser's own button ends a screen too, and then it goes as it goes by ours.
      track?.removeAllListeners(TrackEvent.Ended).on(TrackEvent.Ended, () => void turn("screen", false));
    })
    .on(RoomEvent.Disconnected, (reason) => {
      voices.remove();
      const how = departure(reason);
      if (how) listener.onGone(how);
    });

  try {
    await room.connect(serverUrl, token);
  } catch (error) {
    voices.remove();
    throw error;
  }

  /** Sends something or stops sending it; a device that fails is told of, and the call goes on without it. */
  async function turn(what: Sendable, on: boolean): Promise<void> {
    const me = room.localParticipant;
    try {
      if (on && what !== "microphone") await permitted(room);
      if (what === "microphone") await me.setMicrophoneEnabled(on);
      else if (what === "camera") await me.setCameraEnabled(on);
      else {
        // The media server hears of a mute at once, of a track's end only when the connection was negotiated anew.
        if (!on) await me.getTrackPublication(Track.Source.ScreenShare)?.mute();
        await me.setScreenShareEnabled(on, { audio: true });
      }
    } catch (error) {
      // Whoever closes the browser's choice of screens has changed their mind.
      if (what !== "screen" || why(error) !== "blocked") listener.onTrouble(what, why(error));
    }
    look();
  }

  look();
  silenced.value = !room.canPlaybackAudio;
  await Promise.all([microphone && turn("microphone", true), camera && turn("camera", true)]);
  return {
    people,
    reconnecting,
    /** Whether the browser plays nothing until the page is touched. */
    silenced,
    unsilence: () => room.startAudio(),
    turn,
    use: (kind: DeviceKind, id: string) => room.switchActiveDevice(kind, id),
    used: (kind: DeviceKind) => room.getActiveDevice(kind),
    leave: () => room.disconnect(),
  };
}

function device(id: string | undefined): { deviceId?: string } {
  return id ? { deviceId: id } : {};
}

function person(it: Participant): Person {
  // One that is muted may be there still beside the one that took its place.
  const picture = (source: Track.Source): Picture | null =>
    [...it.videoTrackPublications.values()].find((one) => one.source === source && !one.isMuted)?.videoTrack ?? null;
  return {
    id: it.identity,
    name: it.name ?? "",
    me: it.isLocal,
    speaking: it.isSpeaking,
    muted: !it.isMicrophoneEnabled,
    quality: QUALITIES[it.connectionQuality],
    camera: picture(Track.Source.Camera),
    screen: picture(Track.Source.ScreenShare),
  };
}

/** Plays what the others say, for as long as they are there. */
function heard(room: LiveKitRoom): HTMLElement {
  const voices = document.createElement("div");
  voices.hidden = true;
  voices.className = "voices";
  document.body.append(voices);
  room
    .on(RoomEvent.TrackSubscribed, (track) => {
      if (track.kind === Track.Kind.Audio) voices.append(track.attach());
    })
    .on(RoomEvent.TrackUnsubscribed, (track) => {
      if (track.kind === Track.Kind.Audio) track.detach().forEach((element) => element.remove());
    });
  return voices;
}

/** Waits until pictures may be sent: a call that has just become a video call tells its participants one by one. */
async function permitted(room: LiveKitRoom): Promise<void> {
  if (maySend(room.localParticipant)) return;
  await new Promise<void>((done) => {
    const timer = setTimeout(finish, PERMITTED);
    function finish(): void {
      clearTimeout(timer);
      room.off(RoomEvent.ParticipantPermissionsChanged, look);
      done();
    }
    function look(): void {
      if (maySend(room.localParticipant)) finish();
    }
    room.on(RoomEvent.ParticipantPermissionsChanged, look);
  });
}

function maySend({ permissions }: LocalParticipant): boolean {
  const sources = permissions?.canPublishSources ?? [];
  return sources.length !== 1;
}

function departure(reason: DisconnectReason | undefined): Departure | null {
  switch (reason) {
    case DisconnectReason.CLIENT_INITIATED:
      return null;
    case DisconnectReason.DUPLICATE_IDENTITY:
      return "moved";
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.PARTICIPANT_REMOVED:
      return "closed";
    default:
      return "lost";
  }
}
