/** Says, in the reader's language, why a page can't be what was asked for. The server has put in which reason it is. */
import "../chat/ui/early.css";
import "../chat/ui/chat.css";
import { render } from "preact";
import { host } from "../chat/host";
import { Speaking } from "../chat/ui/speech";
import { Trouble } from "../chat/ui/Trouble";
import { speak } from "../i18n";
import { rareWords } from "../i18n/rare";

const about = new URLSearchParams(location.hash.slice(1));
const speech = await speak(new URLSearchParams(location.search).get("lang"));
const app = document.querySelector<HTMLElement>("#app")!;
const code = app.dataset.code ?? "";
const message = app.textContent.trim();
const website = host(about.get("origin"), () => undefined);

const words = rareWords(speech.lang);

document.title = words.troubleTitle[code] ?? words.trouble;
app.textContent = "";
render(
  <Speaking.Provider value={speech}>
    <Trouble trouble={{ code, message }} onClose={website ? () => website.say({ type: "close" }) : undefined} />
  </Speaking.Provider>,
  app,
);
website?.say({ type: "ready" });
