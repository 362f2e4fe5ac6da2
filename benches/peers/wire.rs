//! As much of HTTP/1.1 as both sides of the benchmark need: heads, lengths, bodies. No chunks: every peer gives a
//! length, and one that does not fails the run.

/// The head of a message: where its body begins, and how long that is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) body: usize,
    pub(crate) length: usize,
}

impl Head {
    pub(crate) fn total(self) -> usize {
        self.body + self.length
    }
}

/// The head, once it is whole.
pub(crate) fn head(read: &[u8]) -> Option<Head> {
    let body = find(read, b"\r\n\r\n")? + 4;
    let length = header(&read[..body], b"content-length").map_or(0, |value| {
        std::str::from_utf8(value).unwrap().trim().parse().unwrap_or_else(|_| panic!("a length that is none"))
    });
    let chunked = header(&read[..body], b"transfer-encoding").is_some();
    assert!(!chunked, "a message in chunks: {}", String::from_utf8_lossy(&read[..body]));
    Some(Head { body, length })
}

/// The value of a header, by its name in lower case.
pub(crate) fn header<'h>(head: &'h [u8], name: &[u8]) -> Option<&'h [u8]> {
    head.split(|&it| it == b'\n').find_map(|line| {
        let (found, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":")?;
        found.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
    })
}

/// Where a text lies.
pub(crate) fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|it| it == wanted)
}

/// Writes an answer. `headers` end in a line break each.
pub(crate) fn ok(kind: &str, headers: &str, body: &[u8], out: &mut Vec<u8>) {
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{headers}content-length: {}\r\n\r\n", body.len());
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(body);
}
