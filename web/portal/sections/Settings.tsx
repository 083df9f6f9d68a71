/** How support runs: its look, its language, its hours, how work is given out, the answers at hand. */
import { type Language, type Me, readSettings, saveSettings, type Settings } from "../api";
import { type Faults, useForm } from "../form";
import { useLoaded } from "../load";
import { useSpeech } from "../speech";
import { Check, SelectField, TextField } from "../ui/Field";
import { HoursCard } from "../ui/HoursCard";
import { LookCard } from "../ui/Look";
import { Await, Card, Ending } from "../ui/parts";
import { Replies } from "../ui/Replies";

const NAMES: Record<Language, string> = { en: "English", es: "Español", fr: "Français", ar: "العربية" };

export function SettingsSection({ me }: { me: Me }) {
  const settings = useLoaded(readSettings);
  return (
    <>
      <Await from={settings}>
        {(it) => (
          <>
            <LookCard settings={it} business={me.business?.name ?? ""} />
            <HoursCard hours={it.hours ?? null} />
            <PreferencesCard settings={it} />
          </>
        )}
      </Await>
      <Replies />
    </>
  );
}

const preferencesOf = ({ preferences }: Settings) => ({
  language: preferences.language ?? ("" as Language | ""),
  autoAssign: preferences.autoAssign,
  defaultCapacity: String(preferences.defaultCapacity),
  offlineGraceSeconds: String(preferences.offlineGraceSeconds),
});

const within = (text: string, least: number, most: number): boolean =>
  /^\d{1,4}$/.test(text) && Number(text) >= least && Number(text) <= most;

function PreferencesCard({ settings }: { settings: Settings }) {
  const { words } = useSpeech();
  const form = useForm({
    initial: preferencesOf(settings),
    guarded: true,
    check: ({ defaultCapacity, offlineGraceSeconds }): Faults => ({
      "preferences.defaultCapacity": within(defaultCapacity, 0, 1_000) ? undefined : words.errors.count("0", "1000"),
      "preferences.offlineGraceSeconds": within(offlineGraceSeconds, 5, 3_600) ? undefined : words.errors.count("5", "3600"),
    }),
    send: async ({ language, autoAssign, defaultCapacity, offlineGraceSeconds }) =>
      preferencesOf(
        await saveSettings({
          preferences: {
            language: language || null,
            autoAssign,
            defaultCapacity: Number(defaultCapacity),
            offlineGraceSeconds: Number(offlineGraceSeconds),
          },
        }),
      ),
  });
  const { values, faults, set } = form;
  return (
    <Card title={words.preferences.title} intro={words.preferences.intro}>
      <form noValidate onSubmit={form.onSubmit}>
        <SelectField
          label={words.preferences.language}
          hint={words.preferences.languageHint}
          name="preferences.language"
          fault={faults["preferences.language"]}
          value={values.language}
          options={[["", words.preferences.byBrowser] as const, ...(Object.entries(NAMES) as [Language, string][])]}
          onValue={(language) => set({ language })}
        />
        <Check label={words.preferences.autoAssign} hint={words.preferences.autoAssignHint} checked={values.autoAssign} onValue={(autoAssign) => set({ autoAssign })} />
        <TextField
          label={words.preferences.capacity}
          hint={words.team.capacityHint}
          name="preferences.defaultCapacity"
          type="number"
          min="0"
          max="1000"
          value={values.defaultCapacity}
          fault={faults["preferences.defaultCapacity"]}
          onValue={(defaultCapacity) => set({ defaultCapacity })}
        />
        <TextField
          label={words.preferences.grace}
          hint={words.preferences.graceHint}
          name="preferences.offlineGraceSeconds"
          type="number"
          min="5"
          max="3600"
          value={values.offlineGraceSeconds}
          fault={faults["preferences.offlineGraceSeconds"]}
          onValue={(offlineGraceSeconds) => set({ offlineGraceSeconds })}
        />
        <Ending form={form} action={words.save} />
      </form>
    </Card>
  );
}
