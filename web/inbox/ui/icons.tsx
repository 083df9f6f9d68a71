/** The inbox's pictures; words say the same, so they are hidden from screen readers. */

function icon(path: string) {
  return () => (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

export const Mine = icon("M4 13l2.5-8h11L20 13v6H4zM4 13h4.5a3.5 3.5 0 0 0 7 0H20");
export const Unassigned = icon("M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20a7 7 0 0 1 9-6.7M16 19h6M19 16v6");
export const All = icon("M4 6h16M4 12h16M4 18h16");
export const Resolved = icon("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.5l2.8 2.7L16 9.5");
export const Queue = icon("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2");
export const Search = icon("M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20");
export const Settings = icon("M4 7h10M18 7h2M4 17h2M10 17h10M16 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z");
export const Help = icon("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.5 9.5a2.5 2.5 0 1 1 3.4 2.4c-.6.3-.9.8-.9 1.6M12 16.6v.1");
export const Command = icon("M9 9h6v6H9zM9 9V7a2 2 0 1 0-2 2zM15 9V7a2 2 0 1 1 2 2zM9 15v2a2 2 0 1 1-2-2zM15 15v2a2 2 0 1 0 2-2z");
export const Back = icon("M15 5l-7 7 7 7");
export const Close = icon("M6 6l12 12M18 6L6 18");
export const Assign = icon("M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20a7 7 0 0 1 14 0");
export const Snooze = icon("M12 20a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 10.5h4l-4 5h4M4 6l3-2.5M20 6l-3-2.5");
export const Tag = icon("M4 4h8l8 8-8 8-8-8zM8.5 8.5v.1");
export const Flag = icon("M6 21V4M6 4.5h11l-2.5 4 2.5 4H6");
export const Details = icon("M4 5h16v14H4zM15 5v14");
export const Attach = icon("M19 11.5l-7.2 7.2a4.6 4.6 0 0 1-6.5-6.5l7.9-7.9a3 3 0 0 1 4.3 4.3l-7.8 7.8a1.5 1.5 0 0 1-2.1-2.1L14 8");
export const Canned = icon("M5 5h14v11H9l-4 3.5zM13.5 8l-3 5");
export const Send = icon("M12 20V5M5.5 11L12 4.5 18.5 11");
export const Down = icon("M12 5v14M6 13l6 6 6-6");
export const File = icon("M6 3h8l4 4v14H6zM14 3v4h4");
export const Eye = icon("M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 14.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6z");
export const Check = icon("M5 12.5l4.5 4.5L19 7.5");
export const Retry = icon("M19 12a7 7 0 1 1-2-4.9M19 4v4h-4");
