/** How a page comes to speak one of our languages, whichever words it has. */

/** A page's language, with its words. */
export interface Speech<W> {
  lang: string;
  /** The language as the reader's region writes numbers and times. */
  locale: string;
  dir: "ltr" | "rtl";
  words: W;
}

/** A page's words by language. Only those that are needed are loaded. */
export type Catalogues<W> = Record<string, () => Promise<W>>;

/** English, which is always there. */
export const inEnglish = <W>(words: W): Speech<W> => ({ lang: "en", locale: "en", dir: "ltr", words });

/** The first of the wanted languages that we speak, else English. */
export function chosen(wanted: readonly (string | null | undefined)[]): string {
  return wanted.map((it) => it?.slice(0, 2).toLowerCase() ?? "").find((it) => SPOKEN.includes(it)) ?? "en";
}

const SPOKEN = ["en", "es", "fr", "ar"];

/** Makes the page speak: what is asked for in its address comes before what the browser prefers. */
export async function spoken<W>(asked: string | null, catalogues: Catalogues<W>, english: Speech<W>): Promise<Speech<W>> {
  const lang = chosen([asked, ...navigator.languages]);
  try {
    const words = await catalogues[lang]!();
    const locale = navigator.languages.find((it) => it.slice(0, 2) === lang) ?? lang;
    const speech: Speech<W> = { lang, locale, dir: lang === "ar" ? "rtl" : "ltr", words };
    document.documentElement.lang = speech.lang;
    document.documentElement.dir = speech.dir;
    return speech;
  } catch {
    return english;
  }
}
