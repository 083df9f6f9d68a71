//! In which language a page comes, where it says something before its script is there.

use actix_web::{
    HttpRequest,
    http::header::{ACCEPT_LANGUAGE, AcceptLanguage, Header as _},
};
use openchat_domain::business::Language;

/// The frame of the chat in a language, as the web build has made it.
pub(super) const fn webchat(language: Language) -> &'static str {
    match language {
        Language::En => "webchat.en.html",
        Language::Es => "webchat.es.html",
        Language::Fr => "webchat.fr.html",
        Language::Ar => "webchat.ar.html",
    }
}

/// The language of a tag such as `fr-CA`, if the pages speak it.
pub(super) fn spoken(tag: &str) -> Option<Language> {
    match tag.get(..2)?.to_ascii_lowercase().as_str() {
        "en" => Some(Language::En),
        "es" => Some(Language::Es),
        "fr" => Some(Language::Fr),
        "ar" => Some(Language::Ar),
        _ => None,
    }
}

/// The browser's first that the pages speak, else English.
pub(super) fn preferred(req: &HttpRequest) -> Language {
    let wanted =
        req.headers().contains_key(ACCEPT_LANGUAGE).then(|| AcceptLanguage::parse(req).ok()).flatten();
    let wanted = wanted.map(|it| it.ranked()).unwrap_or_default();
    wanted.iter().find_map(|it| spoken(&it.to_string())).unwrap_or(Language::En)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_browsers_first_that_we_speak_is_preferred() {
        let preferred = |said: &str| {
            preferred(&TestRequest::default().insert_header((ACCEPT_LANGUAGE, said)).to_http_request())
        };
        assert_eq!(preferred("fr-CA,fr;q=0.9,en;q=0.8"), Language::Fr);
        assert_eq!(preferred("de,en;q=0.5,ar;q=0.7"), Language::Ar);
        assert_eq!(preferred("de"), Language::En);
        assert_eq!(preferred("*"), Language::En);
        assert_eq!(preferred(""), Language::En);
        assert_eq!(super::preferred(&TestRequest::default().to_http_request()), Language::En);
    }
}
