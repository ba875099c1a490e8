use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use weir_base::Value;

/// A server on loopback that answers as a test says: routes with replies in turn, the last one again and again.
pub struct Server {
    pub url: String,
    problems: Arc<Mutex<Vec<String>>>,
}

struct Route {
    method: String,
    path: String,
    body: Option<Value>,
    replies: Vec<Value>,
    next: usize,
}

impl Server {
    pub fn start(routes: &Value) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let routes: Vec<Route> = routes.as_array().unwrap_or_default().iter().map(route).collect();
        let (routes, problems) = (Arc::new(Mutex::new(routes)), Arc::new(Mutex::new(Vec::new())));
        let told = problems.clone();
        // The thread ends with the process: it holds nothing but its port.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (routes, told) = (routes.clone(), told.clone());
                std::thread::spawn(move || drop(serve(stream, &routes, &told)));
            }
        });
        Ok(Self { url, problems })
    }

    /// Requests nothing was written for.
    pub fn problems(&self) -> Vec<String> {
        self.problems.lock().map(|problems| problems.clone()).unwrap_or_default()
    }
}

fn route(value: &Value) -> Route {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let replies = value.get("replies").and_then(Value::as_array).unwrap_or_default().to_vec();
    Route { method: text("method"), path: text("path"), body: value.get("body").cloned(), replies, next: 0 }
}

fn serve(stream: TcpStream, routes: &Mutex<Vec<Route>>, problems: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let mut words = first.split_whitespace();
        let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
        let body = read_body(&mut reader)?;
        let (status, reply) = answer(&method, &path, &body, routes, problems);
        let text = reply.to_json();
        write!(
            writer,
            "HTTP/1.1 {status} Reply\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        )?;
        writer.flush()?;
    }
}

fn read_body(reader: &mut BufReader<TcpStream>) -> std::io::Result<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut bytes = Vec::new();
    reader.take(length).read_to_end(&mut bytes)?;
    Ok(Value::from_json(&String::from_utf8_lossy(&bytes)).unwrap_or_default())
}

fn answer(
    method: &str,
    path: &str,
    body: &Value,
    routes: &Mutex<Vec<Route>>,
    problems: &Mutex<Vec<String>>,
) -> (u64, Value) {
    let Ok(mut routes) = routes.lock() else { return (500, Value::Null) };
    let fits = |route: &&mut Route| {
        route.method.eq_ignore_ascii_case(method)
            && route.path == path
            && route.body.as_ref().is_none_or(|wanted| wanted == body)
    };
    let Some(reply) = routes.iter_mut().find(fits).and_then(Route::reply) else {
        if let Ok(mut problems) = problems.lock() {
            problems.push(format!("the server was asked {method} {path} with {body}, which no route answers"));
        }
        return (404, Value::object([("error", "no route".into())]));
    };
    let status = reply.get("status").and_then(Value::as_u64).unwrap_or(200);
    (status, reply.get("json").cloned().unwrap_or_default())
}

impl Route {
    fn reply(&mut self) -> Option<Value> {
        let reply = self.replies.get(self.next.min(self.replies.len().checked_sub(1)?)).cloned();
        self.next += 1;
        reply
    }
}
