//! What has happened at the sample business: who wrote what, and what became of it.

/// Who says a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// The customer.
    Customer(&'static str),
    /// The agent who has the conversation.
    Agent(&'static str),
    /// The same agent, to the team only.
    Note(&'static str),
}

/// Where a conversation stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Settled, and judged unless the customer left it at that.
    Resolved(Option<(u8, Option<&'static str>)>),
    /// An agent has it.
    Open,
    /// An agent has it, and it rests until tomorrow.
    Snoozed,
    /// Nobody has it yet.
    Waiting,
}

/// One conversation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Script {
    /// The customer's name.
    pub(super) customer: &'static str,
    /// What the shop knows of the customer.
    pub(super) plan: &'static str,
    /// What it is about.
    pub(super) subject: Option<&'static str>,
    pub(super) lines: &'static [Line],
    pub(super) tags: &'static [&'static str],
    pub(super) urgent: bool,
    pub(super) end: End,
}

use End::{Open, Resolved, Snoozed, Waiting};
use Line::{Agent, Customer, Note};

const fn script(
    customer: &'static str,
    plan: &'static str,
    subject: Option<&'static str>,
    lines: &'static [Line],
    tags: &'static [&'static str],
    end: End,
) -> Script {
    Script { customer, plan, subject, lines, tags, urgent: false, end }
}

/// The days before yesterday: matters that come again and again, each settled.
pub(super) const SETTLED: [Script; 9] = [
    script(
        "Maya Lindqvist",
        "club",
        Some("Order 10382"),
        &[
            Customer("Hi! My tent was supposed to arrive on Monday. Any news?"),
            Agent(
                "Hello Maya, let me look. It left our warehouse on Saturday and is with the courier; you should have it tomorrow.",
            ),
            Customer("Perfect, thank you!"),
        ],
        &["delivery"],
        Resolved(Some((5, Some("Quick and friendly.")))),
    ),
    script(
        "Tom Becker",
        "guest",
        None,
        &[
            Customer("Do you ship to Norway?"),
            Agent("We do: five to seven days, and shipping is free from €80."),
        ],
        &["delivery"],
        Resolved(Some((4, None))),
    ),
    script(
        "Lucía Fernández",
        "club",
        Some("Cambio de talla"),
        &[
            Customer("Hola, las botas me quedan pequeñas. ¿Puedo cambiarlas por un 40?"),
            Agent(
                "¡Claro, Lucía! Te acabo de enviar la etiqueta de devolución; en cuanto la uses, te mandamos el 40.",
            ),
            Customer("Genial, muchas gracias."),
        ],
        &["returns", "español"],
        Resolved(Some((5, None))),
    ),
    script(
        "Jonas Weber",
        "guest",
        None,
        &[
            Customer("The zip on my Ridge jacket broke after two weeks."),
            Note("Third Ridge jacket with this zip this month. Told purchasing."),
            Agent(
                "I am sorry, that should not happen. A new one is on its way to you, and you can keep the old one for spares.",
            ),
            Customer("Wow. That is great service."),
        ],
        &["warranty", "ridge-zip"],
        Resolved(Some((5, Some("I will buy here again.")))),
    ),
    script(
        "Camille Laurent",
        "club",
        Some("Facture"),
        &[
            Customer("Bonjour, pourriez-vous m’envoyer la facture de ma dernière commande ?"),
            Agent("Bonjour Camille, elle vient de partir à votre adresse e-mail."),
            Customer("Bien reçu, merci !"),
        ],
        &["billing", "français"],
        Resolved(Some((4, None))),
    ),
    script(
        "Priya Nair",
        "club",
        None,
        &[
            Customer("Can I change the delivery address of an order from this morning?"),
            Agent("Yes, it has not been packed yet. Where should it go?"),
            Customer("14 Harbour Lane, Bristol. Thanks!"),
            Agent("Done. You will get a new confirmation in a minute."),
        ],
        &["delivery"],
        Resolved(None),
    ),
    script(
        "Omar Haddad",
        "club",
        None,
        &[
            Customer("مرحباً، هل الحقيبة مقاومة للماء؟"),
            Agent("مرحباً عمر، نعم، وهي تأتي مع غطاء للمطر أيضاً."),
            Customer("شكراً جزيلاً!"),
        ],
        &["product", "العربية"],
        Resolved(Some((5, None))),
    ),
    script(
        "Grace Kim",
        "guest",
        Some("Gift card"),
        &[
            Customer("My gift card code says it is already used, but I never used it."),
            Agent(
                "I see the card, Grace. It was entered with a typing mistake on another order; I have given the amount back to your card.",
            ),
        ],
        &["billing"],
        Resolved(Some((3, Some("It took two days until somebody answered.")))),
    ),
    script(
        "Felix Braun",
        "guest",
        None,
        &[
            Customer("Which sleeping bag do you recommend for about -5 °C?"),
            Agent("The Polar 600 is made for that. If you are a cold sleeper, take the 800."),
        ],
        &["product"],
        Resolved(None),
    ),
];

/// Today: what the team is in the middle of.
pub(super) const RUNNING: [Script; 10] = [
    script(
        "Hannah Schmidt",
        "club",
        Some("Order 10411"),
        &[
            Customer("Half of my order is missing: the stove is here, the gas is not."),
            Agent(
                "Gas travels by road for safety, so it comes in a parcel of its own. Let me find where it is.",
            ),
            Customer("Ah, I see. We leave on Friday, will it be here by then?"),
        ],
        &["delivery"],
        Open,
    ),
    script(
        "Diego Torres",
        "guest",
        None,
        &[
            Customer("¿Tenéis la mochila Sierra en verde?"),
            Agent("Ahora mismo no, pero el jueves llega. ¿Te guardo una?"),
        ],
        &["product", "español"],
        Open,
    ),
    Script {
        urgent: true,
        ..script(
            "Robert Ellis",
            "guest",
            Some("Charged twice"),
            &[
                Customer("You charged my card twice for order 10398!"),
                Note(
                    "Payment provider shows one capture and one reservation. The reservation falls away by itself.",
                ),
                Agent(
                    "I understand the worry, Robert. One of the two is only a reservation and disappears by itself; I have asked the bank to release it today.",
                ),
                Customer("OK. I will check tonight. If it is still there I want to hear from you."),
            ],
            &["billing"],
            Open,
        )
    },
    script(
        "Emma Novak",
        "club",
        None,
        &[
            Customer("Could you tell me when the Trail shoes are back in size 38?"),
            Agent("They are expected on the 2nd. I will write to you here as soon as they are on the shelf."),
        ],
        &["product"],
        Snoozed,
    ),
    script(
        "Louis Moreau",
        "guest",
        Some("Retour"),
        &[Customer("Bonjour, je voudrais retourner une veste. Comment faire ?")],
        &["returns", "français"],
        Open,
    ),
    script(
        "Aisha Rahman",
        "club",
        None,
        &[Customer("Is the student discount valid for climbing gear too?")],
        &["billing"],
        Open,
    ),
    script(
        "Nora Jensen",
        "guest",
        None,
        &[Customer("Hi, is anybody there? My tracking link shows an error.")],
        &[],
        Waiting,
    ),
    script(
        "Sara Mansour",
        "club",
        None,
        &[Customer("السلام عليكم، أريد تغيير موعد التسليم من فضلكم.")],
        &[],
        Waiting,
    ),
    Script {
        urgent: true,
        ..script(
            "Kenji Mori",
            "club",
            Some("Order 10420"),
            &[Customer("I need to cancel order 10420 before it ships. Please hurry!")],
            &[],
            Waiting,
        )
    },
    script(
        "Paula Costa",
        "guest",
        None,
        &[Customer("Olá! Do you have a shop in Lisbon?"), Customer("Or somewhere I can try the boots on?")],
        &[],
        Waiting,
    ),
];

/// What the team says often, by what it types for it.
pub(super) const REPLIES: [(&str, &str); 4] = [
    (
        "delivery",
        "Hello {{customer.name}}, your order has left our warehouse; it usually takes two to three days from there.",
    ),
    ("hello", "Hi {{customer.name}}, this is {{agent.name}} from {{business.name}}. How can I help?"),
    ("returns", "You can return anything within 60 days. I have just sent the label to {{customer.email}}."),
    ("thanks", "Glad I could help. Enjoy the trail!"),
];

/// Others who have had the same questions, in the order of [`SETTLED`], for every further time it is told.
pub(super) const OTHERS: [[&str; 9]; 2] = [
    [
        "Ida Holm",
        "Peter Vance",
        "Marta Gil",
        "Anton Keller",
        "Chloé Petit",
        "Dev Patel",
        "Layla Nasser",
        "Ruth Adler",
        "Mikko Aalto",
    ],
    [
        "Sven Dahl",
        "Olga Petrova",
        "Pablo Ruiz",
        "Lena Vogt",
        "Hugo Blanc",
        "Zoe Carter",
        "Yusuf Amin",
        "Nina Rossi",
        "Karl Lund",
    ],
];
