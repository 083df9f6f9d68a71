/** The sound of a call that rings, made on the spot so that there is no file to load. */

const EVERY = 2_600;
/** Two notes, twice: when each begins, in seconds, and its pitch. */
const NOTES: [at: number, pitch: number][] = [
  [0, 587],
  [0.18, 784],
  [0.5, 587],
  [0.68, 784],
];

/** Turns the ringing on and off. */
export function createRing(): (on: boolean) => void {
  let audio: AudioContext | null = null;
  let timer = 0;

  function sound(): void {
    audio ??= new AudioContext();
    // A page that nobody has touched yet may not make a sound.
    if (audio.state === "suspended") void audio.resume();
    for (const [begins, pitch] of NOTES) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const at = audio.currentTime + begins;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, at);
      volume.gain.exponentialRampToValueAtTime(0.14, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.3);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.32);
    }
  }

  return (on) => {
    if (on === timer > 0) return;
    clearInterval(timer);
    timer = 0;
    if (on) {
      timer = window.setInterval(sound, EVERY);
      sound();
    } else if (audio) {
      // What has been played ahead is not to be heard any more.
      void audio.close();
      audio = null;
    }
  };
}
