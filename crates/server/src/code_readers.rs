//! What those who wait for the code of a project read together: many cost hardly more than one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use weir_base::Text;
use weir_control::ProjectCode;

/// By tenant and project, as long as somebody waits.
#[derive(Default)]
pub struct CodeReaders(Mutex<BTreeMap<(Text, Text), Weak<CodeReader>>>);

#[derive(Default)]
pub struct CodeReader(tokio::sync::Mutex<Option<Read>>);

struct Read {
    /// When the reading began: all that was there by then is in it.
    begun: Instant,
    news: u64,
    code: Arc<ProjectCode>,
}

/// What may be taken of what another has read.
#[derive(Clone, Copy)]
pub struct Wanted {
    pub now: Instant,
    /// How much before that it was read at the earliest.
    pub age: Duration,
    /// How much this process had compiled by then, at least.
    pub news: u64,
}

impl CodeReaders {
    pub fn of(&self, tenant: &Text, project: &str) -> Arc<CodeReader> {
        let mut readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (tenant.clone(), Text::from(project));
        if let Some(reader) = readers.get(&key).and_then(Weak::upgrade) {
            return reader;
        }
        readers.retain(|_, reader| reader.strong_count() > 0);
        let reader = Arc::default();
        readers.insert(key, Arc::downgrade(&reader));
        reader
    }
}

impl CodeReader {
    /// What was read last, if that will do; else it is read now. Who comes meanwhile waits for the next read, and all
    /// who do have that one.
    pub async fn read<E>(
        &self,
        wanted: Wanted,
        reading: impl Future<Output = Result<ProjectCode, E>>,
    ) -> Result<Arc<ProjectCode>, E> {
        let mut last = self.0.lock().await;
        if let Some(read) = last.as_ref().filter(|read| wanted.is(read)) {
            return Ok(read.code.clone());
        }
        let begun = Instant::now().max(wanted.now);
        let code = Arc::new(reading.await?);
        *last = Some(Read { begun, news: wanted.news, code: code.clone() });
        Ok(code)
    }
}

impl Wanted {
    fn is(&self, read: &Read) -> bool {
        read.news >= self.news && read.begun + self.age >= self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join_all;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn what_another_has_read_does_while_it_is_fresh_and_nothing_was_compiled_since() {
        let readers = CodeReaders::default();
        let (one, other) = (readers.of(&"T".into(), "p"), readers.of(&"T".into(), "p"));
        let revision = async |reader: &CodeReader, wanted: Wanted, said: &str| {
            let code = ProjectCode { revision: said.into(), ..ProjectCode::default() };
            let read = reader.read(wanted, async { Ok::<_, ()>(code) }).await;
            read.unwrap().revision.clone()
        };
        let now = Instant::now() + Duration::from_secs(3_600);
        let wanted = |after: u64, age: u64, news: u64| Wanted {
            now: now + Duration::from_secs(after),
            age: Duration::from_secs(age),
            news,
        };
        assert_eq!(revision(&one, wanted(0, 0, 1), "first").await, "first");
        assert_eq!(revision(&other, wanted(2, 2, 1), "second").await, "first", "it is two seconds old");
        assert_eq!(revision(&other, wanted(3, 2, 1), "second").await, "second");
        assert_eq!(revision(&one, wanted(4, 2, 1), "third").await, "second");
        assert_eq!(revision(&one, wanted(4, 2, 2), "third").await, "third", "something was compiled");
        assert_eq!(revision(&other, wanted(4, 2, 1), "fourth").await, "third", "of that it has not heard yet");
        assert_eq!(revision(&other, wanted(5, 0, 2), "fourth").await, "fourth", "it asks for what is there now");
        assert_eq!(revision(&readers.of(&"T".into(), "q"), wanted(5, 2, 2), "other").await, "other");
        drop((one, other));
        assert_eq!(revision(&readers.of(&"T".into(), "p"), wanted(5, 2, 2), "anew").await, "anew", "nobody waited");
    }

    #[tokio::test]
    async fn who_comes_while_another_reads_has_the_next_read_with_all_others() {
        let (reader, reads) = (CodeReader::default(), AtomicUsize::new(0));
        let ask = async || {
            let wanted = Wanted { now: Instant::now(), age: Duration::ZERO, news: 1 };
            let reading = async {
                let read = reads.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok::<_, ()>(ProjectCode { revision: read.to_string(), ..ProjectCode::default() })
            };
            reader.read(wanted, reading).await.unwrap().revision.clone()
        };
        let (first, others) = tokio::join!(ask(), join_all((0..9).map(|_| ask())));
        assert_eq!((&*first, reads.load(Ordering::SeqCst)), ("0", 2));
        assert!(others.iter().all(|revision| revision == "1"), "read before they came: {others:?}");
    }
}
