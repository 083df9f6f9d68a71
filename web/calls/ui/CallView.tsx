/** A call on a page: before it, while it goes on; all of it, so that it is loaded only when there is one. */
import "./calls.css";
import { callWords } from "../words";
import { Prejoin } from "./Prejoin";
import { CallSpeaking } from "./speech";
import { Stage, type StageProps } from "./Stage";

interface Props extends StageProps {
  lang: string;
  locale: string;
}

export function CallView({ lang, locale, ...props }: Props) {
  const { stage } = props.part;
  const before = stage.value === "checking" || stage.value === "ready";
  return (
    <CallSpeaking.Provider value={{ words: callWords(lang), locale }}>
      {before ? <Prejoin part={props.part} /> : stage.value !== "none" && <Stage {...props} />}
    </CallSpeaking.Provider>
  );
}
