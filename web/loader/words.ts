/** What the launcher says, in the languages that OpenChat speaks. */

const CATALOGUE: Record<string, [open: string, close: string, title: string]> = {
  en: ["Open chat", "Close chat", "Support chat"],
  es: ["Abrir el chat", "Cerrar el chat", "Chat de ayuda"],
  fr: ["Ouvrir le chat", "Fermer le chat", "Chat d’assistance"],
  ar: ["فتح الدردشة", "إغلاق الدردشة", "دردشة الدعم"],
};

/** The words in the language that the website or the business asks for, else in the visitor's first that we speak, else in English. */
export function words(wanted: string | null | undefined): { lang: string; open: string; close: string; title: string } {
  const lang =
    [wanted, ...navigator.languages].map((it) => it?.slice(0, 2).toLowerCase() ?? "").find((it) => CATALOGUE[it]) ?? "en";
  const [open, close, title] = CATALOGUE[lang]!;
  return { lang, open, close, title };
}
