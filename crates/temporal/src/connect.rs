use crate::TemporalError;
use crate::codec::Codec;
use crate::failures::Failures;
use std::str::FromStr;
use std::time::Duration;
use temporalio_client::errors::ClientConnectError;
use temporalio_client::{Client, ClientOptions, ClientTlsOptions, Connection, ConnectionOptions, GrpcCompression};
use temporalio_client::{TlsOptions, Url};
use temporalio_common::data_converters::{DataConverter, DefaultPayloadCodec, PayloadConverter};

/// Where a cluster is, and how it is spoken to.
#[derive(Clone, Debug, Default)]
pub struct Address {
    /// `host:port`, or a URL.
    pub address: String,
    /// `default` where empty.
    pub namespace: String,
    pub tls: Option<Tls>,
    pub api_key: Option<String>,
    pub codec: Option<Codec>,
}

/// Contents of files in PEM.
#[derive(Clone, Default)]
pub struct Tls {
    /// The authority the server is believed by, instead of those of the machine.
    pub authority: Option<Vec<u8>>,
    /// The name the server's certificate must be for.
    pub domain: Option<String>,
    pub certificate: Option<(Vec<u8>, Vec<u8>)>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("domain", &self.domain).finish_non_exhaustive()
    }
}

impl Address {
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), namespace: "default".to_owned(), ..Self::default() }
    }

    /// Whether large values are kept elsewhere.
    pub fn has_blobs(&self) -> bool {
        self.codec.as_ref().is_some_and(|codec| codec.blobs.is_some())
    }

    fn url(&self) -> Result<Url, TemporalError> {
        let scheme = if self.tls.is_some() || self.api_key.is_some() { "https" } else { "http" };
        let whole = match self.address.contains("://") {
            true => self.address.clone(),
            false => format!("{scheme}://{}", self.address),
        };
        let wrong = |error| TemporalError::Wrong(format!("`{}` is not an address: {error}", self.address));
        Url::from_str(&whole).map_err(wrong)
    }

    /// Connects, and makes sure that the namespace is there. `identity` is what the cluster shows.
    pub async fn connect(&self, identity: &str) -> Result<Client, TemporalError> {
        // A key is only ever sent over TLS.
        let spoken = self.tls.clone().or_else(|| self.api_key.is_some().then(Tls::default));
        // Who is spoken to in the clear is near: packing each message would cost more than sending it.
        let compression = if spoken.is_some() { GrpcCompression::Gzip } else { GrpcCompression::None };
        let options = ConnectionOptions::new(self.url()?)
            .identity(identity)
            .grpc_compression(compression)
            .connect_timeout(Duration::from_secs(10))
            .maybe_tls_options(spoken.map(tls))
            .maybe_api_key(self.api_key.clone())
            .build();
        let unreachable = |error: ClientConnectError| TemporalError::Unreachable {
            address: self.address.clone(),
            why: innermost(&error),
        };
        let connection = Connection::connect(options).await.map_err(unreachable)?;
        let namespace = if self.namespace.is_empty() { "default" } else { &self.namespace };
        self.check_namespace(&connection, namespace).await?;
        // What failures say is sealed as well.
        let failures = Failures::new(self.codec.as_ref().is_some_and(|codec| codec.keys.is_some()));
        let converter = match &self.codec {
            Some(codec) => DataConverter::new(PayloadConverter::default(), failures, codec.clone()),
            None => DataConverter::new(PayloadConverter::default(), failures, DefaultPayloadCodec),
        };
        let options = ClientOptions::new(namespace).data_converter(converter).build();
        Client::new(connection, options).map_err(TemporalError::failed)
    }

    async fn check_namespace(&self, connection: &Connection, namespace: &str) -> Result<(), TemporalError> {
        use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
        let request = DescribeNamespaceRequest { namespace: namespace.to_owned(), ..Default::default() };
        let asked = connection.clone().workflow_service().describe_namespace(tonic_request(request)).await;
        match asked {
            Err(status) if status.code() as i32 == NOT_FOUND => {
                Err(TemporalError::Namespace { address: self.address.clone(), namespace: namespace.to_owned() })
            }
            // Who may not look at the namespace may still use it.
            _ => Ok(()),
        }
    }
}

const NOT_FOUND: i32 = 5;

fn tonic_request<T>(message: T) -> temporalio_client::tonic::Request<T> {
    temporalio_client::tonic::Request::new(message)
}

fn tls(tls: Tls) -> TlsOptions {
    let own = |(certificate, key)| ClientTlsOptions::builder().client_cert(certificate).client_private_key(key).build();
    TlsOptions::builder()
        .maybe_server_root_ca_cert(tls.authority)
        .maybe_domain(tls.domain)
        .maybe_client_tls_options(tls.certificate.map(own))
        .build()
}

/// The first cause says most.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
