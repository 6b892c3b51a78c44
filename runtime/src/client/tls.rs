//! Whom an encrypted connection trusts.

#[cfg(feature = "client-tls")]
use std::{fmt::Display, sync::Arc};

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;

use super::error::ClientError;

/// What connects: over TLS where the URL says so. `R` finds the addresses of names.
#[cfg(feature = "client-tls")]
pub(super) type Connector<R = GaiResolver> = hyper_rustls::HttpsConnector<HttpConnector<R>>;
/// What connects, without TLS. `R` finds the addresses of names.
#[cfg(not(feature = "client-tls"))]
pub(super) type Connector<R = GaiResolver> = HttpConnector<R>;

/// The certificates that the system trusts; nothing without the feature `client-tls`.
#[derive(Clone)]
pub(super) struct Trust {
    #[cfg(feature = "client-tls")]
    config: Arc<rustls::ClientConfig>,
}

#[cfg(not(feature = "client-tls"))]
impl Trust {
    #[expect(clippy::unnecessary_wraps, reason = "with `client-tls` it may fail")]
    pub(super) fn load(_is_needed: bool) -> Result<Self, ClientError> {
        Ok(Self {})
    }

    #[expect(clippy::unused_self, reason = "with `client-tls` it is used")]
    pub(super) fn connector<R>(&self, tcp: HttpConnector<R>) -> Connector<R> {
        tcp
    }
}

#[cfg(feature = "client-tls")]
impl Trust {
    pub(super) fn load(is_needed: bool) -> Result<Self, ClientError> {
        use hyper_rustls::ConfigBuilderExt as _;
        // The provider is named: where another crate of the program brings a second one, there is no default.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let refuse = |error: &dyn Display| ClientError::Certificates(error.to_string());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| refuse(&error))?;
        let config = if is_needed {
            config.with_native_roots().map_err(|error| refuse(&error))?
        } else {
            config.with_root_certificates(rustls::RootCertStore::empty())
        };
        let config = config.with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
        })
    }

    pub(super) fn connector<R>(&self, mut tcp: HttpConnector<R>) -> Connector<R> {
        tcp.enforce_http(false);
        hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(rustls::ClientConfig::clone(&self.config))
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp)
    }

    pub(super) fn socket(&self) -> tokio_tungstenite::Connector {
        tokio_tungstenite::Connector::Rustls(Arc::clone(&self.config))
    }
}
