use async_imap::error::Error;
use async_imap::{Client, Session};
use async_trait::async_trait;
use futures::TryStreamExt;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use weir_control::model::{MailTls, MailboxMark};
use weir_control::{LARGEST_LETTER, Mailbox, MailboxError, Mailboxes, NewLetter, NewLetters};

/// One look into a mailbox takes no longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection, encrypted or not.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Wire for T {}

type Open = Session<Box<dyn Wire>>;

/// Mailboxes that are reached by IMAP.
pub struct Imap {
    /// A machine without certificates can still do without TLS; the reason is told with each mailbox that needs it.
    tls: Result<TlsConnector, String>,
    /// Hosts, or hosts with ports, that may be at private addresses and without TLS.
    private: Vec<String>,
}

impl Imap {
    /// `authority` is a certificate, in PEM, that is believed besides those of the machine.
    pub fn new(private: &str, authority: Option<&[u8]>) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let extra = authority.map(CertificateDer::from_pem_slice).transpose();
        let extra = extra.map_err(|error| format!("mailAuthority: {error}"))?;
        let private = private.split(',').map(str::trim).filter(|host| !host.is_empty()).map(str::to_owned).collect();
        Ok(Self { tls: connector(extra, provider).map_err(|error| error.to_string()), private })
    }

    fn is_private(&self, at: &Mailbox) -> bool {
        let with_port = format!("{}:{}", at.host, at.port);
        self.private.iter().any(|host| host.eq_ignore_ascii_case(&at.host) || host.eq_ignore_ascii_case(&with_port))
    }

    /// Connects to an address of the open internet, unless the operator has named the host: the address that was checked
    /// is the one that is connected to.
    async fn connect(&self, at: &Mailbox) -> Result<TcpStream, MailboxError> {
        let fault = |message: String| MailboxError { code: "MAILBOX_UNREACHABLE", message };
        let found = tokio::net::lookup_host((&*at.host, at.port)).await;
        let all: Vec<SocketAddr> =
            found.map_err(|error| fault(format!("{} is not found: {error}", at.host)))?.collect();
        let private = self.is_private(at);
        let allowed: Vec<SocketAddr> =
            all.into_iter().filter(|address| private || weir_egress::is_global(address.ip())).collect();
        if allowed.is_empty() {
            let message = format!("{} is at a private address, which the server's operator has not allowed", at.host);
            return Err(MailboxError { code: "MAILBOX_PRIVATE", message });
        }
        TcpStream::connect(&*allowed).await.map_err(|error| fault(format!("{}: {error}", at.host)))
    }

    async fn encrypt(&self, at: &Mailbox, wire: Box<dyn Wire>) -> Result<Box<dyn Wire>, MailboxError> {
        let fault = |error: &dyn std::fmt::Display| MailboxError {
            code: "MAILBOX_UNREACHABLE",
            message: format!("{}: no private connection: {error}", at.host),
        };
        let name = ServerName::try_from(at.host.to_string()).map_err(|error| fault(&error))?;
        let tls = self.tls.as_ref().map_err(|error| fault(error))?;
        let wire = tls.connect(name, wire).await.map_err(|error| fault(&error))?;
        Ok(Box::new(wire))
    }

    /// Signed in, with the folder open.
    async fn open(&self, at: &Mailbox) -> Result<(Open, u32), MailboxError> {
        if at.tls == MailTls::None && !self.is_private(at) {
            let message = "a password is sent over TLS alone, unless the server's operator names the host as private";
            return Err(MailboxError { code: "MAILBOX_PRIVATE", message: message.to_owned() });
        }
        let wire: Box<dyn Wire> = Box::new(self.connect(at).await?);
        let wire = if at.tls == MailTls::Tls { self.encrypt(at, wire).await? } else { wire };
        let mut client = Client::new(wire);
        let greeting = client.read_response().await.map_err(|error| broken(at, &error.into()))?;
        greeting.ok_or_else(|| broken(at, &Error::ConnectionLost))?;
        if at.tls == MailTls::Starttls {
            client.run_command_and_check_ok("STARTTLS", None).await.map_err(|error| broken(at, &error))?;
            // Nothing that came in before is kept: the client is a new one.
            client = Client::new(self.encrypt(at, client.into_inner()).await?);
        }
        let password = at.password.text().unwrap_or_default();
        let mut session = client.login(&at.user, password).await.map_err(|(error, _)| refused(at, &error))?;
        let folder = session.select(&at.folder).await.map_err(|error| no_folder(at, &error))?;
        let validity = folder.uid_validity.ok_or_else(|| no_folder(at, &Error::ConnectionLost))?;
        Ok((session, validity))
    }

    async fn look(&self, at: &Mailbox, after: Option<MailboxMark>, most: usize) -> Result<NewLetters, MailboxError> {
        let (mut session, validity) = self.open(at).await?;
        let fault = |error: Error| broken(at, &error);
        let last = after.filter(|mark| mark.validity == validity).map_or(0, |mark| mark.uid);
        let wanted = format!("UNSEEN UID {}:*", last.saturating_add(1));
        let mut uids: Vec<u32> = session.uid_search(wanted).await.map_err(fault)?.into_iter().collect();
        // `n:*` names the last letter, even where its number is below n.
        uids.retain(|uid| *uid > last);
        uids.sort_unstable();
        uids.truncate(most);
        let mut letters = Vec::new();
        for uid in uids {
            if let Some(letter) = fetch(&mut session, uid).await.map_err(fault)? {
                letters.push(letter);
            }
        }
        let _ = session.logout().await;
        Ok(NewLetters { validity, letters })
    }

    async fn mark(&self, at: &Mailbox, uids: &[u32]) -> Result<(), MailboxError> {
        let (mut session, _) = self.open(at).await?;
        let set = uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let stored = session.uid_store(set, "+FLAGS.SILENT (\\Seen)").await.map_err(|error| broken(at, &error))?;
        stored.try_collect::<Vec<_>>().await.map_err(|error| broken(at, &error))?;
        let _ = session.logout().await;
        Ok(())
    }
}

fn connector(
    extra: Option<CertificateDer<'static>>,
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> Result<TlsConnector, rustls::Error> {
    let verifier = Verifier::new_with_extra_roots(extra, provider.clone())?;
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Its size first, so that one that is too large is never fetched. None where it was deleted meanwhile.
async fn fetch(session: &mut Open, uid: u32) -> Result<Option<NewLetter>, Error> {
    let sizes: Vec<_> = session.uid_fetch(uid.to_string(), "(UID RFC822.SIZE)").await?.try_collect().await?;
    let Some(size) = sizes.iter().find(|one| one.uid == Some(uid)).and_then(|one| one.size) else { return Ok(None) };
    if size > LARGEST_LETTER {
        return Ok(Some(NewLetter { uid, raw: None }));
    }
    let found: Vec<_> = session.uid_fetch(uid.to_string(), "(UID BODY.PEEK[])").await?.try_collect().await?;
    let raw = found.iter().find(|one| one.uid == Some(uid)).and_then(|one| one.body()).map(<[u8]>::to_vec);
    Ok(raw.map(|raw| NewLetter { uid, raw: Some(raw) }))
}

#[async_trait]
impl Mailboxes for Imap {
    async fn unread(&self, at: &Mailbox, after: Option<MailboxMark>, most: usize) -> Result<NewLetters, MailboxError> {
        tokio::time::timeout(PATIENCE, self.look(at, after, most)).await.unwrap_or_else(|_| Err(late(at)))
    }

    async fn read(&self, at: &Mailbox, uids: &[u32]) -> Result<(), MailboxError> {
        tokio::time::timeout(PATIENCE, self.mark(at, uids)).await.unwrap_or_else(|_| Err(late(at)))
    }
}

fn late(at: &Mailbox) -> MailboxError {
    MailboxError { code: "MAILBOX_UNREACHABLE", message: format!("{} does not answer in time", at.host) }
}

fn broken(at: &Mailbox, error: &Error) -> MailboxError {
    MailboxError { code: "MAILBOX_UNREACHABLE", message: format!("{}: {error}", at.host) }
}

fn refused(at: &Mailbox, error: &Error) -> MailboxError {
    match error {
        Error::No(said) | Error::Bad(said) => {
            let message = format!("{} does not let {} in: {said}", at.host, at.user);
            MailboxError { code: "MAILBOX_SIGN_IN", message }
        }
        other => broken(at, other),
    }
}

fn no_folder(at: &Mailbox, error: &Error) -> MailboxError {
    match error {
        Error::Io(_) => broken(at, error),
        other => MailboxError {
            code: "MAILBOX_FOLDER",
            message: format!("the folder `{}` cannot be opened: {other}", at.folder),
        },
    }
}
