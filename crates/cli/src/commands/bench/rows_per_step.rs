use super::flows;
use super::lab::Lab;
use super::row::{Row, Target};
use rusqlite::{Connection, OpenFlags};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

/// Tables that hold rows of runs; a run has one row in `runs`, everything else is counted.
const TABLES: [&str; 7] = ["journal", "attempts", "effects", "observations", "snapshots", "inbox", "blob_refs"];
const STEPS: usize = 10;

/// Rows a run of ten steps leaves in the whole database, without its start: of idempotent steps, and of steps that
/// must not be made twice.
pub fn count(folder: &Path) -> anyhow::Result<Vec<Row>> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    let address = server.local_addr()?;
    std::thread::spawn(move || answer(&server));
    let once = counted(folder, flows::flow(&flows::sequence(STEPS))?)?;
    let posts = (0..STEPS).map(|number| post(number, &address.to_string())).collect::<Vec<_>>().join(",");
    let members = format!(r#""settings":{{"egress":{{"private":["{address}"]}}}},"#);
    let root = format!(r#"{{"id":"root","sequence":{{"children":[{posts}]}}}}"#);
    let twice = counted(folder, flows::flow_with(&members, &root)?)?;
    Ok(vec![
        Row::new("journal rows per step", flows::KIND, Target::AtMost(1.0), once, "rows"),
        Row::new("journal rows per step", "http.request POST, not idempotent", Target::AtMost(2.0), twice, "rows"),
    ])
}

fn post(number: usize, address: &str) -> String {
    let params = format!(r#"{{"method":"POST","url":"http://{address}/","body":{{"n":{number}}}}}"#);
    flows::task(&format!("s{number}"), "http.request", &params)
}

fn counted(folder: &Path, flow: weir_ir::Flow) -> anyhow::Result<f64> {
    let lab = Lab::open(folder)?;
    let flow = lab.publish(flow)?;
    lab.run_one(&flow)?;
    let data = lab.close()?;
    let database = Connection::open_with_flags(data.path().join("weir.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut rows = 0;
    for table in TABLES {
        rows += database.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get::<_, i64>(0))?;
    }
    Ok((rows - 1) as f64 / STEPS as f64)
}

/// Says yes to every request, one per connection.
fn answer(server: &TcpListener) {
    for connection in server.incoming() {
        let _ = connection.and_then(answer_one);
    }
}

fn answer_one(mut connection: TcpStream) -> std::io::Result<()> {
    let (mut request, mut part) = (Vec::new(), [0; 4_096]);
    while !is_whole(&request) {
        match connection.read(&mut part)? {
            0 => return Ok(()),
            length => request.extend_from_slice(&part[..length]),
        }
    }
    connection.write_all(
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n{}",
    )
}

/// Whether head and body have come; the body's length is in the head.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    body.len() >= length.unwrap_or(0)
}
