/** One picture of a call: somebody's, or the screen that somebody shares. */
import { useEffect, useRef } from "preact/hooks";
import type { Person, Picture } from "../room";
import { MicrophoneOff } from "./icons";
import { useCallSpeech } from "./speech";

interface Props {
  person: Person;
  name: string;
  screen?: boolean;
}

export function Tile({ person, name, screen = false }: Props) {
  const { words } = useCallSpeech();
  const picture = screen ? person.screen : person.camera;
  const label = screen ? words.screenOf(name) : name;
  const about = [person.speaking && words.speaking, person.muted && words.muted, words.quality[person.quality]];
  return (
    <figure class={`tile${person.speaking && !screen ? " speaking" : ""}${person.me ? " me" : ""}${screen ? " screen" : ""}`}>
      {picture ? (
        <Moving picture={picture} label={label} />
      ) : (
        <span class="initial" aria-hidden="true">
          {Array.from(name.trim())[0]?.toUpperCase() ?? "·"}
        </span>
      )}
      <figcaption>
        {person.muted && !screen && <MicrophoneOff />}
        <span dir="auto">{label}</span>
        {!screen && (
          <>
            <i class={`quality ${person.quality}`} aria-hidden="true" title={words.quality[person.quality]} />
            <span class="unseen">{about.filter(Boolean).join(", ")}</span>
          </>
        )}
      </figcaption>
    </figure>
  );
}

function Moving({ picture, label }: { picture: Picture; label: string }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current!;
    picture.attach(element);
    return () => void picture.detach(element);
  }, [picture]);
  return <video ref={video} autoplay playsInline muted aria-label={label} />;
}
