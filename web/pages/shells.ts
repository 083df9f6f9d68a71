/** The HTML files of the pages: one shell around what each has until its script is here. */
import { ar } from "../i18n/ar.ts";
import { en, type Words } from "../i18n/en.ts";
import { es } from "../i18n/es.ts";
import { fr } from "../i18n/fr.ts";
import { early } from "../webchat/early.ts";

interface Shell {
  title: string;
  /** The page's script. */
  entry: string;
  lang?: string;
  /** Which of several pages of one script this is. */
  page?: string;
  /** Whether it fills a phone's screen to the edges, and gives way to its keyboard. */
  whole?: boolean;
  /** Whether it stands on a ground of its own. */
  full?: boolean;
  /** What it has until its script is here. */
  early?: string;
  attributes?: string;
}

const door = (page: string, title: string): Shell => ({ title: `${title} · OpenChat`, entry: "portal/door.tsx", page });

const LANGUAGES: Record<string, Words> = { en, es, fr, ar };

const frame = (lang: string, words: Words): Shell => ({
  title: words.support,
  entry: "webchat/main.tsx",
  lang,
  whole: true,
  early: early(words),
});

export type Shells = Record<string, Shell>;

/** The pages, by what is built together. */
export const builds: Record<string, Shells> = {
  /** The widget's frame, in each language. */
  webchat: Object.fromEntries(
    Object.entries(LANGUAGES).map(([lang, words]) => [`webchat.${lang}`, frame(lang, words)]),
  ),
  /** A customer's other pages. */
  support: {
    support: { title: "Support", entry: "support/main.tsx", whole: true, full: true },
    problem: {
      title: "Support can’t be shown here",
      entry: "problem/main.tsx",
      whole: true,
      full: true,
      attributes: ' data-code="{{code}}"',
      early: "<p>{{sentence}}</p>",
    },
  },
  /** Everybody else's. */
  team: {
    index: { title: "OpenChat", entry: "portal/landing.tsx" },
    portal: { title: "OpenChat", entry: "portal/main.tsx" },
    inbox: { title: "Inbox · OpenChat", entry: "inbox/main.tsx", whole: true },
    "sign-in": door("sign-in", "Sign in"),
    "sign-up": door("sign-up", "Sign up"),
    setup: door("setup", "Set up your business"),
    invite: door("invite", "Join your team"),
  },
};

export function html({ title, entry, lang = "en", page, whole, full, attributes = "", early = "" }: Shell): string {
  const size = `width=device-width, initial-scale=1${whole ? ", viewport-fit=cover, interactive-widget=resizes-content" : ""}`;
  return `<!doctype html>
<html lang="${lang}"${lang === "ar" ? ' dir="rtl"' : ""}${full ? ' class="full"' : ""}>
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="${size}" />
    <title>${title}</title>
    <link rel="icon" href="../portal/icon.svg" />
    <script type="module" src="../${entry}"></script>
  </head>
  <body>
    <div id="app"${page ? ` data-page="${page}"` : ""}${attributes}>${early}</div>
    <noscript><p>This page needs JavaScript.</p></noscript>
  </body>
</html>
`;
}
