/** OpenChat's mark and the portal's pictures; words say the same, so they are hidden from screen readers. */

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M4.5 3h15A2.5 2.5 0 0 1 22 5.5v9a2.5 2.5 0 0 1-2.5 2.5H12l-5.2 4.2c-.5.4-1.3 0-1.3-.6V17h-1A2.5 2.5 0 0 1 2 14.5v-9A2.5 2.5 0 0 1 4.5 3z" />
      <path class="cut" d="M7 8.5h10M7 12h6" />
    </svg>
  );
}

function icon(path: string) {
  return () => (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

export const ICONS = {
  launch: icon("M5 15c-1 2-1 4-1 5 1 0 3 0 5-1M9 15l-2-2c1-5 5-9 12-9 0 7-4 11-9 12zM15 9v.1"),
  widget: icon("M4 5h16v11h-6l-4 4v-4H4z"),
  developers: icon("M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14"),
  agents: icon("M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.5a6.5 6.5 0 0 1 3.5 5.5"),
  settings: icon("M4 7h10M18 7h2M4 17h2M10 17h10M16 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z"),
  audit: icon("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2"),
};
export const Tick = icon("M5 12.5l4.5 4.5L19 7.5");
export const Warning = icon("M12 4l9 16H3zM12 10v4.5M12 17.2v.1");
