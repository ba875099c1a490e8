use anyhow::Result;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// A small shop's stock behind HTTP on loopback, for the flow that asks for it. It lives as long as the program.
pub struct Server {
    address: SocketAddr,
}

impl Server {
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        std::thread::spawn(move || {
            // A connection that breaks concerns nobody but whoever opened it.
            listener.incoming().flatten().for_each(|stream| drop(serve(stream)));
        });
        Ok(Self { address })
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// One request per connection.
fn serve(mut stream: TcpStream) -> Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in &mut lines {
        if line?.is_empty() {
            break;
        }
    }
    let target = first.split_whitespace().nth(1).unwrap_or("/");
    let body = answer(target);
    let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
    let body = body.unwrap_or_else(|| r#"{"error":"there is no such thing here"}"#.to_owned());
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n")?;
    write!(stream, "connection: close\r\n\r\n{body}")?;
    Ok(stream.flush()?)
}

/// `/stock` lists everything, `/stock/ITEM` and `/stock?item=ITEM` say how much there is of one thing.
fn answer(target: &str) -> Option<String> {
    const STOCK: [(&str, u32); 4] = [("lamp", 12), ("table", 0), ("chair", 3), ("shelf", 7)];
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let one = |(item, count): &(&str, u32)| format!(r#"{{"item":"{item}","count":{count}}}"#);
    let asked = path.strip_prefix("/stock/").or_else(|| query.strip_prefix("item="));
    match asked {
        Some(asked) => STOCK.iter().find(|(item, _)| *item == asked).map(one),
        None if path == "/stock" => {
            Some(format!(r#"{{"items":[{}]}}"#, STOCK.iter().map(one).collect::<Vec<_>>().join(",")))
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn it_answers_over_http() {
        let server = Server::start().unwrap();
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(stream, "GET /stock/lamp HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with(r#"{"item":"lamp","count":12}"#), "{text}");
        assert_eq!(answer("/stock?item=table").as_deref(), Some(r#"{"item":"table","count":0}"#));
        assert_eq!(answer("/stock/moon"), None);
        assert_eq!(answer("/"), None);
    }
}
