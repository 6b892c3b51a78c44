//! TLS: certificates from files, read anew when they change. Without the feature `tls` nobody gets this far.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::settings::TlsFiles;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A certificate and its key.
pub(super) struct Tls {
    files: TlsFiles,
    state: Mutex<State>,
}

struct State {
    config: Arc<ServerConfig>,
    changed: [Option<SystemTime>; 2],
    looked: Instant,
}

impl Tls {
    /// Reads the files.
    pub(super) fn load(files: TlsFiles) -> Result<Self, String> {
        let state = State {
            changed: changed(&files),
            config: read(&files)?,
            looked: Instant::now(),
        };
        Ok(Self {
            files,
            state: Mutex::new(state),
        })
    }

    /// Shakes hands.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let acceptor = TlsAcceptor::from(self.config());
        let shaken = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await;
        shaken.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    fn config(&self) -> Arc<ServerConfig> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked.elapsed() >= LOOK {
            state.looked = Instant::now();
            let changed = changed(&self.files);
            if changed != state.changed {
                match read(&self.files) {
                    Ok(config) => {
                        tracing::info!("the certificate was read anew");
                        state.config = config;
                        state.changed = changed;
                    }
                    // Half of the pair may have been replaced: the other half follows.
                    Err(fault) => tracing::warn!("the certificate stays as it was: {fault}"),
                }
            }
        }
        state.config.clone()
    }
}

fn changed(files: &TlsFiles) -> [Option<SystemTime>; 2] {
    [&files.cert, &files.key].map(|file| {
        std::fs::metadata(file)
            .and_then(|data| data.modified())
            .ok()
    })
}

fn read(files: &TlsFiles) -> Result<Arc<ServerConfig>, String> {
    let place =
        |file: &PathBuf, fault: &dyn std::fmt::Display| format!("{}: {fault}", file.display());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&files.cert)
        .map_err(|fault| place(&files.cert, &fault))?
        .collect();
    let chain = chain.map_err(|fault| place(&files.cert, &fault))?;
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|fault| place(&files.key, &fault))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|fault| fault.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, key);
    let mut config = config.map_err(|fault| place(&files.cert, &fault))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn a_pair_is_read_anew_when_it_changes_and_stays_when_it_breaks() {
        let given = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/client");
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles {
            cert: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
        };
        let copy = |stamp: u64| {
            fs::copy(given.join("localhost.pem"), &files.cert).unwrap();
            fs::copy(given.join("localhost.key"), &files.key).unwrap();
            let stamp = SystemTime::UNIX_EPOCH + Duration::from_secs(stamp);
            fs::File::options()
                .append(true)
                .open(&files.key)
                .unwrap()
                .set_modified(stamp)
                .unwrap();
        };
        assert!(Tls::load(files.clone()).err().unwrap().contains("cert.pem"));
        copy(1_000);
        let tls = Tls::load(files.clone()).unwrap();
        let look = || {
            let mut state = tls.state.lock().unwrap();
            state.looked = state.looked.checked_sub(LOOK).unwrap_or(state.looked);
            drop(state);
            tls.config()
        };
        let first = look();
        assert!(Arc::ptr_eq(&first, &look()));
        fs::write(&files.key, "half of it").unwrap();
        assert!(Arc::ptr_eq(&first, &look()));
        copy(2_000);
        assert!(!Arc::ptr_eq(&first, &look()));
    }
}
