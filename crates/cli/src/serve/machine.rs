//! What only the machine knows: memory and time of this process, and the disk its data is on.

use async_trait::async_trait;
use std::path::{Path, PathBuf};
use weir_base::Micros;
use weir_server::{Dependency, Reading, Readings};

/// Less than this is full: SQLite writes whole pages, and a commit may need many of them.
const FULL: u64 = 1 << 20;

/// Linux tells times of processes in hundredths of a second, whatever its own clock does.
const TICKS: f64 = 100.0;

/// This process.
pub struct Process {
    pub started: Micros,
}

#[async_trait]
impl Readings for Process {
    async fn read(&self) -> Vec<Reading> {
        let mut found = vec![Reading::gauge(
            "process_start_time_seconds",
            "When the process was started, since 1970",
            self.started as f64 / 1_000_000.0,
        )];
        if let Some(bytes) = read("/proc/self/status").and_then(|text| kilobytes(&text, "VmRSS:")) {
            let about = "Memory of the process that carries the flows";
            let pump =
                |name| Reading { labels: vec![("pump", "weir".to_owned())], ..Reading::gauge(name, about, bytes) };
            found.extend([pump("nextra_pump_memory_bytes"), pump("weir_pump_memory_bytes")]);
            found.push(Reading::gauge("process_resident_memory_bytes", "Memory of the process", bytes));
        }
        if let Some(seconds) = read("/proc/self/stat").and_then(|text| cpu_seconds(&text)) {
            found.push(Reading::counter("process_cpu_seconds", "Time on processors", seconds));
        }
        if let Some(bytes) = memory_limit() {
            found.push(Reading::gauge("weir_memory_limit_bytes", "Memory the process may have", bytes));
        }
        found
    }
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// A line such as `VmRSS:   123 kB`, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kilobytes| kilobytes * 1_024.0)
}

/// User and system time, the 14th and 15th field; the 2nd is in brackets and may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / TICKS)
}

/// The container's limit, else all there is.
fn memory_limit() -> Option<f64> {
    let of_group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits = of_group.iter().filter_map(|path| read(path)?.trim().parse::<f64>().ok());
    let all = read("/proc/meminfo").and_then(|text| kilobytes(&text, "MemTotal:"));
    limits.chain(all).reduce(f64::min)
}

/// The folder data is kept in, and in it the database, where it is a file.
pub struct Disk {
    pub folder: PathBuf,
    pub database: Option<PathBuf>,
}

impl Disk {
    fn free(&self) -> Option<(u64, u64)> {
        let found = rustix::fs::statvfs(&self.folder).ok()?;
        Some((found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize))
    }

    fn database_bytes(&self) -> Option<u64> {
        let database = self.database.as_ref()?;
        let size = |ending: &str| {
            let mut name = database.as_os_str().to_owned();
            name.push(ending);
            std::fs::metadata(Path::new(&name)).map_or(0, |found| found.len())
        };
        Some(["", "-wal", "-shm"].into_iter().map(size).sum())
    }
}

#[async_trait]
impl Readings for Disk {
    async fn read(&self) -> Vec<Reading> {
        let mut found = Vec::new();
        if let Some((free, size)) = self.free() {
            found.push(Reading::gauge("weir_disk_free_bytes", "Free on the disk with the data", free as f64));
            found.push(Reading::gauge("weir_disk_size_bytes", "Size of the disk with the data", size as f64));
        }
        if let Some(bytes) = self.database_bytes() {
            found.push(Reading::gauge("weir_database_bytes", "Size of the database's files", bytes as f64));
        }
        found
    }
}

#[async_trait]
impl Dependency for Disk {
    fn name(&self) -> &'static str {
        "disk"
    }

    async fn check(&self) -> Result<(), String> {
        if let Some(database) = self.database.as_ref().filter(|database| !database.is_file()) {
            return Err(format!("{} is gone", database.display()));
        }
        let (free, _) = self.free().ok_or_else(|| format!("{} cannot be reached", self.folder.display()))?;
        let full = || format!("the disk with {} is full: {free} bytes are free", self.folder.display());
        if free < FULL { Err(full()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_kernel() {
        assert_eq!(kilobytes("Name:\tweir\nVmRSS:\t   12 kB\n", "VmRSS:"), Some(12_288.0));
        let stat = "7 (a) b) S 1 1 1 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 1 0 100 1 1";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds("broken"), None);
    }

    #[tokio::test]
    async fn a_database_that_is_gone_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("weir.db");
        let disk = Disk { folder: folder.path().to_owned(), database: Some(database.clone()) };
        assert!(disk.check().await.unwrap_err().contains("is gone"));
        std::fs::write(&database, [0; 4_096]).unwrap();
        assert_eq!(disk.check().await, Ok(()));
        let found = disk.read().await;
        let bytes = found.iter().find(|reading| reading.name == "weir_database_bytes").map(|reading| reading.value);
        assert_eq!(bytes, Some(4_096.0));
    }
}
