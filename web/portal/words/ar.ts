/** x */
import { en, type Words } from "./en";
export const ar: Words = en;
