//! What stands before a cluster elsewhere: it speaks TLS, may want a certificate, and lets nobody through without the
//! key. Behind it is a server that knows none of that.

use axum::http::{HeaderMap, Request, Response};
use bytes::Bytes;
use h2::{RecvStream, SendStream, client, server};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

type Failed = Box<dyn std::error::Error + Send + Sync>;
type Done<T> = Result<T, Failed>;

/// As the protocol counts: whoever asks is not known.
const UNAUTHENTICATED: &str = "16";

pub struct Front {
    at: SocketAddr,
    _threads: tokio::runtime::Runtime,
}

/// A file beside the tests.
pub fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside_temporal/certificates").join(name)
}

impl Front {
    /// Before the server at `behind`. A `key` is wanted with every call, a certificate with every connection.
    pub fn start(behind: String, key: Option<&str>, wants_certificate: bool) -> Self {
        let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = threads.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let at = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config(wants_certificate)));
        let wanted = key.map(|key| Arc::from(format!("Bearer {key}")));
        threads.spawn(listen(listener, acceptor, behind, wanted));
        Self { at, _threads: threads }
    }

    /// By the name its certificate is for.
    pub fn address(&self) -> String {
        format!("localhost:{}", self.at.port())
    }
}

fn config(wants_certificate: bool) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let own = CertificateDer::from_pem_file(certificate("certificate.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(certificate("key.pem")).unwrap();
    let mut trusted = RootCertStore::empty();
    trusted.add(CertificateDer::from_pem_file(certificate("authority.pem")).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), provider).build().unwrap();
    let builder = match wants_certificate {
        true => builder.with_client_cert_verifier(verifier),
        false => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(vec![own], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

async fn listen(listener: TcpListener, acceptor: TlsAcceptor, behind: String, wanted: Option<Arc<str>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, behind, wanted) = (acceptor.clone(), behind.clone(), wanted.clone());
        // One that breaks is its client's to notice.
        tokio::spawn(async move { carry(stream, acceptor, &behind, wanted).await.ok() });
    }
}

/// One connection, and one of its own to the server behind.
async fn carry(stream: TcpStream, acceptor: TlsAcceptor, behind: &str, wanted: Option<Arc<str>>) -> Done<()> {
    let mut incoming = server::handshake(acceptor.accept(stream).await?).await?;
    let (onward, connection) = client::handshake(TcpStream::connect(behind).await?).await?;
    tokio::spawn(connection);
    while let Some(call) = incoming.accept().await {
        let (request, answer) = call?;
        match may_pass(request.headers(), wanted.as_deref()) {
            true => drop(tokio::spawn(pass(request, answer, onward.clone()))),
            false => refuse(answer)?,
        }
    }
    Ok(())
}

fn may_pass(headers: &HeaderMap, wanted: Option<&str>) -> bool {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    wanted.is_none_or(|wanted| given == Some(wanted))
}

fn refuse(mut answer: server::SendResponse<Bytes>) -> Done<()> {
    let said =
        [("content-type", "application/grpc"), ("grpc-status", UNAUTHENTICATED), ("grpc-message", "who are you?")];
    let response = said.iter().fold(Response::builder(), |response, (name, value)| response.header(*name, *value));
    answer.send_response(response.body(())?, true)?;
    Ok(())
}

async fn pass(
    request: Request<RecvStream>,
    mut answer: server::SendResponse<Bytes>,
    onward: client::SendRequest<Bytes>,
) -> Done<()> {
    let (head, body) = request.into_parts();
    let mut onward = onward.ready().await?;
    let (coming, to_server) = onward.send_request(Request::from_parts(head, ()), body.is_end_stream())?;
    let asked = async { if body.is_end_stream() { Ok(()) } else { pour(body, to_server).await } };
    let answered = async {
        let (head, body) = coming.await?.into_parts();
        let to_client = answer.send_response(Response::from_parts(head, ()), body.is_end_stream())?;
        if body.is_end_stream() { Ok(()) } else { pour(body, to_client).await }
    };
    tokio::try_join!(asked, answered).map(drop)
}

/// Everything of one side to the other, with what stands behind it.
async fn pour(mut from: RecvStream, mut to: SendStream<Bytes>) -> Done<()> {
    while let Some(piece) = from.data().await {
        let piece = piece?;
        from.flow_control().release_capacity(piece.len())?;
        to.send_data(piece, false)?;
    }
    match from.trailers().await? {
        Some(trailers) => to.send_trailers(trailers)?,
        None => to.send_data(Bytes::new(), true)?,
    }
    Ok(())
}
