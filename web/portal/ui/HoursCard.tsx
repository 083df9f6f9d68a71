/** When somebody is there, day by day. */
import { DAYS, type Hours, saveSettings, type Span } from "../api";
import { type Faults, useForm } from "../form";
import { dayName, faults as faultsOf, nextSpan, sorted, usualHours } from "../hours";
import { useSpeech } from "../speech";
import { Check, SelectField } from "./Field";
import { Card, Ending } from "./parts";

interface Values {
  always: boolean;
  hours: Hours;
}

const valuesOf = (hours: Hours | null): Values => ({ always: !hours, hours: hours ?? usualHours() });

export function HoursCard({ hours }: { hours: Hours | null }) {
  const { words, locale } = useSpeech();
  const form = useForm<Values>({
    initial: valuesOf(hours),
    guarded: true,
    check: ({ always, hours }): Faults => ({ week: !always && faultsOf(hours.week).size ? words.hours.wrong : undefined }),
    send: async ({ always, hours }) => {
      const saved = await saveSettings({ hours: always ? null : { ...hours, week: sorted(hours.week) } });
      return saved.hours ? valuesOf(saved.hours) : { always, hours };
    },
  });
  const { always, hours: now } = form.values;
  const setWeek = (week: Span[]): void => form.set({ hours: { ...now, week } });
  const zones = [...new Set([now.timeZone, ...Intl.supportedValuesOf("timeZone"), "UTC"])];
  const wrong = faultsOf(now.week);
  return (
    <Card title={words.hours.title} intro={words.hours.intro}>
      <form noValidate onSubmit={form.onSubmit}>
        <Check label={words.hours.always} hint={words.hours.alwaysHint} checked={always} onValue={(it) => form.set({ always: it })} />
        {!always && (
          <>
            <SelectField label={words.hours.zone} name="hours.timeZone" value={now.timeZone} options={zones.map((it) => [it, it.replaceAll("_", " ")] as const)} onValue={(timeZone) => form.set({ hours: { ...now, timeZone } })} />
            <div class="week">
              {DAYS.map((day) => (
                <fieldset key={day} class="day">
                  <legend>{dayName(locale, day)}</legend>
                  {now.week.every((it) => it.day !== day) && <p class="quiet">{words.hours.closed}</p>}
                  {now.week.map((span, at) => {
                    if (span.day !== day) return null;
                    const fault = wrong.get(at);
                    const change = (changes: Partial<Span>): void => setWeek(now.week.map((it, other) => (other === at ? { ...it, ...changes } : it)));
                    return (
                      <div class="span" key={at}>
                        <input type="time" aria-label={words.hours.from} value={span.from} aria-invalid={fault ? "true" : undefined} onInput={(event) => change({ from: event.currentTarget.value })} />
                        <span aria-hidden="true">–</span>
                        <input type="time" aria-label={words.hours.to} value={span.to} aria-invalid={fault ? "true" : undefined} onInput={(event) => change({ to: event.currentTarget.value })} />
                        <button type="button" class="link" onClick={() => setWeek(now.week.filter((_, other) => other !== at))}>
                          {words.remove}
                        </button>
                        {fault && <p class="fault">{words.hours.faults[fault]}</p>}
                      </div>
                    );
                  })}
                  <button type="button" class="link" onClick={() => setWeek([...now.week, nextSpan(now.week, day)])}>
                    {words.add}
                    <span class="unseen"> {dayName(locale, day)}</span>
                  </button>
                </fieldset>
              ))}
            </div>
          </>
        )}
        {form.faults.week && <p class="alert" role="alert">{form.faults.week}</p>}
        <Ending form={form} action={words.save} />
      </form>
    </Card>
  );
}
