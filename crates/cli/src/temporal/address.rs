use crate::args::temporal::Cluster;
use crate::exit::UsageError;
use anyhow::Context;
use std::path::Path;
use std::sync::Arc;
use weir_store_sql::{PgOptions, PgStore};
use weir_temporal::{Address, Blobs, Codec, Keys, TemporalError, Tls};

/// How the cluster is reached, with whatever files say about it.
pub async fn address(args: &Cluster) -> anyhow::Result<Address> {
    let missing = || UsageError("say where the Temporal server is: --temporal ADDRESS, or TEMPORAL_ADDRESS".into());
    let address = args.temporal.clone().ok_or_else(missing)?;
    let api_key = std::env::var(&args.api_key_env).ok().filter(|key| !key.is_empty());
    let (tls, codec) = (tls(args)?, codec(args).await?);
    Ok(Address { address, namespace: args.namespace.clone(), tls, api_key, codec })
}

fn tls(args: &Cluster) -> anyhow::Result<Option<Tls>> {
    let authority = args.tls_ca.as_deref().map(|path| pem(path, "CERTIFICATE")).transpose()?;
    let certificate = match args.tls_cert.as_deref().zip(args.tls_key.as_deref()) {
        Some((certificate, key)) => Some((pem(certificate, "CERTIFICATE")?, pem(key, "PRIVATE KEY")?)),
        None => None,
    };
    let domain = args.tls_domain.clone();
    let wanted = args.tls || authority.is_some() || certificate.is_some() || domain.is_some();
    Ok(wanted.then_some(Tls { authority, domain, certificate }))
}

/// The file, which has to hold such a thing: what the other side would say of it otherwise tells nobody why.
fn pem(path: &Path, what: &str) -> anyhow::Result<Vec<u8>> {
    let text = crate::loader::read(path).map_err(UsageError)?;
    let holds = text.lines().any(|line| line.starts_with("-----BEGIN") && line.contains(what));
    match holds {
        true => Ok(text.into_bytes()),
        false => {
            Err(UsageError(format!("{}: there is no {} in PEM in it", path.display(), what.to_lowercase())).into())
        }
    }
}

async fn codec(args: &Cluster) -> anyhow::Result<Option<Codec>> {
    let keys = args.payload_keys.as_deref().map(keys).transpose()?.map(Arc::new);
    let blobs = match &args.blobs {
        Some(url) => Some(blobs(url, args.blobs_over).await?),
        None => None,
    };
    Ok((keys.is_some() || blobs.is_some()).then_some(Codec { keys, blobs }))
}

fn keys(path: &Path) -> anyhow::Result<Keys> {
    let text = crate::loader::read(path).map_err(UsageError)?;
    Keys::parse(&text).map_err(|why| UsageError(format!("{}: {why}", path.display())).into())
}

async fn blobs(url: &str, threshold: usize) -> anyhow::Result<Blobs> {
    let store = PgStore::visit(url, &PgOptions::default()).await.context("the database for large payloads")?;
    Ok(Blobs { store: Arc::new(store), threshold })
}

/// What can be corrected is wrong usage.
pub fn told(error: TemporalError) -> anyhow::Error {
    let message = match error.code() {
        Some(code) => format!("{code}: {error}"),
        None => error.to_string(),
    };
    match &error {
        TemporalError::Wrong(_)
        | TemporalError::Namespace { .. }
        | TemporalError::TooLarge { .. }
        | TemporalError::NotFound(_) => UsageError(message).into(),
        _ => anyhow::anyhow!(message),
    }
}
