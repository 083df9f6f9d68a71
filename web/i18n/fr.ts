/** French. */
import type { Words } from "./en";

export const fr: Words = {
  support: "Assistance",
  conversation: "Conversation",
  close: "Fermer le chat",

  write: "Écrivez un message",
  send: "Envoyer",
  tooLong: (most) => `C’est trop long. Un message peut contenir ${most} caractères au plus.`,

  welcome: "Bonjour ! Comment pouvons-nous vous aider ?",
  away: "Il n’y a personne pour le moment. Laissez un message, nous répondrons dès que possible.",
  online: "Nous sommes là pour vous aider",
  offline: "Absents pour le moment",
  helping: (name) => `${name} s’occupe de vous`,
  waiting: "En attente de quelqu’un de l’équipe",
  next: "C’est bientôt votre tour",
  line: (place) => `Votre place dans la file : ${place}`,
  wait: (time) => `L’attente est d’environ ${time}`,
  typing: (name) => `${name} écrit…`,

  you: "Vous",
  seen: "Lu",
  sent: "Envoyé",
  sending: "Envoi…",
  unsent: "Pas encore envoyé",
  refused: "Non envoyé",
  retry: "Essayer maintenant",
  discard: "Retirer",
  earlier: "Afficher les messages précédents",
  latest: "Nouveaux messages",
  reconnecting: "Pas de connexion. Reconnexion…",
  disconnected: "Vous êtes hors ligne. Ce que vous écrivez partira dès votre retour.",

  resolved: "Cette conversation est résolue. Écrivez à nouveau pour la reprendre.",
  rate: "Que pensez-vous de l’assistance ?",
  score: (score) => ["Mauvaise", "Médiocre", "Correcte", "Bonne", "Excellente"][score - 1]!,
  comment: "Voulez-vous ajouter quelque chose ?",
  rateSend: "Envoyer la note",
  rated: "Merci pour votre note.",
  failed: "Cela n’a pas fonctionné. Veuillez réessayer.",

  trouble: "Le chat ne peut pas s’afficher ici",
  troubleSite: "Le chat n’est pas bien configuré sur ce site. La personne qui le gère trouvera la raison ci-dessous.",
  troubleServer: "Le chat est injoignable pour le moment. Veuillez réessayer un peu plus tard.",
  link: {
    handoff_unknown: "Ce lien d’assistance est inconnu ici. Retournez là d’où il vient et ouvrez à nouveau l’assistance.",
    handoff_used: "Ce lien d’assistance a déjà servi. Retournez là d’où il vient et ouvrez à nouveau l’assistance.",
    handoff_expired: "Ce lien d’assistance a expiré. Retournez là d’où il vient et ouvrez à nouveau l’assistance.",
    session_ended: "Cette session de chat est terminée. Retournez là d’où vous venez et ouvrez à nouveau l’assistance.",
  },
  troubleTitle: {
    handoff_unknown: "Ce lien ne mène nulle part",
    handoff_used: "Ce lien a déjà servi",
    handoff_expired: "Ce lien a expiré",
    session_ended: "Cette session est terminée",
  },
  again: "Réessayer",
};
