//! Which media type does a client accept? GraphQL over HTTP, "Content Negotiation".

use http::HeaderMap;
use http::header::ACCEPT;

use crate::graphql::Media;

/// The media type to answer with; none if the client accepts neither.
///
/// The newer one is preferred where both are accepted. A client that says nothing is an old one: it gets
/// `application/json`.
pub(super) fn accepted(headers: &HeaderMap) -> Option<Media> {
    let mut values = headers.get_all(ACCEPT).iter().peekable();
    if values.peek().is_none() {
        return Some(Media::Json);
    }
    let ranges = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut best: Option<(Media, u16)> = None;
    for (media, weight) in
        ranges.filter_map(range).flat_map(|(media, weight)| media.iter().map(move |it| (*it, weight)))
    {
        let better = best.is_none_or(|(so_far, most)| {
            weight > most || (weight == most && so_far == Media::Json && media == Media::GraphqlResponse)
        });
        if weight > 0 && better {
            best = Some((media, weight));
        }
    }
    best.map(|(media, _)| media)
}

/// The media types that a range of `Accept` covers, and its weight in thousandths.
fn range(text: &str) -> Option<(&'static [Media], u16)> {
    let mut parts = text.split(';').map(str::trim);
    let media: &[Media] = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/graphql-response+json" => &[Media::GraphqlResponse],
        "application/json" => &[Media::Json],
        "*/*" | "application/*" => &[Media::GraphqlResponse, Media::Json],
        _ => return None,
    };
    let mut weight = 1_000;
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => weight = quality(value.trim()).unwrap_or(0),
            // Answers are UTF-8; a client that wants another charset cannot be served.
            "charset" if !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8") => return None,
            _ => {}
        }
    }
    Some((media, weight))
}

/// `0`, `1`, `0.5`: in thousandths (RFC 9110, section 12.4.2).
fn quality(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !matches!(whole, "0" | "1") {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    let weight = if whole == "1" { 1_000 } else { thousandths };
    (whole == "0" || thousandths == 0).then_some(weight)
}

/// Whether a body is JSON, by its `Content-Type`. Nothing else is read: a form or plain text could be sent by any
/// page without asking.
pub(super) fn is_json(content_type: Option<&str>) -> bool {
    let Some(content_type) = content_type else { return false };
    let mut parts = content_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    json && parts.all(|part| match part.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        Some(_) | None => true,
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(accept: Option<&str>, expected: Option<Media>) {
        let mut headers = HeaderMap::new();
        if let Some(accept) = accept {
            headers.insert(ACCEPT, HeaderValue::from_str(accept).unwrap());
        }
        assert_eq!(accepted(&headers), expected, "{accept:?}");
    }

    #[test]
    fn the_newer_media_type_is_preferred_where_both_are_accepted() {
        let (new, old) = (Some(Media::GraphqlResponse), Some(Media::Json));
        check(None, old);
        check(Some("*/*"), new);
        check(Some("application/json"), old);
        check(Some("application/graphql-response+json; charset=utf-8, application/json"), new);
        check(Some("application/json, application/graphql-response+json;q=0.9"), old);
        check(Some("text/html, application/json;q=0.1"), old);
        check(Some("text/html"), None);
        check(Some("application/json;q=0"), None);
        check(Some("application/json; charset=latin-1"), None);
        check(Some("application/json;q=7"), None);
    }

    #[test]
    fn only_json_in_utf_8_is_read() {
        assert!(is_json(Some("application/json")) && is_json(Some("Application/JSON; charset=\"UTF-8\"")));
        for bad in [
            None,
            Some("text/plain"),
            Some("application/json; charset=utf-16"),
            Some("multipart/form-data; boundary=x"),
        ] {
            assert!(!is_json(bad), "{bad:?}");
        }
    }
}
