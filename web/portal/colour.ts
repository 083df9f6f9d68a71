/** Whether a brand's colour can be seen and read. */

export const isColour = (text: string): boolean => /^#[0-9a-f]{6}$/i.test(text);

/** The contrast between two colours such as #2563eb, as WCAG defines it: from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

export interface Legibility {
  /** What the text on the colour is written in, black or white. */
  ink: "#000000" | "#ffffff";
  /** How well that can be read. */
  text: number;
  /** How well the launcher stands out from a white page. */
  page: number;
  /** Whether both are enough: 4.5 for text, 3 for shapes. */
  enough: boolean;
}

export function legibility(colour: string): Legibility {
  const [white, black] = [contrast(colour, "#ffffff"), contrast(colour, "#000000")];
  // The same choice as the chat itself makes.
  const ink = luminance(colour) > 0.179 ? "#000000" : "#ffffff";
  const text = ink === "#000000" ? black : white;
  return { ink, text, page: white, enough: text >= 4.5 && white >= 3 };
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
