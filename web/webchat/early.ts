/** The chat before its script is here: what `ChatView` makes at first, so that it can take this over element by element. */
import { CLIP, SEND } from "../chat/ui/paths.ts";
import type { Words } from "../i18n/en";

const icon = (path: string) => `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="${path}" /></svg>`;

export function early(words: Words): string {
  return (
    `<main class="chat" tabindex="-1">` +
    `<header><span class="logo" aria-hidden="true"></span><div class="who"><h1>${words.support}</h1><p></p></div></header>` +
    `<div class="connection"></div>` +
    `<div class="talk"><div class="log" role="log" tabindex="0" aria-label="${words.conversation}"></div></div>` +
    `<form class="composer" data-sending="${words.sending}">` +
    `<input type="file" multiple hidden />` +
    `<button type="button" class="attach" disabled aria-label="${words.attach}">${icon(CLIP)}</button>` +
    `<textarea rows="1" dir="auto" aria-label="${words.write}" placeholder="${words.write}" enterkeyhint="send" autocomplete="off"></textarea>` +
    `<button class="send" aria-label="${words.send}">${icon(SEND)}</button>` +
    `</form></main>`
  );
}
