/** Which microphone, camera and loudspeaker are used. */
import { useEffect, useState } from "preact/hooks";
import { type DeviceKind, devices } from "../devices";
import type { Part } from "../part";
import { useCallSpeech } from "./speech";

const KINDS: readonly DeviceKind[] = ["audioinput", "videoinput", "audiooutput"];

export function DevicePickers({ part }: { part: Part }) {
  const { words } = useCallSpeech();
  const all = useDevices(part.preview.value);
  // Who is to be heard is known only in the room.
  const kinds = KINDS.filter((kind) => (kind === "videoinput" ? part.kind.value === "video" : kind === "audioinput" || part.room.value));
  const pick = (kind: DeviceKind, id: string) => void part.choose(kind, id);
  return (
    <div class="devices">
      {kinds.map((kind) => {
        const some = all.filter((it) => it.kind === kind);
        const now = part.chosen.value[kind] ?? part.room.value?.used(kind) ?? inUse(part.preview.value, kind);
        return (
          some.length > 0 && (
            <label key={kind}>
              {words.device[kind]}
              <select value={now} onChange={(event) => pick(kind, event.currentTarget.value)}>
                {some.map((it) => (
                  <option key={it.deviceId} value={it.deviceId}>
                    {it.label}
                  </option>
                ))}
              </select>
            </label>
          )
        );
      })}
    </div>
  );
}

/** The devices, as they come and go. */
export function useDevices(after: unknown): readonly MediaDeviceInfo[] {
  const [all, setAll] = useState<readonly MediaDeviceInfo[]>([]);
  useEffect(() => {
    const look = () => void devices().then(setAll);
    look();
    navigator.mediaDevices?.addEventListener("devicechange", look);
    return () => navigator.mediaDevices?.removeEventListener("devicechange", look);
  }, [after]);
  return all;
}

function inUse(stream: MediaStream | null, kind: DeviceKind): string | undefined {
  const tracks = kind === "videoinput" ? stream?.getVideoTracks() : kind === "audioinput" ? stream?.getAudioTracks() : [];
  return tracks?.[0]?.getSettings().deviceId;
}
