//! Bad tokens: their form, their length, their signatures, and the header that carries them.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use innkeeper::authorizer::Bearer;
use serde_json::{Value, json};

use super::bad::Corpus;
use super::{Setting, status};
use crate::harness::issuers::{base64url, compact};

/// The longest token that is looked at, in bytes.
const MAX_BYTES: usize = 8 * 1024;

pub(super) fn corpus(setting: &Setting) -> Corpus {
    let parts = [
        parts(setting),
        encodings(setting),
        contents(setting),
        signatures(setting),
        wrapped(setting),
        lengths(setting),
    ];
    parts.into_iter().flatten().collect()
}

fn good(setting: &Setting) -> String {
    setting.draft().by(&setting.ec, "ES256")
}

/// More parts, fewer, empty ones.
fn parts(setting: &Setting) -> Corpus {
    let good = good(setting);
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let tokens = [
        ("one part", header.to_owned()),
        ("two parts", format!("{header}.{claims}")),
        ("four parts", format!("{good}.{signature}")),
        ("five parts", format!("{good}.{signature}.{signature}")),
        ("no header", format!(".{claims}.{signature}")),
        ("no claims", format!("{header}..{signature}")),
        ("no signature", format!("{header}.{claims}.")),
        ("nothing but dots", "..".to_owned()),
        ("a dot too many in front", format!(".{good}")),
        ("a dot too many at the end", format!("{good}.")),
        ("a dot too many in between", format!("{header}..{claims}.{signature}")),
        ("the parts turned round", format!("{signature}.{claims}.{header}")),
        ("header and claims changed about", format!("{claims}.{header}.{signature}")),
        ("no token at all", "null".to_owned()),
        ("a word", "undefined".to_owned()),
    ];
    tokens.map(|(what, token)| (what.to_owned(), token)).into()
}

/// Other ways to write the same bytes, and what is no base64url.
fn encodings(setting: &Setting) -> Corpus {
    let good = good(setting);
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let bytes = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let padded = |part: &str| URL_SAFE.encode(URL_SAFE_NO_PAD.decode(part).unwrap());
    let draft = setting.draft().claim("x", "ÿþ>?~").header("kid", "ec-1").header("alg", "ES256");
    let standard = STANDARD_NO_PAD.encode(json!(draft.claims).to_string());
    assert!(standard.contains(['+', '/']), "the claims need the standard alphabet's own signs");
    let signed = format!("{header}.{standard}");
    let by_the_standard = format!("{signed}.{}", base64url(setting.ec.sign("ES256", signed.as_bytes())));
    let tokens = [
        ("padding at the end", format!("{good}==")),
        ("padding in the signature", format!("{header}.{claims}.{}", padded(signature))),
        ("padding in the claims", format!("{header}.{claims}=.{signature}")),
        ("padding everywhere", format!("{}=.{claims}=.{}", header, padded(signature))),
        ("the standard alphabet, signed as such", by_the_standard),
        ("a space within", good.replacen('.', " .", 1)),
        ("a tab within", good.replacen('.', "\t.", 1)),
        ("a space at the end of a part", format!("{header}. {claims}.{signature}")),
        ("quotes", format!("\"{good}\"")),
        ("a percent sign", good.replacen('.', "%2e", 1)),
        ("a plus sign", format!("{header}.{claims}.+{signature}")),
        ("a sign that is no base64", format!("{header}.{claims}!.{signature}")),
        (
            "hex",
            format!(
                "{header}.{}.{signature}",
                bytes.iter().map(|it| format!("{it:02x}")).collect::<String>()
            ),
        ),
        ("plain JSON", String::from_utf8(bytes).unwrap()),
        ("two tokens, with a comma", format!("{good},{good}")),
        ("two tokens, with a space", format!("{good} {good}")),
        ("base64 of the whole", STANDARD.encode(&good)),
    ];
    tokens.map(|(what, token)| (what.to_owned(), token)).into()
}

/// Headers and claims that are no JSON objects. All are signed.
fn contents(setting: &Setting) -> Corpus {
    let header = br#"{"alg":"ES256","kid":"ec-1"}"#.as_slice();
    let claims = json!(setting.draft().claims).to_string().into_bytes();
    let after = |bytes: &[u8], more: &[u8]| [bytes, more].concat();
    let deep = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(500), "]".repeat(500)), 1).into_bytes()
    };
    let breaks: [(&str, &dyn Fn(&[u8]) -> Vec<u8>); 12] = [
        ("a list", &|it| [b"[", it, b"]"].concat()),
        ("a string", &|it| Value::String(String::from_utf8(it.to_vec()).unwrap()).to_string().into_bytes()),
        ("null", &|_| b"null".to_vec()),
        ("a number", &|_| b"1".to_vec()),
        ("an empty object", &|_| b"{}".to_vec()),
        ("no JSON", &|_| b"alg=ES256".to_vec()),
        ("cut short", &|it| it[..it.len() - 1].to_vec()),
        ("followed by more", &|it| after(it, b"{}")),
        ("followed by a zero byte", &|it| after(it, b"\0")),
        ("preceded by a byte order mark", &|it| after(b"\xef\xbb\xbf", it)),
        ("no UTF-8", &|it| after(&it[..it.len() - 1], b",\"x\":\"\xff\"}")),
        ("nested without end", &deep),
    ];
    let sign = |message: &[u8]| setting.ec.sign("ES256", message);
    let broken = |(what, broken): &(&str, &dyn Fn(&[u8]) -> Vec<u8>)| {
        let headers = (format!("the header is {what}"), compact(broken(header), &claims, sign));
        [headers, (format!("the claims are {what}"), compact(header, broken(&claims), sign))]
    };
    breaks.iter().flat_map(broken).collect()
}

fn signatures(setting: &Setting) -> Corpus {
    let good = good(setting);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let other = setting.draft().claim("sub", "user-2").by(&setting.ec, "ES256");
    let (other_signed, other_signature) = other.rsplit_once('.').unwrap();
    let with = |bytes: &[u8]| format!("{signed}.{}", base64url(bytes));
    let mut corpus: Corpus = [
        ("the signature of another token", format!("{signed}.{other_signature}")),
        ("the claims of another token", format!("{other_signed}.{signature}")),
        ("a signature of zeros", with(&[0; 64])),
        ("a signature of ones", with(&[0xff; 64])),
        ("r is zero", with(&[&[0; 32], &bytes[32..]].concat())),
        ("s is zero", with(&[&bytes[..32], &[0; 32]].concat())),
        ("r and s changed about", with(&[&bytes[32..], &bytes[..32]].concat())),
        ("the signature twice", with(&[bytes.clone(), bytes.clone()].concat())),
        ("a byte too many", with(&[&bytes[..], &[0]].concat())),
        ("a byte too many in front", with(&[&[0], &bytes[..]].concat())),
        ("a single byte", with(&bytes[..1])),
    ]
    .map(|(what, token)| (what.to_owned(), token))
    .into();
    for keep in [63, 48, 32, 16, 8] {
        corpus.push((format!("the signature cut to {keep} bytes"), with(&bytes[..keep])));
    }
    for at in [0, 1, 15, 31, 32, 47, 62, 63] {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        corpus.push((format!("a bit of byte {at} of the signature flipped"), with(&flipped)));
    }
    for at in [0, 7, signed.find('.').unwrap() + 1, signed.len() / 2, signed.len() - 1] {
        let mut flipped = good.clone().into_bytes();
        flipped[at] = if flipped[at] == b'A' { b'B' } else { b'A' };
        corpus.push((
            format!("character {at} of what was signed changed"),
            String::from_utf8(flipped).unwrap(),
        ));
    }
    let rsa = setting.draft().by(&setting.rsa, "RS256");
    for at in [rsa.len() - 2, rsa.len() - 100, rsa.len() - 340] {
        let mut flipped = rsa.clone().into_bytes();
        flipped[at] = if flipped[at] == b'A' { b'B' } else { b'A' };
        corpus.push((
            format!("character {at} of an RSA signature changed"),
            String::from_utf8(flipped).unwrap(),
        ));
    }
    corpus
}

/// Tokens in tokens, and tokens that are encrypted or in another serialization.
fn wrapped(setting: &Setting) -> Corpus {
    let good = good(setting);
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let sign = |message: &[u8]| setting.ec.sign("ES256", message);
    let outer = r#"{"alg":"ES256","kid":"ec-1","typ":"JWT","cty":"JWT"}"#;
    let silent = r#"{"alg":"ES256","kid":"ec-1","typ":"JWT"}"#;
    let flattened = json!({ "protected": header, "payload": claims, "signature": signature });
    let general =
        json!({ "payload": claims, "signatures": [{ "protected": header, "signature": signature }] });
    let tokens = [
        ("a token in a token", compact(outer, &good, sign)),
        ("a token in a token that does not say so", compact(silent, &good, sign)),
        ("a token in a token, quoted", compact(silent, json!(good).to_string(), sign)),
        ("an encrypted token", encrypted(&good, r#"{"alg":"dir","enc":"A256GCM","cty":"JWT"}"#)),
        (
            "an encrypted token that says it is signed",
            encrypted(&good, r#"{"alg":"ES256","kid":"ec-1","enc":"A256GCM"}"#),
        ),
        ("the flattened serialization", flattened.to_string()),
        ("the general serialization", general.to_string()),
        ("the flattened serialization in base64", base64url(flattened.to_string())),
        ("a detached payload", format!("{header}..{signature}")),
    ];
    tokens.map(|(what, token)| (what.to_owned(), token)).into()
}

/// A token in five parts (RFC 7516), under a key that nobody has.
fn encrypted(text: &str, header: &str) -> String {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
    let header = base64url(header);
    let mut sealed = text.as_bytes().to_vec();
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(header.as_bytes()), &mut sealed).unwrap();
    format!("{header}..{}.{}.{}", base64url([0; 12]), base64url(&sealed), base64url(tag))
}

/// A good token of a length, to the byte.
fn of_length(setting: &Setting, length: usize) -> String {
    let fill = |header: usize, claims: usize| {
        let draft = setting.draft().header("x", "x".repeat(header)).claim("x", "x".repeat(claims));
        draft.by(&setting.ec, "ES256")
    };
    let least = fill(0, 0).len();
    let guess = (length - least) * 3 / 4;
    let fillings = (0..4).flat_map(|header| (guess - 8..guess + 8).map(move |claims| (header, claims)));
    let found = fillings.map(|(header, claims)| fill(header, claims)).find(|token| token.len() == length);
    found.expect("every length can be made")
}

fn lengths(setting: &Setting) -> Corpus {
    [MAX_BYTES + 1, MAX_BYTES + 2, 2 * MAX_BYTES, 60_000]
        .map(|length| (format!("a good token of {length} bytes"), of_length(setting, length)))
        .into()
}

/// `Authorization` headers that carry no token. None is one that is not there.
pub(super) fn authorizations(setting: &Setting) -> Vec<(String, Option<Vec<u8>>)> {
    let good = good(setting);
    let values = [
        ("the scheme alone", "Bearer".to_owned()),
        ("the scheme and a space", "Bearer ".to_owned()),
        ("no scheme", good.clone()),
        ("another scheme", format!("Basic {good}")),
        ("a scheme of RFC 9449", format!("DPoP {good}")),
        ("a scheme that begins alike", format!("BearerX {good}")),
        ("a tab for a space", format!("Bearer\t{good}")),
        ("a colon", format!("Bearer: {good}")),
        ("the scheme twice", format!("Bearer Bearer {good}")),
        ("a parameter", format!("Bearer token={good}")),
        ("a comma and another scheme", format!("Bearer {good}, Basic YTpi")),
        ("nothing", String::new()),
    ];
    let mut values: Vec<_> =
        values.into_iter().map(|(what, value)| (what.to_owned(), Some(value.into_bytes()))).collect();
    values.push(("no header".to_owned(), None));
    values.push(("bytes that are no UTF-8".to_owned(), Some([b"Bearer \xff", good.as_bytes()].concat())));
    values.push(("letters that are no ASCII".to_owned(), Some(format!("Bearer {good}é").into_bytes())));
    values
}

#[tokio::test]
async fn a_token_of_eight_kibibytes_is_the_longest() {
    let setting = Setting::start().await;
    for length in [MAX_BYTES - 1, MAX_BYTES] {
        assert_eq!(status(&setting.world, &of_length(&setting, length)).await, 200, "{length}");
    }
    assert_eq!(status(&setting.world, &of_length(&setting, MAX_BYTES + 1)).await, 401);
}

#[tokio::test]
async fn no_character_of_a_token_can_be_changed() {
    let setting = Setting::start().await;
    let tokens = [
        good(&setting),
        setting.draft().by(&setting.rsa, "RS256"),
        setting.shared_draft().by(&setting.secret, "HS256"),
    ];
    for token in tokens {
        assert!(is_accepted(&setting, &token).await);
        for at in 0..token.len() {
            for other in [b'A', b'B', b'_', b'.'] {
                let mut changed = token.clone().into_bytes();
                if std::mem::replace(&mut changed[at], other) == other {
                    continue;
                }
                let changed = String::from_utf8(changed).unwrap();
                assert!(!is_accepted(&setting, &changed).await, "character {at} of {token}");
            }
        }
    }
}

/// Whether the authorizer accepts a token, asked without HTTP: there are thousands.
async fn is_accepted(setting: &Setting, token: &str) -> bool {
    let bearer = Bearer::from_header(format!("Bearer {token}").as_bytes()).unwrap();
    setting.world.gateway.authorizer.authorize(&bearer).await.is_ok()
}
