/** Spanish. */
import type { Words } from "./en";

export const es: Words = {
  support: "Ayuda",
  conversation: "Conversación",
  close: "Cerrar el chat",

  write: "Escribe un mensaje",
  send: "Enviar",
  tooLong: (most) => `Es demasiado largo. Un mensaje puede tener ${most} caracteres como máximo.`,

  welcome: "¡Hola! ¿En qué podemos ayudarte?",
  away: "Ahora no hay nadie. Deja un mensaje y te responderemos lo antes posible.",
  online: "Estamos aquí para ayudarte",
  offline: "Ausentes ahora mismo",
  helping: (name) => `Te atiende ${name}`,
  waiting: "Esperando a alguien del equipo",
  next: "Eres el siguiente en la cola",
  line: (place) => `Tu puesto en la cola es el ${place}`,
  wait: (time) => `La espera es de unos ${time}`,
  typing: (name) => `${name} está escribiendo…`,

  you: "Tú",
  seen: "Visto",
  sent: "Enviado",
  sending: "Enviando…",
  unsent: "Aún sin enviar",
  refused: "No enviado",
  retry: "Intentar ahora",
  discard: "Quitar",
  earlier: "Mostrar mensajes anteriores",
  latest: "Mensajes nuevos",
  reconnecting: "Sin conexión. Reconectando…",
  disconnected: "Estás sin conexión. Lo que escribas se enviará en cuanto vuelvas.",

  resolved: "Esta conversación está resuelta. Escribe de nuevo para retomarla.",
  rate: "¿Qué te ha parecido la atención?",
  score: (score) => ["Mala", "Floja", "Aceptable", "Buena", "Excelente"][score - 1]!,
  comment: "¿Quieres añadir algo?",
  rateSend: "Enviar valoración",
  rated: "Gracias por tu valoración.",
  failed: "No ha funcionado. Inténtalo de nuevo.",

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
};
