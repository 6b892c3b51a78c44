//! jsonrpsee's server with the method `add`, as its own documentation builds one.

use std::io;
use std::net::SocketAddr;

use jsonrpsee::RpcModule;
use jsonrpsee::server::{ServerBuilder, ServerConfig};
use jsonrpsee::types::ErrorObjectOwned;

pub(super) async fn serve(address: SocketAddr) -> io::Result<()> {
    let config = ServerConfig::builder().max_connections(1_000).build();
    let server = ServerBuilder::with_config(config).build(address).await?;
    let mut module = RpcModule::new(());
    let added = module.register_method("add", |params, (), _| {
        let (left, right): (u64, u64) = params.parse()?;
        Ok::<_, ErrorObjectOwned>(left + right)
    });
    added.map_err(io::Error::other)?;
    server.start(module).stopped().await;
    Ok(())
}
