use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// Stands between the store and its server, and can lose the answer to a statement that has been performed.
pub struct Proxy {
    pub port: u16,
    cut: Arc<AtomicBool>,
}

impl Proxy {
    pub async fn to(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicBool::new(false));
        let cutting = cut.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, socket.clone(), cutting.clone()));
            }
        });
        Self { port, cut }
    }

    /// The next answer that comes is lost, and the connection with it.
    pub fn cut_the_next_answer(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }
}

async fn pass(client: TcpStream, socket: PathBuf, cut: Arc<AtomicBool>) {
    let Ok(server) = UnixStream::connect(socket).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asking = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
        if cut.swap(false, Ordering::SeqCst) || to_client.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    asking.abort();
}
