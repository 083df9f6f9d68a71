/** The portal's frame: who you are, where you are, and the way to everything else. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type Me, signOut } from "../api";
import { go, leave, leaving, pathOf, section, SECTIONS } from "../place";
import { useSpeech } from "../speech";
import { ICONS, Mark } from "./Brand";
import { Confirm } from "./parts";

/** The head of every page that somebody has signed in to. */
export function Top({ me, current }: { me: Me; current: "portal" | "inbox" | null }) {
  const { words } = useSpeech();
  return (
    <header class="top">
      <a class="home" href="/">
        <Mark />
        <span dir="auto">{me.business?.name ?? "OpenChat"}</span>
      </a>
      <nav aria-label={words.pages}>
        {me.agent && <a href="/inbox">{words.inbox}</a>}
        {me.agent && me.role !== "agent" && (
          <a href="/portal" aria-current={current === "portal" ? "page" : undefined}>
            {words.portal}
          </a>
        )}
      </nav>
      <div class="me">
        <span dir="auto" title={me.user.email}>
          {me.user.name}
        </span>
        <button type="button" onClick={() => void signOut().catch(() => location.reload())}>
          {words.signOut}
        </button>
      </div>
    </header>
  );
}

export function Shell({ me, children }: { me: Me; children: ComponentChildren }) {
  const { words } = useSpeech();
  const title = useRef<HTMLHeadingElement>(null);
  const side = useRef<HTMLElement>(null);
  const shown = section.value;
  const first = useRef(true);
  useEffect(() => {
    document.title = `${words.sections[shown]} · ${me.business?.name ?? "OpenChat"}`;
    // The page has changed without being loaded, so its reader is brought to its beginning.
    if (!first.current) title.current?.focus({ preventScroll: true });
    first.current = false;
    // On a phone the sections are one line that can be moved.
    side.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [shown]);
  return (
    <>
      <a class="skip" href="#main">
        {words.skip}
      </a>
      <Top me={me} current="portal" />
      <div class="columns">
        <nav class="side" ref={side} aria-label={words.sectionsLabel}>
          {SECTIONS.map((it) => {
            const Icon = ICONS[it];
            return (
              <a
                key={it}
                href={pathOf(it)}
                aria-current={it === shown ? "page" : undefined}
                onClick={(event) => {
                  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                  event.preventDefault();
                  go(it);
                }}
              >
                <Icon />
                {words.sections[it]}
              </a>
            );
          })}
          <a href="/docs/" class="docs">
            {words.docs}
          </a>
        </nav>
        <main id="main">
          <h1 tabIndex={-1} ref={title}>
            {words.sections[shown]}
          </h1>
          <p class="lead">{words.leads[shown]}</p>
          {children}
        </main>
      </div>
      {leaving.value && (
        <Confirm
          title={words.leaveTitle}
          text={words.leaveText}
          action={words.leaveAction}
          onYes={leave}
          onClose={() => (leaving.value = null)}
        />
      )}
    </>
  );
}

/** A link to another section that does not load the page anew. */
export function To({ to, children, class: look }: { to: (typeof SECTIONS)[number]; children: ComponentChildren; class?: string }) {
  return (
    <a
      class={look}
      href={pathOf(to)}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}
