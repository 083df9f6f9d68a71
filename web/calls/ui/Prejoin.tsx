/** Before a call: whether microphone and camera work, and how one looks. */
import "./prejoin.css";
import { useEffect, useRef } from "preact/hooks";
import type { Part } from "../part";
import { DevicePickers } from "./DevicePickers";
import { useCallSpeech } from "./speech";

export function Prejoin({ part }: { part: Part }) {
  const { words } = useCallSpeech();
  const { kind, stage, troubles, preview, refusal } = part;
  const box = useRef<HTMLElement>(null);
  const { microphone, camera } = troubles.value;
  const ready = stage.value === "ready";
  useEffect(() => box.current?.querySelector<HTMLElement>("h2")?.focus(), []);
  return (
    <section class="prejoin" aria-label={words[kind.value]} ref={box}>
      <h2 tabIndex={-1}>{words[kind.value]}</h2>
      {ready && kind.value === "video" && !camera && preview.value && <OwnPicture stream={preview.value} />}
      <div class="checked" role="status">
        {!ready && (
          <>
            <p>{kind.value === "video" ? words.checkingVideo : words.checking}</p>
            <p class="hint">{words.allowHint}</p>
          </>
        )}
        {ready && microphone && <p class="wrong">{words.microphone[microphone]}</p>}
        {ready && kind.value === "video" && camera && !(microphone && microphone === camera) && (
          <p class={microphone ? "wrong" : "hint"}>{words.camera[camera]}</p>
        )}
        {refusal.value && <p class="wrong">{words.refusals[refusal.value] ?? words.failed}</p>}
      </div>
      {ready && !microphone && preview.value && (
        <>
          <Level stream={preview.value} />
          <DevicePickers part={part} />
        </>
      )}
      <div class="choices">
        <button type="button" class="quiet" onClick={part.leave}>
          {words.cancel}
        </button>
        {ready && microphone && (
          <button type="button" onClick={() => void part.check()}>
            {words.again}
          </button>
        )}
        <button type="button" class={microphone ? "" : "go"} disabled={!ready} onClick={() => void part.go()}>
          {microphone ? words.withoutMicrophone : words.start}
        </button>
      </div>
    </section>
  );
}

function OwnPicture({ stream }: { stream: MediaStream }) {
  const { words } = useCallSpeech();
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    video.current!.srcObject = stream;
  }, [stream]);
  return <video ref={video} class="own" muted autoplay playsInline aria-label={words.preview} />;
}

/** Shows that the microphone hears something. */
function Level({ stream }: { stream: MediaStream }) {
  const { words } = useCallSpeech();
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!stream.getAudioTracks().length) return;
    const audio = new AudioContext();
    const analyser = audio.createAnalyser();
    audio.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const loudest = samples.reduce((most, it) => Math.max(most, Math.abs(it)), 0);
      bar.current?.style.setProperty("--level", `${Math.min(1, loudest * 2)}`);
    }, 80);
    return () => {
      clearInterval(timer);
      void audio.close();
    };
  }, [stream]);
  return (
    <div class="level">
      <i ref={bar} aria-hidden="true" />
      <p>{words.hears}</p>
    </div>
  );
}
