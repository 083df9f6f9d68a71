/** What most chats never say, in Spanish. */
import type { Words } from "./en";

export const es: Words = {
  close: "Cerrar el chat",
  trouble: "El chat no se puede mostrar aquí",
  troubleSite: "El chat no está bien configurado en este sitio web. Quien lo administra encontrará el motivo abajo.",
  troubleServer: "El chat no está disponible en este momento. Inténtalo de nuevo un poco más tarde.",
  link: {
    handoff_unknown: "Este enlace de ayuda no se conoce aquí. Vuelve al lugar de donde vino y abre la ayuda otra vez.",
    handoff_used: "Este enlace de ayuda ya se usó. Vuelve al lugar de donde vino y abre la ayuda otra vez.",
    handoff_expired: "Este enlace de ayuda ha caducado. Vuelve al lugar de donde vino y abre la ayuda otra vez.",
    session_ended: "Esta sesión de chat ha terminado. Vuelve al lugar de donde viniste y abre la ayuda otra vez.",
  },
  troubleTitle: {
    handoff_unknown: "Este enlace no lleva a ninguna parte",
    handoff_used: "Este enlace ya se usó",
    handoff_expired: "Este enlace ha caducado",
    session_ended: "Esta sesión ha terminado",
  },
  again: "Intentar de nuevo",

  refused: "No enviado",
  fileTooLarge: (most) => `No enviado: un archivo puede tener ${most} como máximo`,
  fileType: "No enviado: no se aceptan archivos de este tipo",
  fileGone: "No enviado: la página se cerró antes de que se subiera el archivo. Adjúntalo de nuevo.",
  save: "Guardar",
  uploading: "Subiendo",
  failed: "No ha funcionado. Inténtalo de nuevo.",

  resolved: "Esta conversación está resuelta. Escribe de nuevo para retomarla.",
  rate: "¿Qué te ha parecido la atención?",
  score: (score) => ["Mala", "Floja", "Aceptable", "Buena", "Excelente"][score - 1]!,
  comment: "¿Quieres añadir algo?",
  rateSend: "Enviar valoración",
  rated: "Gracias por tu valoración.",
};
