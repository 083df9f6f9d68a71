/** What calls say: it comes with the parts that say it, in every language. */
import { ar } from "./ar";
import { en, type Words } from "./en";
import { es } from "./es";
import { fr } from "./fr";

export type { Words } from "./en";

const CATALOGUES: Record<string, Words> = { en, es, fr, ar };

export function callWords(lang: string): Words {
  return CATALOGUES[lang] ?? en;
}
