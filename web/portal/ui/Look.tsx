/** How the chat looks to customers: edited with what it will look like beside it. */
import { useEffect, useRef } from "preact/hooks";
import { saveSettings, type Settings } from "../api";
import { isColour, legibility } from "../colour";
import { type Faults, useForm } from "../form";
import { number } from "../../i18n";
import { useSpeech } from "../speech";
import { Mark, Warning } from "./Brand";
import { LongField, TextField } from "./Field";
import { Card, Ending } from "./parts";

interface Look {
  color: string;
  logoUrl: string;
  welcomeMessage: string;
  awayMessage: string;
}

const lookOf = ({ branding, welcomeMessage, awayMessage }: Settings): Look => ({
  color: branding.color,
  logoUrl: branding.logoUrl ?? "",
  welcomeMessage: welcomeMessage ?? "",
  awayMessage: awayMessage ?? "",
});

export function LookCard({ settings, business }: { settings: Settings; business: string }) {
  const { words } = useSpeech();
  const form = useForm<Look>({
    initial: lookOf(settings),
    guarded: true,
    check: ({ color, logoUrl }): Faults => ({
      "branding.color": isColour(color) ? undefined : words.look.colourWrong,
      "branding.logoUrl": !logoUrl || /^https:\/\/\S+$/.test(logoUrl) ? undefined : words.look.logoWrong,
    }),
    send: async ({ color, logoUrl, welcomeMessage, awayMessage }) =>
      lookOf(
        await saveSettings({
          welcomeMessage: welcomeMessage.trim() || null,
          awayMessage: awayMessage.trim() || null,
          branding: { color, logoUrl: logoUrl || null },
        }),
      ),
  });
  const { values, faults, set } = form;
  return (
    <Card title={words.look.title} intro={words.look.intro}>
      <div class="beside">
        <form noValidate onSubmit={form.onSubmit}>
          <div class="colour">
            <TextField label={words.look.colour} name="branding.color" dir="ltr" value={values.color} fault={faults["branding.color"]} onValue={(color) => set({ color })} />
            <input type="color" aria-label={words.look.pick} value={isColour(values.color) ? values.color : "#2563eb"} onInput={(event) => set({ color: event.currentTarget.value })} />
          </div>
          <Contrast colour={values.color} />
          <TextField label={words.look.logo} hint={words.look.logoHint} name="branding.logoUrl" type="url" dir="ltr" value={values.logoUrl} fault={faults["branding.logoUrl"]} onValue={(logoUrl) => set({ logoUrl })} />
          <LongField label={words.look.welcome} name="welcomeMessage" placeholder={words.look.welcomeDefault} value={values.welcomeMessage} fault={faults.welcomeMessage} onValue={(welcomeMessage) => set({ welcomeMessage })} />
          <LongField label={words.look.away} name="awayMessage" placeholder={words.look.awayDefault} value={values.awayMessage} fault={faults.awayMessage} onValue={(awayMessage) => set({ awayMessage })} />
          <Ending form={form} action={words.save} />
        </form>
        <Preview look={values} business={business} />
      </div>
    </Card>
  );
}

function Contrast({ colour }: { colour: string }) {
  const { words, locale } = useSpeech();
  if (!isColour(colour)) return null;
  const { text, page, enough } = legibility(colour);
  const said = (value: number): string => number(locale, Math.round(value * 10) / 10);
  return (
    <p class={enough ? "contrast" : "contrast poor"} role="status">
      {!enough && <Warning />}
      {enough ? words.look.enough(said(text), said(page)) : words.look.poor(said(text), said(page))}
    </p>
  );
}

function Preview({ look, business }: { look: Look; business: string }) {
  const { words } = useSpeech();
  const self = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isColour(look.color)) return;
    self.current?.style.setProperty("--worn", look.color);
    self.current?.style.setProperty("--worn-ink", legibility(look.color).ink);
  }, [look.color]);
  return (
    <figure class="preview" ref={self} aria-label={words.look.preview}>
      <div class="panel">
        <div class="head">
          {/^https:\/\//.test(look.logoUrl) ? <img src={look.logoUrl} alt="" /> : <span class="initial">{[...business][0]}</span>}
          <b dir="auto">{business}</b>
        </div>
        <p class="said" dir="auto">
          {look.welcomeMessage || words.look.welcomeDefault}
        </p>
        <p class="mine" dir="auto">
          {words.look.sample}
        </p>
      </div>
      <span class="launcher">
        <Mark />
      </span>
    </figure>
  );
}
