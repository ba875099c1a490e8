//! Whoever fires the webhook: many at a time, each request until it is acknowledged, or once only.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use weir_base::Value;

/// Requests of a case, and how many are under way at the same time.
pub const REQUESTS: usize = 48;
const AT_ONCE: usize = 8;

/// What was promised: the runs by request.
#[derive(Default)]
pub struct Promises {
    /// Asked for again under the same key until somebody says yes.
    pub keyed: Mutex<BTreeMap<usize, String>>,
    /// Asked for once.
    pub once: Mutex<BTreeMap<usize, String>>,
    /// Asked for once, and nobody has answered.
    pub unanswered: Mutex<BTreeSet<usize>>,
    /// Asked for under a key, and answered for good with something that is no promise.
    pub denied: Mutex<BTreeMap<usize, String>>,
    /// What was said with each 503.
    pub refused: Mutex<Vec<String>>,
    /// Whether something beside the server still has to happen to it.
    pub troubled: AtomicBool,
}

impl Promises {
    /// Whether a request is not asked for any more.
    fn settled(&self, request: usize) -> bool {
        self.keyed.lock().unwrap().contains_key(&request)
            || self.once.lock().unwrap().contains_key(&request)
            || self.unanswered.lock().unwrap().contains(&request)
            || self.denied.lock().unwrap().contains_key(&request)
    }

    pub fn all_settled(&self) -> bool {
        (0..REQUESTS).all(|request| self.settled(request))
    }
}

/// Fires everything that was not fired, or not acknowledged, before. `address` follows the server's lives; none while
/// there is no server.
pub async fn fire(path: &str, promises: &Promises, address: watch::Receiver<Option<SocketAddr>>) {
    let workers = (0..AT_ONCE).map(|worker| {
        let address = address.clone();
        async move {
            for request in (worker..REQUESTS).step_by(AT_ONCE) {
                one(path, promises, request, address.clone()).await;
            }
        }
    });
    futures::future::join_all(workers).await;
}

async fn one(path: &str, promises: &Promises, request: usize, mut address: watch::Receiver<Option<SocketAddr>>) {
    let keyed = request.is_multiple_of(2);
    if promises.settled(request) {
        return;
    }
    let mut again = tokio::time::interval(Duration::from_millis(2));
    loop {
        let Ok(found) = address.wait_for(Option::is_some).await.map(|found| *found) else { return };
        let Some(to) = found else { return };
        if !keyed {
            // It counts as asked for from now on, whatever becomes of whoever asks.
            promises.unanswered.lock().unwrap().insert(request);
        }
        let answer = post(to, path, request, keyed).await;
        if let Err(why) = &answer
            && why.starts_with("HTTP/1.1 503")
        {
            promises.refused.lock().unwrap().push(why.clone());
        }
        match answer {
            Ok(run) if keyed => return drop(promises.keyed.lock().unwrap().insert(request, run)),
            Ok(run) => {
                promises.once.lock().unwrap().insert(request, run);
                promises.unanswered.lock().unwrap().remove(&request);
                return;
            }
            // Whoever is told that there is no such thing has no reason to ask again.
            Err(why) if keyed && why.starts_with("HTTP/1.1 4") => {
                return drop(promises.denied.lock().unwrap().insert(request, why));
            }
            Err(_) if keyed => drop(again.tick().await),
            Err(_) => return,
        }
    }
}

/// The run that was promised. Anything but a 202 that came whole is no promise.
async fn post(to: SocketAddr, path: &str, request: usize, keyed: bool) -> Result<String, String> {
    let body = format!(r#"{{"request":{request}}}"#);
    let key = if keyed { format!("Idempotency-Key: k{request}\r\n") } else { String::new() };
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\nContent-Type: application/json\r\n{key}Content-Length: {}\r\n\r\n",
        body.len()
    );
    let answered = async {
        let mut stream = TcpStream::connect(to).await?;
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(20), answered).await.map_err(|_| "no answer".to_owned())?;
    let answer = answer.map_err(|error| error.to_string())?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no head")?;
    if !head.starts_with("HTTP/1.1 202") {
        return Err(format!("{} {body}", head.lines().next().unwrap_or_default()));
    }
    let value = Value::from_json(body).map_err(|error| error.to_string())?;
    value.get("run").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| "no run".to_owned())
}
