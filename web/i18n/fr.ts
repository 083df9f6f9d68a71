/** French. */
import type { Words } from "./en";

export const fr: Words = {
  support: "Assistance",
  conversation: "Conversation",
  close: "Fermer le chat",

  write: "Écrivez un message",
  send: "Envoyer",
  tooLong: (most) => `C’est trop long. Un message peut contenir ${most} caractères au plus.`,

  attach: "Joindre un fichier",

  welcome: "Bonjour ! Comment pouvons-nous vous aider ?",
  away: "Il n’y a personne pour le moment. Laissez un message, nous répondrons dès que possible.",
  online: "Nous sommes là pour vous aider",
  offline: "Absents pour le moment",
  back: (time) => `De retour : ${time}`,
  helping: (name) => `${name} s’occupe de vous`,
  next: "C’est bientôt votre tour",
  line: (place) => `Votre place dans la file : ${place}`,
  wait: (time) => `L’attente est d’environ ${time}`,
  typing: (name) => `${name} écrit…`,

  you: "Vous",
  seen: "Lu",
  sent: "Envoyé",
  sending: "Envoi…",
  unsent: "Pas encore envoyé",
  retry: "Essayer maintenant",
  discard: "Retirer",
  earlier: "Afficher les messages précédents",
  latest: "Nouveaux messages",
  reconnecting: "Pas de connexion. Reconnexion…",
  disconnected: "Vous êtes hors ligne. Ce que vous écrivez partira dès votre retour.",
};
