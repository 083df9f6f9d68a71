/** What most chats never say, in French. */
import type { Words } from "./en";

export const fr: Words = {
  close: "Fermer le chat",
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

  refused: "Non envoyé",
  fileTooLarge: (most) => `Non envoyé : un fichier peut faire ${most} au plus`,
  fileType: "Non envoyé : ce type de fichier n’est pas accepté",
  fileGone: "Non envoyé : la page a été fermée avant la fin de l’envoi du fichier. Joignez-le de nouveau.",
  save: "Enregistrer",
  uploading: "Envoi du fichier",
  failed: "Cela n’a pas fonctionné. Veuillez réessayer.",

  resolved: "Cette conversation est résolue. Écrivez à nouveau pour la reprendre.",
  rate: "Que pensez-vous de l’assistance ?",
  score: (score) => ["Mauvaise", "Médiocre", "Correcte", "Bonne", "Excellente"][score - 1]!,
  comment: "Voulez-vous ajouter quelque chose ?",
  rateSend: "Envoyer la note",
  rated: "Merci pour votre note.",
};
