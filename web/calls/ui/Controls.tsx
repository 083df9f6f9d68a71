/** What can be done in a call. */
import type { ComponentType } from "preact";
import { useState } from "preact/hooks";
import type { Part } from "../part";
import { DevicePickers, useDevices } from "./DevicePickers";
import { Camera, CameraOff, Devices, Flip, HangUp, Invite, Larger, Microphone, MicrophoneOff, Screen, Smaller, Unscreen } from "./icons";
import { useCallSpeech } from "./speech";

interface Props {
  part: Part;
  /** Whether there are pictures, which take room. */
  moving: boolean;
  large: boolean;
  onResize: () => void;
  leaves: boolean;
  onInvite: (() => void) | undefined;
}

export function Controls({ part, moving, large, onResize, leaves, onInvite }: Props) {
  const { words } = useCallSpeech();
  const [open, setOpen] = useState(false);
  const room = part.room.value;
  const me = room?.people.value.find((it) => it.me);
  const video = part.kind.value === "video";
  const cameras = useDevices(me?.camera).filter((it) => it.kind === "videoinput");
  const flip = () => {
    const at = cameras.findIndex((it) => it.deviceId === room?.used("videoinput"));
    const next = cameras[(at + 1) % cameras.length];
    if (next) void part.choose("videoinput", next.deviceId);
  };
  const muted = me?.muted ?? false;
  const shares = navigator.mediaDevices && "getDisplayMedia" in navigator.mediaDevices;
  return (
    <div class="controls">
      {open && room && <DevicePickers part={part} />}
      <div class="buttons" role="group" aria-label={words.call}>
        {room && (
          <>
            <Button
              label={muted ? words.unmute : words.mute}
              off={muted}
              Icon={muted ? MicrophoneOff : Microphone}
              onClick={() => void part.send("microphone", muted)}
            />
            {video ? (
              <Button
                label={me?.camera ? words.cameraOff : words.cameraOn}
                off={!me?.camera}
                Icon={me?.camera ? Camera : CameraOff}
                onClick={() => void part.send("camera", !me?.camera)}
              />
            ) : (
              <Button label={words.toVideo} Icon={Camera} onClick={() => void part.escalate().catch(() => undefined)} />
            )}
            {video && me?.camera && cameras.length > 1 && <Button label={words.flip} Icon={Flip} onClick={flip} />}
            {video && shares && (
              <Button
                label={me?.screen ? words.unshare : words.share}
                on={!!me?.screen}
                Icon={me?.screen ? Unscreen : Screen}
                onClick={() => void part.send("screen", !me?.screen)}
              />
            )}
            <Button label={words.devices} expanded={open} Icon={Devices} onClick={() => setOpen(!open)} />
            {onInvite && <Button label={words.invite} Icon={Invite} onClick={onInvite} />}
            {moving && (
              <Button label={large ? words.smaller : words.larger} Icon={large ? Smaller : Larger} onClick={onResize} />
            )}
          </>
        )}
        <Button label={leaves ? words.leave : words.hangUp} kind="end" Icon={HangUp} onClick={part.leave} />
      </div>
    </div>
  );
}

interface ButtonProps {
  label: string;
  Icon: ComponentType;
  onClick: () => void;
  /** Whether it says that something is off, or on. */
  off?: boolean;
  on?: boolean;
  expanded?: boolean;
  kind?: string;
}

function Button({ label, Icon, onClick, off = false, on = false, expanded, kind = "" }: ButtonProps) {
  return (
    <button
      type="button"
      class={`${kind}${off ? " off" : ""}${on ? " on" : ""}`}
      aria-label={label}
      title={label}
      aria-expanded={expanded}
      onClick={onClick}
    >
      <Icon />
    </button>
  );
}
