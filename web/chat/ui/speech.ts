/** The page's language, for every component. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { english, type Speech } from "../../i18n";

export const Speaking = createContext(english);

export const useSpeech = (): Speech => useContext(Speaking);
