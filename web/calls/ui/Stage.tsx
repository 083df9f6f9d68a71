/** A call that goes on: who is in it, how well it goes, and what can be done. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { lasted } from "../lasted";
import type { Part } from "../part";
import type { Call } from "../types";
import { Controls } from "./Controls";
import { useCallSpeech } from "./speech";
import { Tile } from "./Tile";

export interface StageProps {
  part: Part;
  call: Call | null;
  /** Who is called, if that is known. */
  called: string | null;
  /** Whether hanging up leaves others behind who go on. */
  leaves?: boolean;
  /** Brings somebody else in, where that can be done. */
  onInvite?: (() => void) | undefined;
  /** What the page can do beside it. */
  children?: ComponentChildren;
}

export function Stage({ part, call, called, leaves = false, onInvite, children }: StageProps) {
  const { words } = useCallSpeech();
  const [large, setLarge] = useState(true);
  const people = part.room.value?.people.value ?? [];
  const named = (id: string, name: string, me: boolean) => (me ? words.you : name || callerName(call, id) || words.customer);
  const screens = people.filter((it) => it.screen && !it.me);
  const moving = people.some((it) => it.camera || it.screen);
  const count = Math.min(people.length + screens.length, 4);
  const shape = `stage ${moving ? "moving" : "still"} ${large ? "large" : "small"} n${count}`;
  return (
    <section class={shape} aria-label={words.call}>
      <div class="tiles">
        {screens.map((it) => (
          <Tile key={`${it.id} screen`} person={it} name={named(it.id, it.name, false)} screen />
        ))}
        {people.map((it) => (
          <Tile key={it.id} person={it} name={named(it.id, it.name, it.me)} />
        ))}
      </div>
      <div class="status">
        <Status part={part} call={call} called={called} alone={people.length < 2} />
        {children}
      </div>
      <Offer part={part} call={call} />
      <Troubles part={part} />
      <Controls part={part} moving={moving} large={large} onResize={() => setLarge(!large)} leaves={leaves} onInvite={onInvite} />
    </section>
  );
}

/** The name that the call knows somebody by. */
function callerName(call: Call | null, id: string): string | null {
  const found = call?.joined.find((it) => it.kind !== "system" && it.id === id);
  return found && found.kind !== "system" ? (found.name ?? null) : null;
}

function Status({ part, call, called, alone }: { part: Part; call: Call | null; called: string | null; alone: boolean }) {
  const { words } = useCallSpeech();
  const { stage, room, since } = part;
  const said =
    stage.value === "lost"
      ? words.lost
      : room.value?.reconnecting.value
        ? words.reconnecting
        : call?.state === "ringing" && stage.value === "in"
          ? called
            ? words.callingWho(called)
            : words.calling
          : stage.value !== "in"
            ? words.connecting
            : alone && words.alone;
  return (
    <>
      <span role="status">{said}</span>
      {!said && since.value && <Duration since={since.value} />}
    </>
  );
}

function Duration({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time class="duration" role="timer" aria-live="off">
      {lasted(Math.max(0, now - since) / 1_000)}
    </time>
  );
}

/** Somebody else made it a video call: one's own picture is shown by oneself only. */
function Offer({ part, call }: { part: Part; call: Call | null }) {
  const { words } = useCallSpeech();
  const [audio] = useState(part.kind.value === "audio");
  const [answered, setAnswered] = useState(false);
  const people = part.room.value?.people.value ?? [];
  const other = people.find((it) => !it.me && it.camera);
  const shown = people.some((it) => it.me && it.camera);
  if (!audio || answered || shown || part.kind.value !== "video" || !other) return null;
  const name = other.name || callerName(call, other.id) || words.customer;
  return (
    <div class="offer" role="alert">
      <p>{words.escalated(name)}</p>
      <button
        type="button"
        class="go"
        onClick={() => {
          setAnswered(true);
          void part.send("camera", true);
        }}
      >
        {words.cameraOn}
      </button>
      <button type="button" onClick={() => setAnswered(true)}>
        {words.notNow}
      </button>
    </div>
  );
}

function Troubles({ part }: { part: Part }) {
  const { words } = useCallSpeech();
  const { microphone, camera, screen } = part.troubles.value;
  const said =
    (microphone && words.microphone[microphone]) ||
    (camera && part.kind.value === "video" && words.camera[camera]) ||
    (screen && words.screenFailed);
  return (
    <div role="status" class="troubles">
      {said && <p class="wrong">{said}</p>}
      {part.room.value?.silenced.value && (
        <button type="button" class="go" onClick={() => void part.room.value?.unsilence()}>
          {words.unsilence}
        </button>
      )}
    </div>
  );
}
