//! DynamoDB and STS as the benchmark needs them: answers that are ready before they are asked for.
//!
//! It looks at the operation, the tenant and the count in the key, and at nothing else: it verifies no signature and
//! knows no table. What it sends has what the real one sends and a client checks: `x-amz-crc32`, a request id,
//! `ConsumedCapacity` where it is asked for. HTTP is read and written by hand, since whatever this side takes is
//! missing from the core that it shares with the load.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::items;
use crate::wire::{self, find, head};

/// How many calls of each kind came, since the last look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) get: u64,
    pub(crate) query: u64,
    pub(crate) batch: u64,
    pub(crate) put: u64,
    /// Of plain JSON, which are no calls of DynamoDB.
    pub(crate) plain: u64,
    pub(crate) sts: u64,
    pub(crate) keys: u64,
}

/// The stub: one for the whole run.
pub(crate) struct Stub {
    jwks: String,
    calls: RefCell<Calls>,
    lists: RefCell<HashMap<Asked, Rc<Template>>>,
}

/// What an answer depends on, beside the tenant.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Asked {
    kind: Kind,
    items: usize,
    fields: usize,
    capacity: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Get,
    Orders,
    Wide,
    Put,
}

/// An answer with the places where the tenant is written.
struct Template {
    text: Vec<u8>,
    tenants: Vec<usize>,
}

impl Template {
    fn new(text: String) -> Self {
        let tenants = text.match_indices(items::TENANT).map(|(at, _)| at).collect();
        Self { text: text.into_bytes(), tenants }
    }
}

impl Calls {
    /// All that ask for data.
    pub(crate) fn data(self) -> u64 {
        self.get + self.query + self.batch + self.put + self.plain
    }
}

impl Stub {
    pub(crate) fn new(jwks: String) -> Rc<Self> {
        Rc::new(Self { jwks, calls: RefCell::default(), lists: RefCell::default() })
    }

    /// What has come since the last look.
    pub(crate) fn take(&self) -> Calls {
        self.calls.take()
    }

    /// Serves on a port of its own until the runtime ends.
    pub(crate) async fn serve(self: &Rc<Self>, tls: Option<TlsAcceptor>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stub = Rc::clone(self);
        tokio::task::spawn_local(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                stream.set_nodelay(true).unwrap();
                let (stub, tls) = (Rc::clone(&stub), tls.clone());
                tokio::task::spawn_local(async move {
                    match tls {
                        None => stub.converse(stream).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                stub.converse(stream).await;
                            }
                        }
                    }
                });
            }
        });
        address
    }

    async fn converse(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let (mut read, mut written) = (Vec::with_capacity(16 * 1024), Vec::with_capacity(64 * 1024));
        loop {
            let whole = loop {
                if let Some(whole) = head(&read).filter(|it| read.len() >= it.total()) {
                    break whole;
                }
                // The other side is done.
                if !matches!(stream.read_buf(&mut read).await, Ok(1..)) {
                    return;
                }
            };
            written.clear();
            self.answer(&read[..whole.body], &read[whole.body..whole.total()], &mut written);
            read.drain(..whole.total());
            if stream.write_all(&written).await.is_err() || stream.flush().await.is_err() {
                return;
            }
        }
    }

    fn answer(&self, head: &[u8], body: &[u8], out: &mut Vec<u8>) {
        let mut calls = self.calls.borrow_mut();
        let capacity = find(body, b"ReturnConsumedCapacity").is_some();
        let target = wire::header(head, b"x-amz-target").unwrap_or_default();
        let ask = |kind, items, fields| Asked { kind, items, fields, capacity };
        match target.strip_prefix(b"DynamoDB_20120810.").unwrap_or_default() {
            b"GetItem" => {
                calls.get += 1;
                self.list(ask(Kind::Get, 1, 0), body, out);
            }
            b"Query" => {
                calls.query += 1;
                let numbers =
                    |marker: &[u8]| find(body, marker).map(|at| numbers(&body[at + marker.len()..]));
                let asked = match (numbers(b"#CUST#c"), numbers(b"#WIDE#w")) {
                    (Some((items, _)), _) => ask(Kind::Orders, items, 0),
                    (_, Some((items, fields))) => ask(Kind::Wide, items, fields),
                    (None, None) => panic!("no key is known in {}", String::from_utf8_lossy(body)),
                };
                self.list(asked, body, out);
            }
            b"BatchGetItem" => {
                calls.batch += 1;
                dynamodb(items::batch(body, capacity).as_bytes(), out);
            }
            b"PutItem" => {
                calls.put += 1;
                self.list(ask(Kind::Put, 0, 0), body, out);
            }
            _ if head.starts_with(b"GET /.well-known/jwks.json ") => {
                calls.keys += 1;
                wire::ok("application/json", "", self.jwks.as_bytes(), out);
            }
            _ if head.starts_with(b"GET /orders/") => {
                calls.plain += 1;
                wire::ok("application/json", "", items::plain_order(0, "c25").as_bytes(), out);
            }
            _ if head.starts_with(b"GET /customers/c") => {
                calls.plain += 1;
                let (count, _) = numbers(&head["GET /customers/c".len()..]);
                wire::ok("application/json", "", items::plain_orders(count).as_bytes(), out);
            }
            _ if find(body, b"Action=AssumeRole").is_some() => {
                calls.sts += 1;
                wire::ok("text/xml", "", items::assumed().as_bytes(), out);
            }
            _ => panic!("the stub does not answer {}", String::from_utf8_lossy(head)),
        }
    }

    /// An answer that depends on little enough to be kept.
    fn list(&self, asked: Asked, body: &[u8], out: &mut Vec<u8>) {
        let mut lists = self.lists.borrow_mut();
        let template = lists.entry(asked).or_insert_with(|| {
            Rc::new(Template::new(match asked.kind {
                Kind::Get => items::got(asked.capacity),
                Kind::Orders => items::orders(asked.items, asked.capacity),
                Kind::Wide => items::wide(asked.items, asked.fields, asked.capacity),
                Kind::Put => items::put(asked.capacity),
            }))
        });
        let template = Rc::clone(template);
        drop(lists);
        let mut text = template.text.clone();
        let tenant = find(body, b"TENANT#").map(|at| &body[at + 7..at + 7 + items::TENANT.len()]);
        if let Some(tenant) = tenant {
            for &at in &template.tenants {
                text[at..at + tenant.len()].copy_from_slice(tenant);
            }
        }
        dynamodb(&text, out);
    }
}

/// An answer as DynamoDB frames it.
fn dynamodb(body: &[u8], out: &mut Vec<u8>) {
    let headers = format!(
        "x-amzn-requestid: 5PQ7RPVA3GJ2O7TLV4Q6R6KOFVVV4KQNSO5AEMVJF66Q9ASUAAJG\r\nx-amz-crc32: {}\r\n",
        crc32fast::hash(body)
    );
    wire::ok("application/x-amz-json-1.0", &headers, body, out);
}

/// `25` or `25x10`.
fn numbers(text: &[u8]) -> (usize, usize) {
    let number = |text: &[u8]| {
        text.iter()
            .take_while(|it| it.is_ascii_digit())
            .fold((0, 0), |(value, length), digit| (value * 10 + usize::from(digit - b'0'), length + 1))
    };
    let (first, length) = number(text);
    let second = text.get(length).filter(|&&it| it == b'x').map_or(0, |_| number(&text[length + 1..]).0);
    (first, second)
}
