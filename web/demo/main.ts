/** Says the sample shop's texts in the visitor's language. */
import { chosen } from "../i18n/speaker";
import { WORDS } from "./words";

const lang = chosen([new URLSearchParams(location.search).get("lang"), ...navigator.languages]);
const words = WORDS[lang];
if (words) {
  document.documentElement.lang = lang;
  document.documentElement.dir = lang === "ar" ? "rtl" : "ltr";
  for (const place of document.querySelectorAll<HTMLElement>("[data-say]")) {
    place.textContent = words[place.dataset.say!] ?? place.textContent;
  }
}
