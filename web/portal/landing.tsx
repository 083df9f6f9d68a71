/** The page that says what OpenChat is, and leads on. */
import "../team/slate.css";
import "./ui/base.css";
import "./ui/landing.css";
import { render } from "preact";
import { ApiError } from "../api/client";
import { isRemembered, me as readMe, type Me, remember } from "./api";
import { speak } from "./speech";
import { Mark } from "./ui/Brand";
import { homeOf } from "./way";

const speech = await speak(new URLSearchParams(location.search).get("lang"));
const { landing, ...words } = speech.words;
const root = document.querySelector("#app")!;

/** Where people who are signed in go on, or how to become one. */
function Ways({ me }: { me: Me | null }) {
  if (!me) {
    return (
      <>
        <a class="button" href="/sign-in">
          {words.signIn.title}
        </a>
        <a class="button primary" href="/sign-up">
          {landing.begin}
        </a>
      </>
    );
  }
  return (
    <>
      {me.agent && me.role !== "agent" && (
        <a class="button" href="/portal">
          {words.portal}
        </a>
      )}
      <a class="button primary" href={me.business ? "/inbox" : homeOf(me)}>
        {me.business ? words.toInbox : words.setup.title}
      </a>
    </>
  );
}

/** What a conversation looks like on both sides, drawn. */
function Picture() {
  const [asked, answered, thanked] = landing.talk;
  return (
    <div class="picture" aria-hidden="true">
      <div class="window">
        <i />
        <i />
        <i />
      </div>
      <div class="talk">
        <p class="theirs">{asked}</p>
        <p class="ours">{answered}</p>
        <p class="theirs">{thanked}</p>
        <p class="stars">★★★★★</p>
      </div>
      <span class="bubble">
        <Mark />
      </span>
    </div>
  );
}

function Landing({ me }: { me: Me | null }) {
  return (
    <>
      <header class="top">
        <a class="home" href="/">
          <Mark />
          <span>OpenChat</span>
        </a>
        <nav aria-label={words.pages}>
          <a href="/docs/">{words.docs}</a>
        </nav>
        <div class="ways">
          <Ways me={me} />
        </div>
      </header>
      <main>
        <section class="hero">
          <div>
            <h1>{landing.title}</h1>
            <p class="lead">{landing.lead}</p>
            <p class="ways">
              <Ways me={me} />
            </p>
          </div>
          <Picture />
        </section>
        <section class="points" aria-label={landing.pointsLabel}>
          {landing.points.map(([title, text]) => (
            <article key={title}>
              <h2>{title}</h2>
              <p>{text}</p>
            </article>
          ))}
        </section>
        <section class="install">
          <h2>{landing.install}</h2>
          <pre dir="ltr" tabIndex={0} aria-label={words.widget.snippet}>
            <code>{`<script async src="${location.origin}/widget.js" data-api-key="oc_live_…"></script>`}</code>
          </pre>
          <p>{landing.installText}</p>
        </section>
      </main>
      <footer>
        <p>{landing.foot}</p>
        <a href="/docs/">{words.docs}</a>
      </footer>
    </>
  );
}

document.title = `OpenChat · ${landing.title}`;
render(<Landing me={null} />, root);
if (isRemembered()) {
  try {
    render(<Landing me={await readMe()} />, root);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // Nobody is signed in any more: the page is right as it is.
    if (error.status === 401) remember(false);
  }
}
