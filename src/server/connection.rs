//! Connections: how many there may be, how long a client may take to say what it wants, and how they end.
//!
//! A connection costs memory before anybody has shown a token, so each wait on a client has a bound: the handshake, the
//! head of a request and the pause between two ([`Config::header_timeout`]), the body (the request's deadline), and an
//! answer that is not read ([`UNREAD`] where its bytes are on their way, and [`Config::unread`] where they are not, by
//! [`super::unsent`]). Connections beyond the bound wait in the kernel's queue, where they cost the gateway nothing.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

use super::tls::Tls;
use super::unsent::{Pieces, Traffic};
use super::{Config, unread};
use crate::telemetry::Metrics;

/// How long an answer may lie unread in the client's window before the kernel ends the connection.
#[cfg(target_os = "linux")]
const UNREAD: Duration = Duration::from_secs(30);

/// How often an idle HTTP/2 connection is asked whether it is there.
const PING: Duration = Duration::from_secs(30);

/// The streams of one HTTP/2 connection. A browser's page has one connection.
const STREAMS: u32 = 100;

/// The head of a request, in bytes. A token has 8 KiB at most; one that is longer is refused as every bad token is, and
/// only a head that is longer still is refused as a head.
const MAX_HEAD: usize = 64 * 1024;

/// How long a client that has connected and said nothing is waited for when the gateway stops: its first request may be on
/// its way.
const FIRST: Duration = Duration::from_secs(1);

/// How long an answer may lie when the gateway stops: one that nobody reads does not take the time of those that are made.
const UNREAD_AT_THE_END: Duration = Duration::from_secs(5);

/// How long to wait where no connection can be taken, such as when there are no more files.
const NO_FILES: Duration = Duration::from_millis(100);

/// Where the next look at a first line is due, when only a part of it has come.
const PEEK: Duration = Duration::from_millis(5);

/// What an HTTP/2 client says first, without TLS (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A port, and how connections to it are served.
pub(super) struct Port {
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    permits: Arc<Semaphore>,
    limits: Limits,
    metrics: Metrics,
}

/// How long the clients of a port are waited for.
#[derive(Debug, Clone, Copy)]
struct Limits {
    header: Duration,
    unread: Duration,
}

/// The HTTP that a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

impl Port {
    pub(super) fn new(
        listener: TcpListener,
        router: Router,
        tls: Option<Tls>,
        config: &Config,
        metrics: Metrics,
    ) -> Self {
        let permits = Arc::new(Semaphore::new(config.max_connections));
        let limits = Limits { header: config.header_timeout, unread: config.unread };
        Self { listener, router, tls, permits, limits, metrics }
    }

    /// Takes connections until `stop` resolves; then lets the requests that are under way finish.
    pub(super) async fn serve(self, stop: impl Future<Output = ()>) {
        let Self { listener, router, tls, permits, limits, metrics } = self;
        let (stopping, _) = watch::channel(false);
        let begin = |stream, permit| {
            let stopping = Stopping(stopping.subscribe());
            let connection =
                Connection { router: router.clone(), tls: tls.clone(), limits, stopping, permit };
            spawn(connection.serve(stream, metrics.clone()));
        };
        let mut stop = pin!(stop);
        loop {
            let next = async {
                let permit = Arc::clone(&permits).acquire_owned().await.ok()?;
                Some((listener.accept().await, permit))
            };
            let (accepted, permit) = tokio::select! {
                () = &mut stop => break,
                next = next => match next {
                    Some(next) => next,
                    None => break,
                },
            };
            match accepted {
                Ok((stream, _peer)) => begin(stream, permit),
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be taken");
                    tokio::time::sleep(NO_FILES).await;
                }
            }
        }
        // The kernel has told those in its queue that they are here, and a request may be on its way: closed, the port
        // would lose it. Nobody else may come while these finish.
        for stream in waiting(listener) {
            let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else { break };
            begin(stream, permit);
        }
        stopping.send_replace(true);
        // Each connection holds an end of it until it is over.
        stopping.closed().await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a connection is no request: it ends with its client or with the server"
)]
fn spawn(connection: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(connection));
}

/// The connections that the kernel has taken and nobody has asked for yet. The port is closed after the last one.
fn waiting(listener: TcpListener) -> impl Iterator<Item = TcpStream> {
    let listener = listener.into_std().ok();
    // It does not block: without a connection it fails, and that is the end.
    let accepted = move || listener.as_ref()?.accept().ok();
    std::iter::from_fn(accepted).filter_map(|(stream, _peer)| {
        stream.set_nonblocking(true).ok()?;
        TcpStream::from_std(stream).ok()
    })
}

/// Whether an error of `accept` is of the connection and not of the listener.
fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Knows when the gateway stops.
#[derive(Clone)]
struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Resolves when the gateway stops.
    async fn begins(&mut self) {
        // Without a sender there is no port any more.
        let _stopped = self.0.wait_for(|stopping| *stopping).await;
    }
}

/// One connection.
struct Connection {
    router: Router,
    tls: Option<Tls>,
    limits: Limits,
    stopping: Stopping,
    permit: OwnedSemaphorePermit,
}

impl Connection {
    async fn serve(self, stream: TcpStream, metrics: Metrics) {
        let _open = metrics.connected();
        // Both are for what goes wrong later; a connection without them is still one.
        if let Err(error) = stream.set_nodelay(true).and_then(|()| end_if_unread(&stream)) {
            tracing::debug!(%error, "a connection without its options");
        }
        let Self { router, tls, limits, mut stopping, permit } = self;
        let begun = tokio::time::timeout(limits.header, async {
            Ok::<_, io::Error>(if let Some(tls) = tls {
                let (stream, protocol) = tls.accept(stream).await?;
                (Stream::Tls(Box::new(stream)), protocol)
            } else {
                let protocol = spoken(&stream).await?;
                (Stream::Plain(stream), protocol)
            })
        });
        let silent = async {
            stopping.begins().await;
            tokio::time::sleep(FIRST).await;
        };
        let begun = tokio::select! {
            begun = begun => begun,
            () = silent => return,
        };
        let (stream, protocol) = match begun {
            Ok(Ok(begun)) => begun,
            Ok(Err(error)) => return tracing::debug!(%error, "a connection did not begin"),
            Err(_elapsed) => return tracing::debug!("a connection said nothing"),
        };
        match stream {
            Stream::Plain(stream) => speak(stream, protocol, router, limits, stopping).await,
            Stream::Tls(stream) => speak(*stream, protocol, router, limits, stopping).await,
        }
        drop(permit);
    }
}

/// What carries HTTP.
enum Stream {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::server::TlsStream<TcpStream>>),
}

/// HTTP over a stream, until either side ends it. When the gateway stops, what is under way is answered, and what a new
/// client is about to send.
async fn speak<S>(stream: S, protocol: Protocol, router: Router, limits: Limits, mut stopping: Stopping)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut builder = match protocol {
        Protocol::Http1 => builder.http1_only(),
        Protocol::Http2 => builder.http2_only(),
    };
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_buf_size(MAX_HEAD)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
        .keep_alive_interval(PING)
        .keep_alive_timeout(limits.header);
    let (asked, traffic) = (Arc::new(Notify::new()), Arc::new(Traffic::default()));
    let (asking, carrying) = (Arc::clone(&asked), Arc::clone(&traffic));
    let service = service_fn(move |request| {
        asking.notify_one();
        let (router, traffic) = (router.clone(), Arc::clone(&carrying));
        async move {
            let _asked = (protocol == Protocol::Http2).then(|| traffic.asked());
            let response = unread::answer(router, request).await?;
            Ok::<_, Infallible>(response.map(|body| Pieces::of(body, protocol, &traffic)))
        }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection.into_owned());
    let last = async {
        stopping.begins().await;
        // Told so now, hyper would close a connection that it has read nothing of.
        drop(tokio::time::timeout(FIRST, asked.notified()).await);
    };
    // HTTP/1.1 waits for the next head; over HTTP/2 nobody waits for anything.
    let rests = async {
        match protocol {
            Protocol::Http1 => std::future::pending().await,
            Protocol::Http2 => traffic.rests(limits.header).await,
        }
    };
    let unread = tokio::select! {
        ended = connection.as_mut() => return told(ended),
        () = traffic.stalls(limits.unread) => return tracing::debug!("a connection's answers lay unread"),
        () = last => limits.unread.min(UNREAD_AT_THE_END),
        () = rests => limits.unread,
    };
    connection.as_mut().graceful_shutdown();
    let silent = async {
        // Time to hear that this is the end. What is asked until then is answered.
        tokio::time::sleep(limits.header).await;
        traffic.rests(limits.header).await;
    };
    tokio::select! {
        ended = connection => told(ended),
        () = traffic.stalls(unread) => tracing::debug!("a connection's answers lay unread"),
        () = silent => {}
    }
}

/// How a connection ended.
fn told(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

/// Which HTTP a client begins with, where no handshake says it. Nothing is taken from the stream.
async fn spoken(stream: &TcpStream) -> io::Result<Protocol> {
    let mut first = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut first).await?;
        let said = first.get(..length).unwrap_or_default();
        match PREFACE.strip_prefix(said) {
            None => return Ok(Protocol::Http1),
            Some([]) => return Ok(Protocol::Http2),
            Some(_) if length == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            Some(_) => tokio::time::sleep(PEEK).await,
        }
    }
}

/// Lets the kernel end the connection of a client that does not read.
#[cfg(target_os = "linux")]
fn end_if_unread(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD))
}

#[cfg(not(target_os = "linux"))]
fn end_if_unread(_stream: &TcpStream) -> io::Result<()> {
    Ok(())
}
