/** The portal, where owners and admins run their business's support. */
import "../team/slate.css";
import "./ui/base.css";
import "./ui/portal.css";
import "./ui/widget.css";
import "./ui/sections.css";
import { type ComponentChildren, type ComponentType, render } from "preact";
import { ApiError } from "../api/client";
import { me as readMe, type Me, signIn } from "./api";
import { section, type Section, watchPlace } from "./place";
import { Agents } from "./sections/Agents";
import { Audit } from "./sections/Audit";
import { Developers } from "./sections/Developers";
import { Launch } from "./sections/Launch";
import { SettingsSection } from "./sections/Settings";
import { WidgetSetup } from "./sections/WidgetSetup";
import { said, Speaking, speak } from "./speech";
import { Shell, Top } from "./ui/Shell";

const PARTS: Record<Section, ComponentType<{ me: Me }>> = {
  launch: Launch,
  widget: WidgetSetup,
  developers: Developers,
  agents: Agents,
  settings: SettingsSection,
  audit: Audit,
};

const speech = await speak(new URLSearchParams(location.search).get("lang"));
const root = document.querySelector("#app")!;

function Portal({ me }: { me: Me }) {
  const Part = PARTS[section.value];
  return (
    <Shell me={me}>
      <Part key={section.value} me={me} />
    </Shell>
  );
}

function Refused({ me }: { me: Me }) {
  const { words } = speech;
  return (
    <>
      <Top me={me} current={null} />
      <main class="alone">
        <h1>{words.notForYou}</h1>
        <p>{words.notForYouText}</p>
        <a class="button primary" href="/inbox">
          {words.toInbox}
        </a>
      </main>
    </>
  );
}

async function enter(): Promise<void> {
  try {
    const me = await readMe();
    if (!me.business) return location.replace("/setup");
    watchPlace();
    show(me.role === "agent" ? <Refused me={me} /> : <Portal me={me} />);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return signIn();
    show(
      <main class="alone">
        <h1>{speech.words.trouble}</h1>
        <p>{said(speech.words, error)}</p>
        <button type="button" class="primary" onClick={() => location.reload()}>
          {speech.words.again}
        </button>
      </main>,
    );
  }
}

function show(what: ComponentChildren): void {
  render(<Speaking.Provider value={speech}>{what}</Speaking.Provider>, root);
}

await enter();
