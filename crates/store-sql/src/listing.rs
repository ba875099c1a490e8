//! Lists of runs, newest first, however many runs there are.
//!
//! A list is put together from parts, each of which an index gives in order: of one project, and, where the runs are to
//! be in some state, of one state. What no index knows is asked of each run that a part gives, and of so many at most.
//! Many parts are asked for together: a list over all projects of a tenant costs few statements, however many there are.

use crate::database::{Database, Sql};
use crate::row::{Cells, Columns, read_all};
use crate::runs::{SELECT, push_beginning, reach, read};
use crate::statement::{Statement, limit};
use std::cmp::Reverse;
use weir_base::{Micros, Text};
use weir_engine::Status;
use weir_store::{Page, PageRequest, Run, RunCursor, RunFilter, RunKey, SYSTEM_PROJECT, Scope, StoreError};

/// In the words of the indexes on these runs.
const AMISS: &str = "ended_at IS NOT NULL AND status <> 'succeeded'";

/// The tenants and projects that have runs, in order. Each step seeks the next one in the index.
const PLACES: &str = "WITH RECURSIVE place (tenant, project) AS (
    SELECT * FROM (SELECT tenant, project FROM runs ORDER BY tenant, project LIMIT 1) AS first
    UNION ALL SELECT
        (SELECT r.tenant FROM runs r WHERE (r.tenant, r.project) > (p.tenant, p.project)
         ORDER BY r.tenant, r.project LIMIT 1),
        (SELECT r.project FROM runs r WHERE (r.tenant, r.project) > (p.tenant, p.project)
         ORDER BY r.tenant, r.project LIMIT 1)
    FROM place p WHERE p.tenant IS NOT NULL
) SELECT tenant, project FROM place WHERE tenant IS NOT NULL";

/// The same of one tenant.
const PROJECTS: &str = "WITH RECURSIVE place (project) AS (
    SELECT * FROM (SELECT project FROM runs WHERE tenant = $1 ORDER BY project LIMIT 1) AS first
    UNION ALL SELECT
        (SELECT r.project FROM runs r WHERE r.tenant = $1 AND r.project > p.project ORDER BY r.project LIMIT 1)
    FROM place p WHERE p.project IS NOT NULL
) SELECT project FROM place WHERE project IS NOT NULL";

/// Parts that one statement asks for.
const TOGETHER: usize = 50;

/// What a part of a list gave.
#[derive(Debug, Default)]
struct Part {
    /// Newest first; one more than were asked for, where there are more.
    items: Vec<Run>,
    /// How far was looked, where that is not to the end. Nothing is known of what lies beyond.
    looked: Option<RunCursor>,
}

pub async fn look<D: Database>(
    sql: &Sql<D>,
    filter: &RunFilter,
    page: PageRequest,
    most: u32,
) -> Result<Page<Run>, StoreError> {
    let places = places(sql, filter).await?;
    let statuses = statuses(filter);
    let lane = |(tenant, project), status| Lane { filter, tenant, project, status, page, most: most.max(1) };
    let places = places.iter().map(|(tenant, project)| (tenant, project));
    let lanes: Vec<Lane> = places.flat_map(|place| statuses.iter().map(move |status| lane(place, *status))).collect();
    let mut parts = Vec::with_capacity(lanes.len());
    for lanes in lanes.chunks(TOGETHER) {
        parts.extend(look_together(sql, filter, lanes).await?);
    }
    Ok(merge(parts, page.limit as usize))
}

/// What each of some parts gives, in the same order.
async fn look_together<D: Database>(
    sql: &Sql<D>,
    filter: &RunFilter,
    lanes: &[Lane<'_>],
) -> Result<Vec<Part>, StoreError> {
    const NUMBER: usize = 17;
    let scope = reach(filter.tenant.as_ref());
    let mut parts: Vec<Part> = lanes.iter().map(|_| Part::default()).collect();
    let all: Vec<usize> = (0..lanes.len()).collect();
    let rows = sql.db.read(&scope, together::<D>(&all, |lane, query| lanes[lane].push_rows::<D>(query))).await?;
    for row in &rows {
        parts[lane_of(row, NUMBER)?].items.push(read(Columns(row))?);
    }
    let unsure = |lane: &usize| lanes[*lane].is_asked() && parts[*lane].items.len() as i64 != lanes[*lane].wanted();
    let unsure: Vec<usize> = all.into_iter().filter(unsure).collect();
    if unsure.is_empty() {
        return Ok(parts);
    }
    let rows = sql.db.read(&scope, together::<D>(&unsure, |lane, query| lanes[lane].push_last::<D>(query))).await?;
    for row in &rows {
        let place = Columns(row);
        let looked = RunCursor { created_at: place.number(0)?, key: RunKey(place.number(1)?) };
        parts[lane_of(row, 2)?].looked = Some(looked);
    }
    Ok(parts)
}

/// One statement of several, each of whose rows ends with the number of what it is of.
fn together<D: Database>(numbers: &[usize], push: impl Fn(usize, &mut Statement)) -> Statement {
    let mut query = Statement::built::<D>("").passing();
    for (place, number) in numbers.iter().enumerate() {
        query.push(if place == 0 { "" } else { " UNION ALL " });
        query.push(format!("SELECT part.*, CAST({number} AS BIGINT) AS number FROM ("));
        push(*number, &mut query);
        query.push(") AS part");
    }
    query
}

fn lane_of<R: Cells>(row: &R, column: usize) -> Result<usize, StoreError> {
    usize::try_from(Columns(row).number(column)?).map_err(crate::row::corrupt)
}

/// The tenants and projects a list is of.
async fn places<D: Database>(sql: &Sql<D>, filter: &RunFilter) -> Result<Vec<(Text, Text)>, StoreError> {
    let mut places = match (&filter.tenant, &filter.project) {
        (Some(tenant), Some(project)) => vec![(tenant.clone(), project.clone())],
        (tenant, _) => known_places(sql, tenant.as_ref()).await?,
    };
    places.retain(|(_, project)| {
        let wanted = filter.project.as_ref().is_none_or(|wanted| wanted == project);
        wanted && filter.system.is_none_or(|only| only == (&**project == SYSTEM_PROJECT))
    });
    Ok(places)
}

async fn known_places<D: Database>(sql: &Sql<D>, tenant: Option<&Text>) -> Result<Vec<(Text, Text)>, StoreError> {
    let Some(tenant) = tenant else {
        let rows = sql.db.read(&Scope::System, Statement::fixed(PLACES)).await?;
        return read_all(&rows, |row| Ok((row.text(0)?, row.text(1)?)));
    };
    let query = Statement::fixed(PROJECTS).with(tenant.clone());
    let rows = sql.db.read(&Scope::Tenant(tenant.clone()), query).await?;
    read_all(&rows, |row| Ok((tenant.clone(), row.text(0)?)))
}

/// The states that are looked for one by one; none for all at once.
fn statuses(filter: &RunFilter) -> Vec<Option<Status>> {
    let mut wanted = filter.statuses.clone();
    wanted.sort();
    wanted.dedup();
    if wanted.is_empty() { vec![None] } else { wanted.into_iter().map(Some).collect() }
}

/// Brings parts together. What lies beyond the place to which every part was looked at comes with the next page.
fn merge(parts: Vec<Part>, limit: usize) -> Page<Run> {
    let horizon = parts.iter().filter_map(|part| part.looked).max();
    let mut items: Vec<Run> = parts.into_iter().flat_map(|part| part.items).collect();
    items.retain(|run| horizon.is_none_or(|horizon| RunCursor::of(run) >= horizon));
    items.sort_by_key(|run| Reverse(RunCursor::of(run)));
    let next = match items.len() > limit {
        true => limit.checked_sub(1).and_then(|last| items.get(last)).map(RunCursor::of),
        false => horizon,
    };
    items.truncate(limit);
    Page { items, next }
}

/// One part of a list, and the index that gives it.
struct Lane<'a> {
    filter: &'a RunFilter,
    tenant: &'a Text,
    project: &'a Text,
    status: Option<Status>,
    page: PageRequest,
    most: u32,
}

impl Lane<'_> {
    /// One more than a page has.
    fn wanted(&self) -> i64 {
        limit(self.page.limit).saturating_add(1)
    }

    /// How many are looked at.
    fn most(&self) -> i64 {
        if self.is_asked() { limit(self.most).max(self.wanted()) } else { self.wanted() }
    }

    /// The runs of this part that pass, of those that are looked at.
    fn push_rows<D: Database>(&self, query: &mut Statement) {
        query.push(format!("{SELECT}{} WHERE rid IN (SELECT rid", D::BY_KEY));
        self.push_part::<D>(query);
        query.push(" LIMIT ").bind(self.most()).push(")");
        self.push_asked::<D>(query);
        query.push(" ORDER BY created_at DESC, rid DESC LIMIT ").bind(self.wanted());
    }

    /// The place of the last of those that are looked at, where there are as many.
    fn push_last<D: Database>(&self, query: &mut Statement) {
        query.push("SELECT created_at, rid");
        self.push_part::<D>(query);
        query.push(" LIMIT 1 OFFSET ").bind(self.most().saturating_sub(1));
    }

    /// What an index gives in order, newest first.
    fn push_part<D: Database>(&self, query: &mut Statement) {
        let open = self.status.is_some_and(|status| !status.is_final());
        let amiss = self.status.is_some_and(is_amiss);
        query.push(format!(" FROM runs{} WHERE tenant = ", D::by(self.index(open, amiss)))).bind(self.tenant.clone());
        query.push(" AND project = ").bind(self.project.clone());
        if let Some(flow) = &self.filter.flow {
            query.and_same::<D>("flow", flow.clone());
        }
        if let Some(status) = self.status.filter(|_| open || amiss) {
            query.push(if open { " AND ended_at IS NULL" } else { " AND " }).push(if open { "" } else { AMISS });
            query.push(" AND status = ").bind(status.as_str());
        }
        self.push_times(query);
        // The few that have not ended are sorted: no index has them in this order.
        let at = if open { "created_at + 0" } else { "created_at" };
        query.push(format!(" ORDER BY {at} DESC, rid DESC"));
    }

    fn index(&self, open: bool, amiss: bool) -> &'static str {
        match (open, amiss, self.filter.flow.is_some()) {
            (true, _, _) => "runs_unfinished",
            (_, true, true) => "runs_amiss_of_flow",
            (_, true, false) => "runs_amiss_of_project",
            (_, _, true) => "runs_of_flow",
            (_, _, false) => "runs_of_project",
        }
    }

    fn push_times(&self, query: &mut Statement) {
        let before = self.page.before;
        if let Some(RunCursor { created_at, key }) = before {
            query.push(" AND (created_at, rid) < (").bind(created_at).push(", ").bind(key.0).push(")");
        }
        let bounds: [(&str, Option<Micros>); 3] = [
            ("created_at >= ", self.filter.since),
            ("created_at < ", self.filter.until),
            ("created_at <= ", before.map(|place| place.created_at)),
        ];
        push_bounds(query, bounds);
    }

    /// The state that no index knows: most runs are in it.
    fn usual(&self) -> Option<Status> {
        self.status.filter(|status| status.is_final() && !is_amiss(*status))
    }

    /// Whether [`Lane::push_asked`] asks anything.
    fn is_asked(&self) -> bool {
        let RunFilter { service, text, under, cause, begins, begins_not, at_least, at_most, .. } = self.filter;
        self.usual().is_some()
            || text.is_some()
            || [service, under, cause, begins, begins_not].into_iter().any(Option::is_some)
            || [at_least, at_most].into_iter().any(Option::is_some)
    }

    fn push_asked<D: Database>(&self, query: &mut Statement) {
        let filter = self.filter;
        if let Some(status) = self.usual() {
            query.push(" AND status = ").bind(status.as_str());
        }
        if let Some(service) = &filter.service {
            query.push(" AND service = ").bind(service.clone());
        }
        if let Some(cause) = &filter.cause {
            query.push(" AND (cause = ").bind(cause.clone());
            query.push(format!(" OR substr(cause, 1, {}) = ", cause.chars().count() + 1)).bind(format!("{cause}/"));
            query.push(")");
        }
        if let Some(text) = &filter.text {
            push_text::<D>(query, text.to_ascii_lowercase().into());
        }
        if let Some(under) = &filter.under {
            // `0` follows `/` in every encoding that matters, so this is the range of all that begins with `id/`.
            query.push(" AND id >= ").bind(format!("{under}/"));
            query.push(" AND id < ").bind(format!("{under}0"));
        }
        push_beginning(query, "=", filter.begins.as_ref());
        push_beginning(query, "<>", filter.begins_not.as_ref());
        let bounds = [
            ("ended_at - COALESCE(started_at, created_at) >= ", filter.at_least),
            ("ended_at - COALESCE(started_at, created_at) <= ", filter.at_most),
        ];
        push_bounds(query, bounds);
    }
}

fn is_amiss(status: Status) -> bool {
    matches!(status, Status::Failed | Status::Cancelled | Status::TimedOut)
}

fn push_bounds<const N: usize>(query: &mut Statement, bounds: [(&str, Option<Micros>); N]) {
    for (condition, bound) in bounds {
        if let Some(bound) = bound {
            query.push(" AND ").push(condition).bind(bound);
        }
    }
}

fn push_text<D: Database>(query: &mut Statement, text: Text) {
    query.push(" AND (");
    for (index, column) in ["id", "flow", "COALESCE(error, '')", "COALESCE(output, '')"].into_iter().enumerate() {
        query.push(if index == 0 { "" } else { " OR " });
        query.push(format!("{}(lower({column}), ", D::FIND)).bind(text.clone()).push(") > 0");
    }
    query.push(")");
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_store::Place;

    fn part(keys: &[i64], looked: Option<i64>) -> Part {
        let run = |key: &i64| Run::new(RunKey(*key), key.to_string(), Place::default(), "f", 7);
        let place = |key| RunCursor { created_at: 7, key: RunKey(key) };
        Part { items: keys.iter().map(run).collect(), looked: looked.map(place) }
    }

    fn check(parts: &[(&[i64], Option<i64>)], limit: usize, expected: (&[i64], Option<i64>)) {
        let page = merge(parts.iter().map(|(keys, looked)| part(keys, *looked)).collect(), limit);
        let keys: Vec<i64> = page.items.iter().map(|run| run.key.0).collect();
        assert_eq!((&keys[..], page.next.map(|next| next.key.0)), expected);
    }

    #[test]
    fn parts_are_brought_together_as_far_as_all_were_looked_at() {
        check(&[], 3, (&[], None));
        check(&[(&[9, 7], None), (&[8], None)], 3, (&[9, 8, 7], None));
        check(&[(&[9, 7, 5], None), (&[8], None)], 2, (&[9, 8], Some(8)));
        check(&[(&[], Some(6))], 3, (&[], Some(6)));
        // What lies beyond 6 is in the next page, so that none is left out.
        check(&[(&[9, 2], None), (&[7], Some(6))], 3, (&[9, 7], Some(6)));
        check(&[(&[9, 2], Some(1)), (&[7, 6], Some(6))], 9, (&[9, 7, 6], Some(6)));
        check(&[(&[9, 8, 2], None), (&[7], Some(6))], 2, (&[9, 8], Some(8)));
    }
}
