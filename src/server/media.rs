//! Which media type does a client accept? GraphQL over HTTP, "Content Negotiation".

use http::HeaderMap;
use http::header::ACCEPT;

use crate::graphql::Media;

/// The media type to answer with; none if the client accepts neither.
///
/// The newer one is preferred where both are named. A client that names neither is an old one: `*/*`, or nothing at
/// all, gets `application/json`.
pub(super) fn accepted(headers: &HeaderMap) -> Option<Media> {
    let mut values = headers.get_all(ACCEPT).iter().peekable();
    if values.peek().is_none() {
        return Some(Media::Json);
    }
    let ranges = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let ranges: Vec<Range> = ranges.filter_map(Range::read).collect();
    // Of the ranges that cover a type the most specific one counts (RFC 9110, section 12.5.1).
    let wish = |media| {
        let covering = ranges.iter().filter(|range| range.covers.contains(&media));
        let wish = covering.max_by_key(|range| range.specificity);
        wish.filter(|range| range.weight > 0).map(|range| (range.weight, range.specificity))
    };
    match (wish(Media::GraphqlResponse), wish(Media::Json)) {
        (None, None) => None,
        (new, old)
            if new > old || (new == old && new.is_some_and(|(_, specificity)| specificity == NAMED)) =>
        {
            Some(Media::GraphqlResponse)
        }
        _ => Some(Media::Json),
    }
}

/// The specificity of a range that is a media type.
const NAMED: u8 = 2;

/// A range of `Accept` that covers a media type of ours.
struct Range {
    covers: &'static [Media],
    specificity: u8,
    /// In thousandths.
    weight: u16,
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        const BOTH: &[Media] = &[Media::GraphqlResponse, Media::Json];
        let mut parts = text.split(';').map(str::trim);
        let (covers, specificity) = match parts.next()?.to_ascii_lowercase().as_str() {
            "application/graphql-response+json" => (&[Media::GraphqlResponse][..], NAMED),
            "application/json" => (&[Media::Json][..], NAMED),
            "application/*" => (BOTH, 1),
            "*/*" => (BOTH, 0),
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
        Some(Self { covers, specificity, weight })
    }
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
        check(Some("*/*"), old);
        check(Some("application/*"), old);
        check(Some("application/json, application/graphql-response+json"), new);
        check(Some("*/*, application/graphql-response+json"), new);
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
    fn the_most_specific_range_counts() {
        let (new, old) = (Some(Media::GraphqlResponse), Some(Media::Json));
        check(Some("*/*, application/graphql-response+json;q=0"), old);
        check(Some("application/json;q=0, */*;q=0.1"), new);
        check(Some("*/*, application/graphql-response+json;q=0.5"), old);
        check(Some("application/json;q=0.1, application/*;q=0.2, */*"), new);
        check(Some("application/*;q=0, */*"), None);
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
