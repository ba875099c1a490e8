use crate::flows::store_failed;
use std::collections::BTreeSet;
use weir_base::{Text, Value};
use weir_engine::{Event, EventBody, ForkedFrom, Numbered, RebasedOnto, Record};
use weir_runs::RunsError;
use weir_store::{Run, Store};

const PAGE: u32 = 1_000;

/// The whole journal of a run: of a fork, what it inherited, then the record of the fork, then what is its own.
pub(crate) struct Lineage {
    /// Numbered from the first record of the oldest ancestor. Of a fork's first record the state is left out: what
    /// comes before it gives it again.
    pub records: Vec<Record>,
    /// The runs, eldest first, each with how many records come before its own.
    links: Vec<(Text, u64)>,
}

impl Lineage {
    /// Up to and including the run's own record `to`. `None` where what a fork inherited is not known: a run before it
    /// is deleted, or a version wrote it that did not write down what it changed.
    pub async fn of(store: &dyn Store, run: &Run, to: u64) -> Result<Option<Lineage>, RunsError> {
        Self::within(store, run, to, usize::MAX).await
    }

    /// As [`Lineage::of`]. Payloads of more than `most` bytes together are not read to the end: `JOURNAL_TOO_LONG`.
    pub async fn within(store: &dyn Store, run: &Run, to: u64, most: usize) -> Result<Option<Lineage>, RunsError> {
        let (mut chain, mut room) = (Vec::new(), Room { most, left: most });
        let mut link = Some((run.clone(), to));
        while let Some((row, to)) = link.take() {
            let records = records(store, &row, to, &mut room).await?;
            let forked = records.first().map(decode).transpose()?;
            if let Some(EventBody::Forked(forked)) = forked.map(|event| event.body) {
                let parent = store.run(&forked.from).await.map_err(store_failed)?;
                // A fork is always the younger one; anything else would lead round in a circle.
                let parent = parent.filter(|parent| parent.key < row.key && !forked.run.is_empty());
                let Some(parent) = parent else { return Ok(None) };
                link = Some((parent, forked.seq));
            }
            chain.push((row.id, records));
        }
        let mut lineage = Lineage { records: Vec::new(), links: Vec::new() };
        for (run, records) in chain.into_iter().rev() {
            lineage.add(run, records)?;
        }
        Ok(Some(lineage))
    }

    fn add(&mut self, run: Text, records: Vec<Record>) -> Result<(), RunsError> {
        let before = self.records.len() as u64;
        self.links.push((run, before));
        for record in records {
            self.records.push(numbered(record, before)?);
        }
        Ok(())
    }

    /// How many records the run has inherited.
    pub fn inherited(&self) -> u64 {
        self.links.last().map_or(0, |(_, before)| *before)
    }

    /// The record as it is found: its run, and its number there.
    pub fn place(&self, number: u64) -> (&str, u64) {
        let link = self.links.iter().rev().find(|(_, before)| number > *before);
        link.map_or(("", number), |(run, before)| (&**run, number - before))
    }

    pub fn events(&self) -> Result<Vec<Numbered>, RunsError> {
        self.records.iter().map(|record| Ok((record.seq, decode(record)?))).collect()
    }
}

/// What earlier repairs have left out for good.
pub(crate) fn dropped(events: &[Numbered]) -> BTreeSet<u64> {
    let dropped = |(_, event): &Numbered| match &event.body {
        EventBody::Rebased(onto) => onto.dropped.clone(),
        _ => Vec::new(),
    };
    events.iter().flat_map(dropped).collect()
}

/// The record under its number in the whole journal, and what it says of others under theirs.
fn numbered(record: Record, before: u64) -> Result<Record, RunsError> {
    if before == 0 {
        return Ok(record);
    }
    let seq = record.seq + before;
    let body = match &*record.ty {
        "forked" | "rebased" => decode(&record)?.body,
        _ => return Ok(Record { seq, ..record }),
    };
    let body = match body {
        EventBody::Forked(forked) => EventBody::Forked(Box::new(ForkedFrom { state: Value::Null, ..*forked })),
        EventBody::Rebased(onto) => EventBody::Rebased(Box::new(in_whole(*onto, before))),
        body => body,
    };
    Ok(Record::encode(seq, &Event::new(record.at, body)))
}

fn in_whole(onto: RebasedOnto, before: u64) -> RebasedOnto {
    let own = onto.dropped.iter().map(|seq| seq + before);
    RebasedOnto { dropped: onto.inherited.iter().copied().chain(own).collect(), flow: onto.flow, ..Default::default() }
}

/// Bytes of payloads that are still read.
struct Room {
    most: usize,
    left: usize,
}

impl Room {
    fn take(&mut self, records: &[Record]) -> Result<(), RunsError> {
        let bytes = records.iter().map(|record| record.payload.len()).sum();
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            let message = format!("the run's journal is longer than {} bytes; read it part by part", self.most);
            RunsError::rejected("JOURNAL_TOO_LONG", message)
        })?;
        Ok(())
    }
}

async fn records(store: &dyn Store, run: &Run, to: u64, room: &mut Room) -> Result<Vec<Record>, RunsError> {
    let mut all: Vec<Record> = Vec::new();
    loop {
        let from = all.last().map_or(1, |record| record.seq + 1);
        let page = store.records(run.key, from, PAGE).await.map_err(store_failed)?;
        if page.is_empty() || from > to {
            return Ok(all);
        }
        let wanted: Vec<Record> = page.into_iter().take_while(|record| record.seq <= to).collect();
        room.take(&wanted)?;
        all.extend(wanted);
    }
}

fn decode(record: &Record) -> Result<Event, RunsError> {
    record.decode().map_err(|error| RunsError::rejected("RUN_UNREADABLE", error.to_string()))
}
