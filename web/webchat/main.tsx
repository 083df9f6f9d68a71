/** The widget's frame. */
import style from "../chat/ui/chat.css?inline";
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { ask } from "../api/client";
import type { Config } from "../api/types";
import { createChat } from "../chat/chat";
import { widgetDoor } from "../chat/door";
import { host } from "../chat/host";
import { frameKeep } from "../chat/keep";
import type { About } from "../chat/state";
import { ChatView } from "../chat/ui/ChatView";
import { speak } from "../i18n";
import type { ToFrame } from "../loader/protocol";
import type { Early } from "./writing";

// The style comes with the script, so that it takes no place on the way from what it takes to write.
const sheet = new CSSStyleSheet();
sheet.replaceSync(style);
document.adoptedStyleSheets = [sheet];

const address = new URLSearchParams(location.search);
const key = address.get("key") ?? "";
const asked = address.get("lang");
// The server has chosen the page's language already.
const speech = signal(await speak(asked ?? document.documentElement.lang));
const kept = (window as Early).openchat?.done() ?? frameKeep(key);

const website = host(new URLSearchParams(location.hash.slice(1)).get("origin"), (message) => void obey(message));
const chat = createChat({
  door: widgetDoor(key, kept),
  kept,
  look,
  // What is said stays in the frame; the website learns that something was.
  tell: website?.say,
  onMessage: ({ id, author, createdAt }) => website?.say({ type: "message", detail: { id, author, createdAt } }),
});

async function look(): Promise<About> {
  const { business, branding, settings, availability, language, calls } = await ask<Config>(
    "GET",
    "/api/public/support/config",
    { "x-api-key": key },
  );
  const { welcomeMessage = null, awayMessage = null } = settings;
  return {
    business: { name: business.name, branding, welcomeMessage, awayMessage, language: language ?? null },
    availability,
    calls,
  };
}

async function obey(message: ToFrame): Promise<void> {
  try {
    switch (message.type) {
      case "open":
      case "close":
        chat.watching.value = message.type === "open";
        break;
      case "identify":
        return await chat.identify(message.token);
      case "update":
        return await chat.introduce(message.profile);
      case "logout":
        website?.say({ type: "talking", talking: false });
        return await chat.logout();
    }
  } catch (error) {
    const { code = "", message: said = "" } = error as { code?: string; message?: string };
    console.error(`OpenChat: ${said}`);
    website?.say({ type: "error", detail: { code, error: said } });
  }
}

if (website) {
  chat.watching.value = false;
  effect(() => website.say({ type: "unread", count: chat.unread.value }));
  effect(() => {
    if (chat.customer.value) website.say({ type: "talking", talking: chat.conversation.value?.status === "open" });
  });
}
effect(() => {
  // The loader has asked for the business's language already, unless its website has another.
  const wanted = chat.business.value?.language;
  if (wanted && !asked) void speak(wanted).then((spoken) => (speech.value = spoken));
});
const onClose = website ? () => website.say({ type: "close" }) : undefined;
render(<ChatView chat={chat} speech={speech} onClose={onClose} />, document.querySelector("#app")!);
website?.say({ type: "ready" });
