use crate::options::Options;
use crate::state::App;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::Service;

/// A server that listens and does not serve yet.
pub struct Listening {
    listener: TcpListener,
    pub address: SocketAddr,
}

/// Takes the port, or the next free one after it.
pub async fn listen(options: &Options) -> io::Result<Listening> {
    let mut wanted = options.listen;
    for _ in 0..=options.other_ports {
        match TcpListener::bind(wanted).await {
            Ok(listener) => {
                let address = listener.local_addr()?;
                return Ok(Listening { listener, address });
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && wanted.port() < u16::MAX => {
                wanted.set_port(wanted.port() + 1);
            }
            Err(error) => return Err(io::Error::new(error.kind(), format!("{wanted} cannot be listened on: {error}"))),
        }
    }
    let taken = match options.other_ports {
        0 => format!("{} is taken: stop what listens there, or give another port", options.listen),
        more => format!("{} and the {more} ports after it are taken: give another one", options.listen),
    };
    Err(io::Error::new(io::ErrorKind::AddrInUse, taken))
}

impl Listening {
    /// Serves until `stop` says so, then waits for what is under way, but not for ever.
    pub async fn serve(self, app: Arc<App>, router: Router, stop: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(app.options.connections));
        let mut stop = std::pin::pin!(stop);
        loop {
            let place = tokio::select! {
                place = places.clone().acquire_owned() => place,
                () = &mut stop => break,
            };
            let (stream, from) = tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Too many open files, as a rule: others have to end first.
                        tracing::warn!("a connection was not accepted: {error}");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
                () = &mut stop => break,
            };
            let connection = connection(stream, from, router.clone(), &app.options);
            let watched = graceful.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = watched.await {
                    tracing::debug!("a connection ended: {error}");
                }
                drop(place);
            });
        }
        drop(self.listener);
        let _ = tokio::time::timeout(app.options.drain, graceful.shutdown()).await;
    }
}

type Http1 = hyper::server::conn::http1::Connection<TokioIo<TcpStream>, Handle>;

fn connection(stream: TcpStream, from: SocketAddr, router: Router, options: &Options) -> Http1 {
    let _ = stream.set_nodelay(true);
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.patience)
        .max_headers(100)
        .serve_connection(TokioIo::new(stream), Handle { router, from })
}

/// Answers the requests of one connection.
struct Handle {
    router: Router,
    from: SocketAddr,
}

impl hyper::service::Service<hyper::Request<Incoming>> for Handle {
    type Response = axum::response::Response;
    type Error = std::convert::Infallible;
    type Future = axum::routing::future::RouteFuture<std::convert::Infallible>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(self.from));
        self.router.clone().call(request)
    }
}
