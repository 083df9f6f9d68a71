/** A business's colour on its pages, and what can be read on it. */

/** Makes the colour, such as #2563eb, the page's. */
export function wear(color: string): void {
  const style = document.documentElement.style;
  style.setProperty("--brand", color);
  style.setProperty("--brand-ink", inkOn(color));
}

/** Black or white, whichever has the better contrast; that is at least 4.5 to 1 on every colour. */
export function inkOn(color: string): "#000" | "#fff" {
  return luminance(color) > 0.179 ? "#000" : "#fff";
}

/** As WCAG defines it. */
function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
