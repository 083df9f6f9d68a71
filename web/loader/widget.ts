/**
 * The loader, `/widget.js`: puts the launcher into a website's page, asks whether it may run there, and opens the chat.
 *
 * It is one small file that loads nothing else until the chat is first opened, so that it costs a page nothing; the chat
 * itself lives in a frame of our own origin. Everything it makes is in a shadow root, styled by a constructed style
 * sheet, so that it works under a policy without inline styles.
 */
import { type FromFrame, PROTOCOL, type ToFrame } from "./protocol";
import { styles } from "./styles";
import { words } from "./words";

type Event = "ready" | "open" | "close" | "unread" | "message" | "error" | "call";
type Handler = (detail?: unknown) => void;
type Call = [name: string, ...args: any[]];
/** What the server says of the business, if the widget may run. */
interface Business {
  branding?: { color: string };
  language?: string | null;
}
interface Api {
  (...call: Call): void;
  /** What was called before the loader came. */
  q?: ArrayLike<any>[];
  /** Whether this is the loader's own, not the page's queue. */
  loaded?: boolean;
}

const page = window as typeof window & { OpenChat?: Api };
const script = (document.currentScript ?? document.querySelector("script[data-api-key]")) as HTMLScriptElement | null;

/** Remembers that the visitor has a conversation, whose news then arrive before the chat is opened. */
const TALKING = "openchat-talking";
const FIRST_RETRY = 5_000;
const LAST_RETRY = 80_000;

function element<K extends keyof HTMLElementTagNameMap>(name: K, parent: Node, attributes: Record<string, string>) {
  const made = document.createElement(name);
  for (const attribute in attributes) made.setAttribute(attribute, attributes[attribute]!);
  parent.appendChild(made);
  return made;
}

/** Black or white, whichever is easier to see on a colour such as #2563eb. */
function inkOn(color: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => (parseInt(color.slice(at, at + 2), 16) / 255) ** 2.2);
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue! > 0.3 ? "#000" : "#fff";
}

function install(script: HTMLScriptElement, early: Api | undefined): void {
  const { apiKey = "", lang, position } = script.dataset;
  const base = new URL(script.src).origin;
  const handlers: Partial<Record<string, Set<Handler>>> = {};
  const waiting: Call[] = [];
  const unsent: ToFrame[] = [];

  const host = document.createElement("openchat-widget");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(styles);
  root.adoptedStyleSheets = [sheet];
  const panel = element("div", root, { id: "panel", role: "dialog", hidden: "" });
  const launcher = element("button", root, { type: "button", "aria-controls": "panel" });
  element("i", launcher, {});
  const badge = element("span", launcher, { hidden: "", "aria-hidden": "true" });

  let said: ReturnType<typeof words>;
  let installed = false;
  let ready = false;
  let opened = false;
  let unread = 0;
  let frame: HTMLIFrameElement | undefined;
  let before: Element | null;

  // A handler that fails is nobody else's matter.
  const emit = (event: Event, detail?: unknown) =>
    handlers[event]?.forEach((handler) => queueMicrotask(() => handler(detail)));

  const show = () => {
    host.classList.toggle("open", opened);
    panel.hidden = !opened;
    badge.hidden = opened || !unread;
    badge.textContent = unread > 9 ? "9+" : `${unread}`;
    launcher.setAttribute("aria-expanded", `${opened}`);
    launcher.setAttribute("aria-label", opened ? said.close : said.open + (unread ? ` (${unread})` : ""));
  };

  const load = () => {
    if (frame) return;
    frame = element("iframe", panel, {
      title: said.title,
      allow: "microphone; camera; display-capture; autoplay",
      // So that the server can say, in words, that this website may not show the chat.
      referrerpolicy: "origin",
      src: `${base}/webchat?${new URLSearchParams({ key: apiKey, lang: said.lang })}#origin=${encodeURIComponent(location.origin)}`,
    });
  };

  const tell = (message: ToFrame) => {
    if (!ready) unsent.push(message);
    else frame?.contentWindow?.postMessage({ openchat: PROTOCOL, ...message }, base);
  };

  const turn = (open: boolean) => {
    if (open === opened) return;
    opened = open;
    if (open) before = root.activeElement ?? document.activeElement;
    const within = document.activeElement === host;
    load();
    show();
    tell({ type: open ? "open" : "close" });
    if (open) frame!.focus();
    // Back to where it was, which is nowhere in some browsers after a click.
    else if (within) ((!before || before === document.body ? launcher : before) as HTMLElement).focus();
    emit(open ? "open" : "close");
  };

  const hear = ({ data, origin, source }: MessageEvent<FromFrame & { openchat?: unknown }>) => {
    if (origin !== base || !frame || source !== frame.contentWindow || data?.openchat !== PROTOCOL) return;
    if (data.type === "ready") {
      ready = true;
      host.classList.add("ready");
      unsent.splice(0).forEach(tell);
    } else if (data.type === "talking") {
      remember(data.talking === true);
    } else if (data.type === "open" || data.type === "close") {
      turn(data.type === "open");
    } else if (data.type === "unread" && data.count >= 0) {
      unread = Math.floor(data.count);
      show();
      emit("unread", unread);
    } else if (/^(message|error|call)$/.test(data.type)) {
      emit(data.type as Event, (data as { detail?: unknown }).detail);
    }
  };

  // A page that replaces its body when it navigates takes the chat away with it.
  const watch = new MutationObserver(() => host.isConnected || attach());
  const attach = () => {
    document.body.appendChild(host);
    watch.disconnect();
    watch.observe(document.documentElement, { childList: true });
    watch.observe(document.body, { childList: true });
    // A frame that is moved loads anew.
    ready = false;
    if (opened) tell({ type: "open" });
  };

  const commands: Record<string, (...args: any[]) => void> = {
    open: () => turn(true),
    close: () => turn(false),
    toggle: () => turn(!opened),
    show: () => host.classList.remove("away"),
    hide: () => host.classList.add("away"),
    identify: (by: string | { token: string }) => {
      load();
      tell({ type: "identify", token: typeof by === "string" ? by : by.token });
    },
    update: (profile: object) => tell({ type: "update", profile }),
    logout: () => {
      load();
      tell({ type: "logout" });
    },
    destroy: () => {
      removeEventListener("message", hear as EventListener);
      watch.disconnect();
      host.remove();
      delete page.OpenChat;
    },
  };

  const api: Api = (name, ...args) => {
    if (name === "on") {
      const [event, handler] = args as [Event, Handler];
      (handlers[event] ??= new Set()).add(handler);
      if (event === "ready" && installed) handler();
    } else if (!commands[name]) {
      console.error(`OpenChat: there is no '${name}'.`);
    } else if (installed) {
      commands[name](...args);
    } else {
      waiting.push([name, ...args]);
    }
  };
  api.loaded = true;
  page.OpenChat = api;
  Array.from(early?.q ?? []).forEach((call) => api(...(Array.from(call) as Call)));

  const start = ({ branding, language }: Business, problem?: unknown) => {
    said = words(lang ?? language);
    panel.setAttribute("aria-label", said.title);
    if (branding) {
      host.style.setProperty("--color", branding.color);
      host.style.setProperty("--ink", inkOn(branding.color));
    }
    if (position === "start") host.classList.add("start");
    launcher.onclick = () => turn(!opened);
    root.addEventListener("keydown", (event) => (event as KeyboardEvent).key === "Escape" && turn(false));
    addEventListener("message", hear as EventListener);
    attach();
    show();
    installed = true;
    if (problem) emit("error", problem);
    else emit("ready");
    waiting.splice(0).forEach((call) => api(...call));
    if (!problem && remember()) load();
  };

  const ask = async (retry: number) => {
    const asked = await fetch(`${base}/api/webchat/preflight?key=${encodeURIComponent(apiKey)}`).catch(() => null);
    const answer = asked && asked.status !== 429 && asked.status < 500 && (await asked.json().catch(() => null));
    // The page is better off without a launcher than with one that leads nowhere.
    if (!answer) setTimeout(ask, retry, Math.min(2 * retry, LAST_RETRY));
    else if (asked.ok) start(answer.business);
    else {
      console.error(`OpenChat: ${answer.error}`);
      start({}, { code: answer.code, error: answer.error });
    }
  };

  const begin = () => ask(FIRST_RETRY);
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
}

/** Whether the visitor has a conversation; a page that may keep nothing has none until the chat is opened. */
function remember(talking?: boolean): boolean {
  try {
    if (talking !== undefined) localStorage.setItem(TALKING, talking ? "1" : "");
    return !!localStorage.getItem(TALKING);
  } catch {
    return false;
  }
}

if (script && !page.OpenChat?.loaded) install(script, page.OpenChat);
