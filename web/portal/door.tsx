/** The pages before the portal: signing up, signing in, accepting an invitation, setting a business up. */
import "../team/slate.css";
import "./ui/base.css";
import "./ui/door.css";
import { type ComponentChildren, render } from "preact";
import { ApiError } from "../api/client";
import { me as readMe, type Me, remember, signIn } from "./api";
import { Invite, SetUp, SignIn, SignUp } from "./sections/Door";
import { Speaking, speak } from "./speech";
import { Mark } from "./ui/Brand";
import { Top } from "./ui/Shell";
import { homeOf, safeNext } from "./way";

const speech = await speak(new URLSearchParams(location.search).get("lang"));
const { words } = speech;
const root = document.querySelector<HTMLElement>("#app")!;
const next = safeNext(new URLSearchParams(location.search).get("next"), location.origin);

/** Goes on: where the page was asked to, else to what this person needs first. */
function onward(me: Me, to: string | null): void {
  remember(true);
  location.assign(me.business && to ? to : homeOf(me));
}

function Door({ title, lead, me, children }: { title: string; lead: string; me?: Me | null; children: ComponentChildren }) {
  return (
    <Speaking.Provider value={speech}>
      {me ? (
        <Top me={me} current={null} />
      ) : (
        <header class="top">
          <a class="home" href="/">
            <Mark />
            <span>OpenChat</span>
          </a>
        </header>
      )}
      <main class="door">
        <h1>{title}</h1>
        <p class="lead">{lead}</p>
        {children}
      </main>
    </Speaking.Provider>
  );
}

function show(title: string, lead: string, inside: ComponentChildren, me?: Me | null): void {
  document.title = `${title} · OpenChat`;
  render(
    <Door title={title} lead={lead} me={me ?? null}>
      {inside}
    </Door>,
    root,
  );
}

/** Whoever is signed in; none when nobody is, or when it can't be known. */
async function whoIsThere(): Promise<Me | null> {
  try {
    return await readMe();
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}

async function setUp(): Promise<void> {
  const me = await whoIsThere();
  if (!me) return signIn();
  if (me.business) return location.replace(homeOf(me));
  show(words.setup.title, words.setup.lead, <SetUp onDone={() => location.assign("/portal")} />, me);
}

const PAGES: Record<string, () => Promise<void> | void> = {
  "sign-in": () => show(words.signIn.title, words.signIn.lead, <SignIn onDone={(me) => onward(me, next)} next={next} />),
  "sign-up": () => show(words.signUp.title, words.signUp.lead, <SignUp onDone={(me) => onward(me, next)} next={next} />),
  invite: () => {
    const token = location.pathname.split("/")[2] ?? "";
    show(words.invite.title, words.invite.lead, <Invite token={token} onDone={(me) => onward(me, null)} />);
  },
  setup: setUp,
};

await PAGES[root.dataset.page ?? "sign-in"]?.();
