/** Why a message was refused; what has no words here is told in the server's. */
import { size } from "../../i18n";
import { rareWords } from "../../i18n/rare";
import { MOST_BYTES } from "../files";
import { FILE_GONE, type Outgoing } from "../outbox";
import { useSpeech } from "./speech";

export function Refusal({ of: { refusal } }: { of: Outgoing }) {
  const { lang, locale } = useSpeech();
  const words = rareWords(lang);
  if (refusal?.code === "file_too_large") return <span class="wrong">{words.fileTooLarge(size(locale, MOST_BYTES))}</span>;
  if (refusal?.code === "file_type_not_allowed") return <span class="wrong">{words.fileType}</span>;
  if (refusal?.code === FILE_GONE) return <span class="wrong">{words.fileGone}</span>;
  return (
    <span class="wrong">
      {words.refused}
      {refusal?.message && (
        <span lang="en" dir="ltr">
          {`: ${refusal.message}`}
        </span>
      )}
    </span>
  );
}
