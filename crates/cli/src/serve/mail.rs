use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::Duration;
use url::Url;
use weir_control::{Letter, Post, PostError};

/// A mail server may take its time, but not for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// A mail server that takes letters by SMTP.
pub struct Smtp {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    host: String,
}

impl Smtp {
    /// `smtp://user:password@host:port`, `starttls://…` or `smtps://…`. `authority` is a certificate, in PEM, that is
    /// believed besides those of the machine.
    pub fn new(url: &str, from: &str, authority: Option<&[u8]>) -> Result<Self, String> {
        let from: Mailbox = from.parse().map_err(|error| format!("mailFrom: `{from}`: {error}"))?;
        // The text of the URL has a password in it, so it is never repeated.
        let url = Url::parse(url).map_err(|error| format!("mailUrl: {error}"))?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("mailUrl: it names no host")?.to_owned();
        let (tls, usual) = match url.scheme() {
            "smtp" => (Tls::None, 25),
            "starttls" => (Tls::Required(parameters(&host, authority)?), 587),
            "smtps" => (Tls::Wrapper(parameters(&host, authority)?), 465),
            other => return Err(format!("mailUrl: begins with smtp://, starttls:// or smtps://, not {other}://")),
        };
        let plain = matches!(tls, Tls::None);
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&host)
            .port(url.port().unwrap_or(usual))
            .tls(tls)
            .timeout(Some(PATIENCE));
        if !url.username().is_empty() {
            if plain && !is_here(&host) {
                return Err("mailUrl: a password is sent over TLS alone: use starttls:// or smtps://".to_owned());
            }
            let password = url.password().unwrap_or_default();
            server = server.credentials(Credentials::new(decode(url.username()), decode(password)));
        }
        Ok(Self { server: server.build(), from, host })
    }

    fn message(&self, id: &str, letter: &Letter) -> Result<Message, PostError> {
        let refused = |error: &dyn std::fmt::Display| PostError::Never(error.to_string());
        let to: Mailbox = letter.to.parse().map_err(|error| refused(&error))?;
        let domain = self.from.email.domain();
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(&letter.subject)
            // The same with every try, so that a letter that came twice can be told.
            .message_id(Some(format!("<{id}@{domain}>")))
            .date_now()
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.trim_end().to_owned())
            .map_err(|error| refused(&error))
    }
}

#[async_trait]
impl Post for Smtp {
    async fn deliver(&self, id: &str, letter: &Letter) -> Result<(), PostError> {
        let message = self.message(id, letter)?;
        self.server.send(message).await.map(drop).map_err(|error| {
            let reason = format!("{}: {error}", self.host);
            // Said of this letter, or of this recipient; what is wrong with the account or the server can be mended.
            let code = error.status().map(u16::from).unwrap_or_default();
            if matches!(code, 550..=554) { PostError::Never(reason) } else { PostError::Later(reason) }
        })
    }
}

fn parameters(host: &str, authority: Option<&[u8]>) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = authority {
        let certificate = Certificate::from_pem(pem).map_err(|error| format!("mailAuthority: {error}"))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|error| format!("mailUrl: TLS cannot be set up: {error}"))
}

fn is_here(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// User names have an `@` as a rule, which a URL writes as `%40`.
fn decode(text: &str) -> String {
    let pair = format!("x={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, from: &str, expected: Result<(), &str>) {
        match (Smtp::new(url, from, None).map(drop), expected) {
            (Ok(()), Ok(())) => {}
            (Err(said), Err(part)) => assert!(said.contains(part) && !said.contains("hush"), "{said}"),
            (found, expected) => panic!("{url}: {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn what_a_mail_url_may_be() {
        let from = "Weir <weir@a.test>";
        check("smtp://127.0.0.1:25", from, Ok(()));
        check("smtp://user:hush@localhost", from, Ok(()));
        check("smtp://user:hush@[::1]:25", from, Ok(()));
        check("smtp://mail.test", from, Ok(()));
        check("starttls://user%40a.test:hush@mail.test", from, Ok(()));
        check("smtps://user:hush@mail.test", from, Ok(()));
        check("smtp://user:hush@mail.test", from, Err("over TLS alone"));
        check("http://mail.test", from, Err("not http://"));
        check("smtp://", from, Err("mailUrl: "));
        check("user:hush@mail.test", from, Err("mailUrl: "));
        check("smtp://mail.test", "nobody", Err("mailFrom: "));
        assert_eq!(decode("a%40b+c%2B"), "a@b+c+");
    }
}
