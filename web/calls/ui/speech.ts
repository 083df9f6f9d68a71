/** A call's words and the reader's way of writing numbers and times, for every part of it. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { en } from "../words/en";
import type { Words } from "../words";

export interface CallSpeech {
  words: Words;
  locale: string;
}

export const CallSpeaking = createContext<CallSpeech>({ words: en, locale: "en" });

export const useCallSpeech = (): CallSpeech => useContext(CallSpeaking);
