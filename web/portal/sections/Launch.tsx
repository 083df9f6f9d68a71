/** The way to a first answered customer, step by step; each step ticks itself as soon as it has happened. */
import { useEffect } from "preact/hooks";
import { call, type Key, list, type Me, type Step } from "../api";
import { useLoaded } from "../load";
import { secrets } from "../secrets";
import { conversation, curl, widgetSnippet } from "../snippets";
import { moment, useSpeech } from "../speech";
import { Tick } from "../ui/Brand";
import { Await, Snippet } from "../ui/parts";
import { To } from "../ui/Shell";

const LOOK_AGAIN = 3_000;

export function Launch(_: { me: Me }) {
  const loaded = useLoaded(async () => (await call<{ steps: Step[] }>("GET", "/api/business/checklist")).steps);
  useEffect(() => {
    const timer = setInterval(() => {
      const finished = loaded.value.value?.every((it) => it.doneAt);
      if (!document.hidden && !finished && loaded.value.value) void loaded.again();
    }, LOOK_AGAIN);
    return () => clearInterval(timer);
  }, []);
  return <Await from={loaded}>{(steps) => <Steps steps={steps} />}</Await>;
}

function Steps({ steps }: { steps: Step[] }) {
  const { words, locale } = useSpeech();
  const done = steps.filter((it) => it.doneAt).length;
  const next = steps.find((it) => !it.doneAt)?.name;
  const keys = useLoaded(() => list<Key>("/api/business/keys"));
  return (
    <>
      <div class="progress">
        <progress max={steps.length} value={done} aria-label={words.launch.progress} />
        <p role="status">
          {done === steps.length ? words.launch.finished : words.launch.done(String(done), String(steps.length))}
        </p>
      </div>
      <ol class="steps">
        {steps.map((step) => (
          <li key={step.name} class={step.doneAt ? "done" : step.name === next ? "next" : undefined} data-step={step.name}>
            <span class="dot">{step.doneAt && <Tick />}</span>
            <div>
              <h2>
                {words.launch.steps[step.name].title}
                <span class="unseen"> {step.doneAt ? words.launch.isDone : words.launch.isOpen}</span>
              </h2>
              {step.doneAt ? (
                <p class="when">
                  {moment(locale, step.doneAt)}
                  {step.detail && <bdi> · {step.detail}</bdi>}
                </p>
              ) : (
                <details open={step.name === next}>
                  <summary>{words.launch.how}</summary>
                  <p>{words.launch.steps[step.name].text}</p>
                  <Help step={step.name} keys={keys.value.value ?? []} />
                </details>
              )}
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}

/** What to do for a step, at hand. */
function Help({ step, keys }: { step: Step["name"]; keys: Key[] }) {
  const { words } = useSpeech();
  const base = location.origin;
  const widget = keys.find((it) => !it.revokedAt && secrets.value.has(it.id) && it.permissions.length === 1);
  switch (step) {
    case "keyMade":
      return <To to="widget" class="button">{words.launch.makeKey}</To>;
    case "snippetSeen":
      return (
        <>
          <Snippet label={words.widget.snippet} text={widgetSnippet(base, (widget && secrets.value.get(widget.id)) ?? "oc_live_…")} wrap />
          {!widget && <To to="widget">{words.launch.snippetThere}</To>}
        </>
      );
    case "firstHandoff":
      return <Snippet label="curl" text={curl(base)} />;
    case "firstConversation":
    case "firstCall":
      return step === "firstCall" ? <a class="button" href="/inbox">{words.toInbox}</a> : <Snippet label="curl" text={conversation(base)} />;
    case "agentOnline":
    case "firstReply":
      return <a class="button" href="/inbox">{words.toInbox}</a>;
  }
}
