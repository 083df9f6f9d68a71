/** Arabic. */
import type { Words } from "./en";

export const ar: Words = {
  support: "الدعم",
  conversation: "المحادثة",
  close: "إغلاق الدردشة",

  write: "اكتب رسالة",
  send: "إرسال",
  tooLong: (most) => `النص طويل جدًا. الحد الأقصى للرسالة هو ${most} حرف.`,

  attach: "إرفاق ملف",

  welcome: "مرحبًا! كيف يمكننا مساعدتك؟",
  away: "لا يوجد أحد هنا الآن. اترك رسالة وسنرد عليك في أقرب وقت ممكن.",
  online: "نحن هنا لمساعدتك",
  offline: "غير متواجدين الآن",
  back: (time) => `نعود: ${time}`,
  helping: (name) => `${name} يتولى مساعدتك`,
  next: "دورك هو التالي",
  line: (place) => `ترتيبك في قائمة الانتظار: ${place}`,
  wait: (time) => `مدة الانتظار حوالي ${time}`,
  typing: (name) => `${name} يكتب الآن…`,

  you: "أنت",
  seen: "تمت القراءة",
  sent: "تم الإرسال",
  sending: "جارٍ الإرسال…",
  unsent: "لم تُرسل بعد",
  retry: "حاول الآن",
  discard: "إزالة",
  earlier: "عرض الرسائل السابقة",
  latest: "رسائل جديدة",
  reconnecting: "لا يوجد اتصال. جارٍ إعادة الاتصال…",
  disconnected: "أنت غير متصل. سيُرسل ما تكتبه فور عودة الاتصال.",
};
