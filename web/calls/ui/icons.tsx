/** The pictures of a call; words say the same, so they are hidden from screen readers. */

function icon(path: string) {
  return () => (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

const CAMERA = "M3 7.5A1.5 1.5 0 0 1 4.5 6h9A1.5 1.5 0 0 1 15 7.5v9a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 3 16.5zM15 11l6-3.5v9L15 13";
const MICROPHONE = "M12 3.5a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-5 0V6A2.5 2.5 0 0 1 12 3.5zM6 11a6 6 0 0 0 12 0M12 17v3.5";
const SCREEN = "M3.5 5h17v11.5h-17zM8.5 20h7M12 16.5V20";

export const Phone = icon("M6.5 3.5h3l1.5 4-2 1.7a11 11 0 0 0 5.8 5.8l1.7-2 4 1.5v3a2 2 0 0 1-2.2 2A16.5 16.5 0 0 1 4.5 5.7a2 2 0 0 1 2-2.2z");
export const HangUp = icon("M3 15.5v-2c0-2.5 4-4.5 9-4.5s9 2 9 4.5v2l-4.5.5-1-3a13 13 0 0 0-7 0l-1 3z");
export const Camera = icon(CAMERA);
export const CameraOff = icon(`${CAMERA}M3 3l18 18`);
export const Microphone = icon(MICROPHONE);
export const MicrophoneOff = icon(`${MICROPHONE}M4 3.5l16 17`);
export const Screen = icon(`${SCREEN}M12 13.5v-5M9.5 10.5L12 8l2.5 2.5`);
export const Unscreen = icon(`${SCREEN}M9.5 8.3l5 5M14.5 8.3l-5 5`);
export const Devices = icon("M4 7h10M18 7h2M4 17h2M10 17h10M16 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z");
export const Flip = icon("M4 8h11.5M12.5 5l3 3-3 3M20 16H8.5M11.5 13l-3 3 3 3");
export const Larger = icon("M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7");
export const Smaller = icon("M20 10h-6V4M14 10l6-6M4 14h6v6M10 14l-6 6");
export const Invite = icon("M10 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM3 20a7 7 0 0 1 12-5M16 18.5h6M19 15.5v6");
export const Close = icon("M6 6l12 12M18 6L6 18");
