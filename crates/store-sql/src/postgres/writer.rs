use crate::postgres::error::{is_lost, store_error};
use crate::postgres::lock::{self, Session};
use crate::postgres::options::PgOptions;
use crate::postgres::rows::Rows;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor, Row};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use weir_base::Micros;
use weir_store::{Epoch, StoreError};

/// Something to write, so that there is something to wait for.
const SYNC: &str = "UPDATE owner SET synced = synced + 1 WHERE id = 1";

const WRITTEN: &str = "SELECT written FROM owner WHERE id = 1";

const CLAIM: &str =
    "UPDATE owner SET epoch = epoch + 1, pid = $1, claimed_at = $2 WHERE id = 1 RETURNING epoch, written";

/// How long between two tries to reach a database that does not answer.
const PAUSE: Duration = Duration::from_millis(50);

/// The connection that writes batches, and holds the owner's lock: what is written on it is the owner's.
///
/// Lost, it is made again; then the lock is taken again, or else nothing is written any more.
/// A caller that is dropped in the middle leaves a transaction open behind it; the next one takes it back first.
pub struct Writer {
    options: PgConnectOptions,
    busy: Duration,
    /// Whether the lock is to be held; a visitor has none.
    owner: bool,
    closed: bool,
    connection: Option<PgConnection>,
    /// The session that has the lock, or had it last.
    session: Option<Session>,
    /// How many batches the database had when one was acknowledged last, by its own count.
    written: Option<i64>,
    /// Whether commits of this connection wait for the disk at present.
    waits: bool,
    /// Whether something was committed that the disk may not have yet.
    unsynced: bool,
    /// Whether a transaction may be open.
    open: bool,
    /// Whether a batch was sent whose answer was not heard, so that the count may be higher than known.
    unheard: bool,
    /// What is to be said of batches that were acknowledged and are gone.
    lost: Option<String>,
}

/// What became of a batch.
pub enum Ran {
    Written,
    Stale,
    Refused(sqlx::Error),
    /// It was not, since batches before it are gone.
    Lost(String),
}

impl Writer {
    /// Connects and, as an owner, takes the lock; waits for one that is just letting go of it.
    pub async fn open(options: PgConnectOptions, settings: &PgOptions, owner: bool) -> Result<Self, StoreError> {
        let mut writer = Self {
            options,
            busy: settings.busy,
            owner,
            closed: false,
            connection: None,
            session: None,
            written: None,
            waits: true,
            unsynced: false,
            open: false,
            unheard: false,
            lost: None,
        };
        let until = Instant::now() + settings.handover;
        loop {
            match writer.connect().await {
                Err(StoreError::Locked { .. } | StoreError::Busy(_)) if Instant::now() < until => sleep(PAUSE).await,
                done => return done.map(|()| writer),
            }
        }
    }

    /// The connection, ready for a statement; made again where it was lost.
    pub async fn ready(&mut self) -> Result<&mut PgConnection, StoreError> {
        if self.closed {
            return Err(closed());
        }
        if self.connection.is_none() {
            self.connect_again().await?;
        }
        if self.open {
            self.roll_back().await?;
        }
        self.connection.as_mut().ok_or_else(closed)
    }

    /// The connection as [`Writer::ready`] left it.
    pub fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        let lost = || sqlx::Error::Io(std::io::Error::other("the connection was lost"));
        self.connection.as_mut().ok_or_else(lost)
    }

    /// Gets the connection ready for a commit that waits for the disk, or does not.
    pub async fn prepare(&mut self, durable: bool) -> Result<(), StoreError> {
        self.ready().await?;
        if self.waits == durable {
            return Ok(());
        }
        let level = if durable { "SET synchronous_commit = on" } else { "SET synchronous_commit = off" };
        self.say_surely(level).await?;
        self.waits = durable;
        Ok(())
    }

    /// What is to be said, once, of batches that were acknowledged and are gone.
    pub fn take_lost(&mut self) -> Option<String> {
        self.lost.take()
    }

    pub async fn claim(&mut self, pid: u32, at: Micros) -> Result<Epoch, StoreError> {
        self.prepare(true).await?;
        let claim = sqlx::query(CLAIM).bind(i64::from(pid)).bind(at);
        let row = claim.fetch_one(self.ready().await?).await;
        let row = row.map_err(|error| self.fault(error))?;
        self.written = Some(row.try_get(1).map_err(store_error)?);
        self.unsynced = false;
        row.try_get(0).map(Epoch).map_err(store_error)
    }

    /// Brings everything committed before to the disk.
    pub async fn sync(&mut self) -> Result<(), StoreError> {
        if !self.unsynced {
            return Ok(());
        }
        self.prepare(true).await?;
        self.say_surely(SYNC).await?;
        self.unsynced = false;
        Ok(())
    }

    /// Writes a batch. Where the connection is lost over it, the database's own count tells whether it is there;
    /// if it is not, it is written once more.
    ///
    /// Errors: [`StoreError::Busy`] where the database cannot be asked. Then nobody knows, and whoever reads the
    /// data again does.
    pub async fn run(&mut self, rows: &Rows) -> Result<Ran, StoreError> {
        for _ in 0..2 {
            self.prepare(rows.durable).await?;
            self.listen().await?;
            if let Some(lost) = self.take_lost() {
                return Ok(Ran::Lost(lost));
            }
            let before = self.written;
            self.unheard = true;
            let answer = rows.run(self.connection().map_err(store_error)?).await;
            if !answer.as_ref().is_err_and(is_lost) {
                self.unheard = false;
                return Ok(self.answered(answer, rows.durable));
            }
            self.connection = None;
            self.ready().await?;
            if let Some(lost) = self.take_lost() {
                return Ok(Ran::Lost(lost));
            }
            if before.zip(self.written).is_some_and(|(before, now)| now > before) {
                self.unsynced = true;
                self.sync().await?;
                return Ok(Ran::Written);
            }
        }
        Err(StoreError::Busy("the connection to the database was lost twice".into()))
    }

    /// Opens a transaction for statements that depend on each other; see [`Writer::end`].
    pub async fn begin(&mut self) -> Result<(), StoreError> {
        self.prepare(true).await?;
        self.open = true;
        self.say_surely("BEGIN").await
    }

    /// Ends what [`Writer::begin`] opened: keeps it where all went well, else takes it back.
    pub async fn end<T, E: From<StoreError>>(&mut self, result: Result<T, E>) -> Result<T, E> {
        if result.is_err() {
            // If this fails too, so does the connection, and with it the transaction.
            let _ = self.roll_back().await;
            return result;
        }
        self.say("COMMIT").await?;
        self.open = false;
        self.unsynced = false;
        result
    }

    pub async fn close(&mut self) -> Result<(), StoreError> {
        self.closed = true;
        match self.connection.take() {
            Some(connection) => connection.close().await.map_err(store_error),
            None => Ok(()),
        }
    }

    fn answered(&mut self, answer: Result<Option<i64>, sqlx::Error>, durable: bool) -> Ran {
        match answer {
            Ok(Some(written)) => {
                self.written = Some(written);
                self.unsynced = !durable;
                Ran::Written
            }
            Ok(None) => Ran::Stale,
            Err(error) => Ran::Refused(error),
        }
    }

    /// Counts anew where somebody went away before the answer came.
    async fn listen(&mut self) -> Result<(), StoreError> {
        if self.unheard && self.written.is_some() {
            let row = self.connection().map_err(store_error)?.fetch_one(WRITTEN).await;
            match row.and_then(|row| row.try_get(0)) {
                Ok(written) => self.written = Some(written),
                Err(error) => self.again_after(error).await?,
            }
        }
        self.unheard = false;
        Ok(())
    }

    /// Connects again, and so counts anew, where an error means that the connection is lost.
    async fn again_after(&mut self, error: sqlx::Error) -> Result<(), StoreError> {
        let fault = self.fault(error);
        match self.connection {
            None => self.ready().await.map(drop),
            Some(_) => Err(fault),
        }
    }

    async fn connect_again(&mut self) -> Result<(), StoreError> {
        let until = Instant::now() + self.busy;
        loop {
            match self.connect().await {
                Err(error) if error.is_transient() && Instant::now() < until => sleep(PAUSE).await,
                done => return done,
            }
        }
    }

    async fn connect(&mut self) -> Result<(), StoreError> {
        let slow = |_| StoreError::Busy("the database does not answer".into());
        let mut connection = timeout(self.busy, self.options.connect()).await.map_err(slow)?.map_err(store_error)?;
        if self.owner {
            lock::take(&mut connection, self.session.as_ref()).await?;
            self.session = Some(Session::of(&mut connection).await?);
            self.recount(&mut connection).await?;
        }
        (self.waits, self.open) = (true, false);
        self.connection = Some(connection);
        Ok(())
    }

    /// A server that lost its power may have lost batches that did not wait for the disk, though they were
    /// acknowledged. What would be written now might follow records that do not exist; see [`Writer::take_lost`].
    async fn recount(&mut self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let Some(known) = self.written else { return Ok(()) };
        let row = connection.fetch_one(WRITTEN).await.map_err(store_error)?;
        let found: i64 = row.try_get(0).map_err(store_error)?;
        if found < known {
            self.lost = Some(format!("{} of {known}, as the database has crashed", known - found));
        }
        // Of what came through nobody knows yet whether the disk has it.
        self.unsynced |= self.unheard;
        (self.written, self.unheard) = (Some(found), false);
        Ok(())
    }

    async fn roll_back(&mut self) -> Result<(), StoreError> {
        self.say("ROLLBACK").await?;
        self.open = false;
        Ok(())
    }

    /// A statement that does no harm if it comes twice: where the connection turns out to be lost, on a new one.
    async fn say_surely(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match self.say(sql).await {
            Err(StoreError::Busy(_)) if self.connection.is_none() => {
                let open = self.open;
                self.ready().await?;
                self.open = open;
                self.say(sql).await
            }
            done => done,
        }
    }

    /// A statement without values and without an answer.
    async fn say(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let connection = self.connection().map_err(store_error)?;
        let done = connection.execute(sql).await;
        done.map(drop).map_err(|error| self.fault(error))
    }

    /// Lets go of a connection that was lost.
    fn fault(&mut self, error: sqlx::Error) -> StoreError {
        if is_lost(&error) {
            self.connection = None;
        }
        store_error(error)
    }
}

fn closed() -> StoreError {
    StoreError::Closed
}
