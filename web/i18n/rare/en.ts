/** What most chats never say, in English. The other languages have the same entries. */
export const en = {
  close: "Close chat",
  trouble: "The chat can’t be shown here",
  troubleSite: "The chat is not set up correctly on this website. Whoever runs it will find the reason below.",
  troubleServer: "The chat can’t be reached at the moment. Please try again a little later.",
  link: {
    handoff_unknown: "This support link is not known here. Go back to where it came from and open support again.",
    handoff_used: "This support link was used already. Go back to where it came from and open support again.",
    handoff_expired: "This support link has expired. Go back to where it came from and open support again.",
    session_ended: "This chat session has ended. Go back to where you came from and open support again.",
  } as Record<string, string>,
  troubleTitle: {
    handoff_unknown: "This link leads nowhere",
    handoff_used: "This link was used already",
    handoff_expired: "This link has expired",
    session_ended: "This session has ended",
  } as Record<string, string>,
  again: "Try again",

  refused: "Not sent",
  fileTooLarge: (most: string) => `Not sent: a file can have ${most} at most`,
  fileType: "Not sent: files of this kind are not taken",
  fileGone: "Not sent: the page was closed before the file was uploaded. Attach it again.",
  save: "Save",
  uploading: "Uploading",
  failed: "That did not work. Please try again.",

  resolved: "This conversation is resolved. Write again to take it up.",
  rate: "How was the support?",
  score: (score: number) => ["Bad", "Poor", "Fair", "Good", "Excellent"][score - 1]!,
  comment: "Would you like to add something?",
  rateSend: "Send rating",
  rated: "Thank you for your rating.",
};

/** Every one of these texts, in one language. */
export type Words = typeof en;
