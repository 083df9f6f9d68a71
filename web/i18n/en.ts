/** English. The other languages have the same entries. */
export const en = {
  support: "Support",
  conversation: "Conversation",
  close: "Close chat",

  write: "Write a message",
  send: "Send",
  tooLong: (most: string) => `That is too long. A message can have ${most} characters at most.`,

  attach: "Attach a file",

  welcome: "Hello! How can we help?",
  away: "Nobody is here right now. Leave a message and we will answer as soon as we can.",
  online: "We are here to help",
  offline: "Away right now",
  back: (time: string) => `We’re back ${time}`,
  helping: (name: string) => `${name} is helping you`,
  next: "You are next in line",
  line: (place: string) => `You are number ${place} in line`,
  wait: (time: string) => `The wait is about ${time}`,
  typing: (name: string) => `${name} is typing…`,

  you: "You",
  seen: "Seen",
  sent: "Sent",
  sending: "Sending…",
  unsent: "Not sent yet",
  retry: "Try now",
  discard: "Remove",
  earlier: "Show earlier messages",
  latest: "New messages",
  reconnecting: "No connection. Reconnecting…",
  disconnected: "You are offline. What you write is sent as soon as you are back.",
};

/** Every text of the customers' pages, in one language. */
export type Words = typeof en;
