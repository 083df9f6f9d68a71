/** English. The other languages have the same entries. */
export const en = {
  support: "Support",
  conversation: "Conversation",
  close: "Close chat",

  write: "Write a message",
  send: "Send",
  tooLong: (most: string) => `That is too long. A message can have ${most} characters at most.`,

  welcome: "Hello! How can we help?",
  away: "Nobody is here right now. Leave a message and we will answer as soon as we can.",
  online: "We are here to help",
  offline: "Away right now",
  helping: (name: string) => `${name} is helping you`,
  waiting: "Waiting for somebody from the team",
  next: "You are next in line",
  line: (place: string) => `You are number ${place} in line`,
  wait: (time: string) => `The wait is about ${time}`,
  typing: (name: string) => `${name} is typing…`,

  you: "You",
  seen: "Seen",
  sent: "Sent",
  sending: "Sending…",
  unsent: "Not sent yet",
  refused: "Not sent",
  retry: "Try now",
  discard: "Remove",
  earlier: "Show earlier messages",
  latest: "New messages",
  reconnecting: "No connection. Reconnecting…",
  disconnected: "You are offline. What you write is sent as soon as you are back.",

  resolved: "This conversation is resolved. Write again to take it up.",
  rate: "How was the support?",
  score: (score: number) => ["Bad", "Poor", "Fair", "Good", "Excellent"][score - 1]!,
  comment: "Would you like to add something?",
  rateSend: "Send rating",
  rated: "Thank you for your rating.",
  failed: "That did not work. Please try again.",

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
};

/** Every text of the customers' pages, in one language. */
export type Words = typeof en;
