/** Spanish. */
import type { Words } from "./en";

export const es: Words = {
  support: "Ayuda",
  conversation: "Conversación",
  close: "Cerrar el chat",

  write: "Escribe un mensaje",
  send: "Enviar",
  tooLong: (most) => `Es demasiado largo. Un mensaje puede tener ${most} caracteres como máximo.`,

  attach: "Adjuntar un archivo",

  welcome: "¡Hola! ¿En qué podemos ayudarte?",
  away: "Ahora no hay nadie. Deja un mensaje y te responderemos lo antes posible.",
  online: "Estamos aquí para ayudarte",
  offline: "Ausentes ahora mismo",
  back: (time) => `Volvemos: ${time}`,
  helping: (name) => `Te atiende ${name}`,
  next: "Eres el siguiente en la cola",
  line: (place) => `Tu puesto en la cola es el ${place}`,
  wait: (time) => `La espera es de unos ${time}`,
  typing: (name) => `${name} está escribiendo…`,

  you: "Tú",
  seen: "Visto",
  sent: "Enviado",
  sending: "Enviando…",
  unsent: "Aún sin enviar",
  retry: "Intentar ahora",
  discard: "Quitar",
  earlier: "Mostrar mensajes anteriores",
  latest: "Mensajes nuevos",
  reconnecting: "Sin conexión. Reconectando…",
  disconnected: "Estás sin conexión. Lo que escribas se enviará en cuanto vuelvas.",
};
