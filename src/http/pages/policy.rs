//! What a page may load and who may frame it, as its Content-Security-Policy says it.

use openchat_domain::Origin;

/// Who may show a page in a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Framed {
    /// Nobody.
    Never,
    /// Our own pages and those of these origins.
    By(Vec<Origin>),
    /// Everybody.
    Anywhere,
}

impl Framed {
    /// Whether a page of this origin may.
    pub(super) fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Never => false,
            Self::By(origins) => Origin::new(origin).is_ok_and(|origin| origins.contains(&origin)),
            Self::Anywhere => true,
        }
    }

    fn ancestors(&self) -> String {
        match self {
            Self::Never => "'none'".to_owned(),
            Self::By(origins) => {
                origins.iter().fold("'self'".to_owned(), |all, origin| all + " " + origin.as_str())
            }
            Self::Anywhere => "*".to_owned(),
        }
    }
}

/// The policy of a page: nothing from other hosts but images, and calls from the media server, if there is one; nothing
/// inline; a `blob:` is what a page's own script has fetched.
pub(super) fn policy(public_url: &str, media_url: Option<&str>, framed: &Framed) -> String {
    // Some browsers take 'self' for http and https only.
    let sockets = public_url.replacen("http", "ws", 1);
    let media = media_url.and_then(connections).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:; \
         connect-src 'self' {sockets}{media}; media-src 'self'; frame-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors {}",
        framed.ancestors()
    )
}

/// The media server's origin, for its socket, and for the request by which its client asks why a socket failed.
fn connections(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let secure = if matches!(scheme, "wss" | "https") { "s" } else { "" };
    Some(format!(" ws{secure}://{host} http{secure}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> Framed {
        Framed::By(vec![Origin::new("https://shop.example").expect("an origin")])
    }

    #[test]
    fn a_page_loads_only_what_is_ours() {
        let said = policy("https://oc.example.com", None, &Framed::Never);
        assert!(said.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
        assert!(said.contains("connect-src 'self' wss://oc.example.com;"));
        assert!(!said.contains("unsafe"));
        assert!(policy("http://127.0.0.1:8080", None, &shop()).contains("'self' ws://127.0.0.1:8080;"));
    }

    #[test]
    fn a_page_connects_to_the_media_server_and_to_no_other() {
        let connects = |url| {
            let said = policy("https://oc.example.com", Some(url), &Framed::Never);
            said.split("connect-src ").nth(1).and_then(|rest| rest.split(';').next()).map(str::to_owned)
        };
        assert_eq!(
            connects("wss://calls.example.com/").as_deref(),
            Some("'self' wss://oc.example.com wss://calls.example.com https://calls.example.com")
        );
        assert_eq!(
            connects("ws://127.0.0.1:7880").as_deref(),
            Some("'self' wss://oc.example.com ws://127.0.0.1:7880 http://127.0.0.1:7880")
        );
    }

    #[test]
    fn a_page_is_framed_where_it_may_be() {
        let ancestors =
            |framed| policy("", None, &framed).split("frame-ancestors ").nth(1).map(str::to_owned);
        assert_eq!(ancestors(Framed::Never).as_deref(), Some("'none'"));
        assert_eq!(ancestors(shop()).as_deref(), Some("'self' https://shop.example"));
        assert_eq!(ancestors(Framed::By(vec![])).as_deref(), Some("'self'"));
        assert_eq!(ancestors(Framed::Anywhere).as_deref(), Some("*"));
        assert!(shop().allows("https://shop.example") && !shop().allows("https://shop.example.evil.com"));
        assert!(Framed::Anywhere.allows("http://10.0.0.1") && !Framed::Never.allows("https://shop.example"));
    }
}
