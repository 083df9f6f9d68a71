/** Draws attention: by a sound, by the system's notifications, by the page's title and icon. */

/** Two soft notes, made on the spot so that there is no file to load. */
export function createSound() {
  let audio: AudioContext | null = null;
  return () => {
    audio ??= new AudioContext();
    // A page that nobody has touched yet may not make a sound.
    if (audio.state === "suspended") void audio.resume();
    const now = audio.currentTime;
    [660, 880].forEach((pitch, index) => {
      const tone = audio!.createOscillator();
      const volume = audio!.createGain();
      const at = now + index * 0.12;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, at);
      volume.gain.exponentialRampToValueAtTime(0.12, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.28);
      tone.connect(volume).connect(audio!.destination);
      tone.start(at);
      tone.stop(at + 0.3);
    });
  };
}

/** Whether the browser has such notifications at all, and whether they may be shown. */
export function mayNotify(): NotificationPermission | "none" {
  return "Notification" in window ? Notification.permission : "none";
}

export async function askToNotify(): Promise<boolean> {
  return mayNotify() !== "none" && (await Notification.requestPermission()) === "granted";
}

/** Shows a notification; a later one of the same tag takes its place. */
export function notify(title: string, body: string, tag: string, onClick: () => void): Notification | null {
  if (mayNotify() !== "granted") return null;
  try {
    const shown = new Notification(title, { body, tag });
    shown.onclick = () => {
      window.focus();
      shown.close();
      onClick();
    };
    return shown;
  } catch {
    // Some phones' browsers have notifications for installed pages only.
    return null;
  }
}

/** The page's icon with a count on it; without one, the plain icon. */
export function badge(count: number): void {
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (!icon) return;
  icon.dataset.plain ??= icon.href;
  icon.type = "image/svg+xml";
  icon.href = count ? `data:image/svg+xml,${encodeURIComponent(drawn(count))}` : icon.dataset.plain;
}

function drawn(count: number): string {
  const text = count > 99 ? "99+" : String(count);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#2563eb" d="M6 4h20a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4H15l-7 6v-6H6a4 4 0 0 1-4-4V8a4 4 0 0 1 4-4z"/><circle cx="22" cy="10" r="10" fill="#dc2626"/><text x="22" y="14.5" font-family="sans-serif" font-weight="700" font-size="${text.length > 2 ? 9 : 13}" text-anchor="middle" fill="#fff">${text}</text></svg>`;
}
