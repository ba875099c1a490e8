//! Flows as code that is kept: made from a version, passed by the compilers, and handed to those who run it.

use crate::caller::Caller;
use crate::code::{Code, CodeError, CodeOptions, CodeVerdict, read_version};
use crate::control::Control;
use crate::model::{Compilation, CompiledFiles, EndingCode, FlowDraft, Release};
use crate::records::{self, Kept, Listed, PageOf};
use crate::{ControlError, Result};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::watch;
use weir_base::{Text, Value, hash_value_hex};
use weir_ir::Flow;

/// So many compilations of a flow are kept.
const KEPT: usize = 50;

/// Counts what this process has compiled.
pub(crate) struct News(watch::Sender<u64>);

impl Default for News {
    fn default() -> Self {
        Self(watch::channel(0).0)
    }
}

/// What is to be compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewCompilation {
    /// The newest version where absent.
    pub release: Option<u64>,
    /// The task queue of the worker; the flow's own, else one after its name, where absent.
    pub task_queue: Option<String>,
    /// The task queue of Weir's own worker, see [`Control::worker_queue`].
    pub worker_queue: Option<String>,
}

impl Control {
    /// Writes a version of a flow as TypeScript, has it checked, and keeps it. The same code as the newest is the newest.
    ///
    /// # Errors
    /// `Invalid` where the flow cannot be written, or the compilers refuse the code; `State` where it was never
    /// published, or there are no compilers.
    pub async fn compile_version(&self, caller: &Caller, id: &str, new: NewCompilation) -> Result<Kept<Compilation>> {
        let flow = self.flow(caller, id).await?;
        let release = self.release_to_compile(caller, &flow, new.release).await?;
        let parsed = self.version_of_release(caller, &release).await?;
        let code = self.verified(caller, &flow, &parsed, new).await?;
        let newest = self.newest_compilation(caller, &flow.id).await?;
        let made = self.compilation(caller, &release, &parsed, &code, newest.as_ref());
        match newest {
            Some(newest) if newest.value.hash == made.hash && newest.value.release == made.release => Ok(newest),
            _ => self.keep(caller, made, code.files).await,
        }
    }

    async fn release_to_compile(
        &self,
        caller: &Caller,
        flow: &Kept<FlowDraft>,
        number: Option<u64>,
    ) -> Result<Kept<Release>> {
        if let Some(number) = number {
            return self.release(caller, &flow.id, number).await;
        }
        let unpublished = || ControlError::state("NOT_PUBLISHED", "the flow has no version yet: publish it first");
        self.newest_release(caller, flow).await?.ok_or_else(unpublished)
    }

    async fn version_of_release(&self, caller: &Caller, release: &Kept<Release>) -> Result<Flow> {
        let version = self.store.flow_version(&caller.tenant, &release.value.hash).await?;
        read_version(&version.ok_or(ControlError::not_found("version"))?)
    }

    async fn verified(
        &self,
        caller: &Caller,
        flow: &Kept<FlowDraft>,
        parsed: &Flow,
        new: NewCompilation,
    ) -> Result<Code> {
        let project = &flow.value.project;
        let deployment = self.deployment(caller, &flow.id).await?;
        let connection = deployment.and_then(|deployment| deployment.value.connection);
        let options = CodeOptions {
            verify: true,
            comments: true,
            project: Some(project.to_string()),
            task_queue: new.task_queue,
            worker_queue: self.worker_queue(new.worker_queue, connection.as_ref()),
            tenant: caller.tenant.clone(),
            library: self.called_flows(&caller.tenant, project, parsed).await?,
        };
        let code = self.coder.write(parsed, options).await.map_err(refused)?;
        match &code.verdict {
            Some(verdict) if verdict.passed() => Ok(code),
            verdict => Err(not_passed(verdict.as_ref())),
        }
    }

    fn compilation(
        &self,
        caller: &Caller,
        release: &Kept<Release>,
        parsed: &Flow,
        code: &Code,
        newest: Option<&Kept<Compilation>>,
    ) -> Compilation {
        let mut steps = 0;
        parsed.for_each_node(&mut |_| steps += 1);
        Compilation {
            flow: release.value.flow.clone(),
            number: newest.map_or(1, |newest| newest.value.number + 1),
            release: release.value.number,
            version: release.value.hash.clone(),
            hash: hash_of(&code.files).into(),
            generator: concat!("weir ", env!("CARGO_PKG_VERSION")).into(),
            files: code.files.len() as u64,
            bytes: code.files.values().map(|text| text.len() as u64).sum(),
            steps,
            proxied: code.proxied.clone(),
            by: caller.actor.name(),
        }
    }

    async fn keep(
        &self,
        caller: &Caller,
        made: Compilation,
        files: BTreeMap<String, String>,
    ) -> Result<Kept<Compilation>> {
        let (flow, hash) = (made.flow.clone(), made.hash.clone());
        let there = self.compiled_files(caller, &flow, &hash).await?;
        let mut changes = self.changes(caller);
        if there.is_none() {
            changes.insert(CompiledFiles { flow: flow.clone(), hash, files });
        }
        let kept = changes.insert(made);
        changes.commit().await?;
        self.news.0.send_modify(|count| *count += 1);
        self.forget_compilations(caller, &flow).await;
        Ok(kept)
    }

    /// Keeps the newest only. What cannot be removed now is removed next time.
    async fn forget_compilations(&self, caller: &Caller, flow: &Text) {
        let (documents, scope) = (&*self.documents, caller.scope());
        let Ok(all) = records::all::<Compilation>(documents, &scope, &records::under(flow)).await else { return };
        let (old, kept) = all.split_at(all.len().saturating_sub(KEPT));
        if old.is_empty() {
            return;
        }
        let hashes: BTreeSet<&Text> = kept.iter().map(|one| &one.value.hash).collect();
        let under = records::under(&CompiledFiles::under(flow));
        let files = records::all::<CompiledFiles>(documents, &scope, &under).await.unwrap_or_default();
        let mut changes = self.changes(caller);
        old.iter().for_each(|one| changes.delete(one, None));
        files.iter().filter(|one| !hashes.contains(&one.value.hash)).for_each(|one| changes.delete(one, None));
        let _ = changes.commit().await;
    }

    pub(crate) async fn newest_compilation(&self, caller: &Caller, flow: &Text) -> Result<Option<Kept<Compilation>>> {
        let page = PageOf { after: None, limit: 1 };
        let found = records::list(&*self.documents, &caller.scope(), &records::under(flow), &page).await?;
        Ok(found.items.into_iter().next())
    }

    async fn compiled_files(&self, caller: &Caller, flow: &Text, hash: &str) -> Result<Option<Kept<CompiledFiles>>> {
        records::named(&*self.documents, &caller.tenant, &CompiledFiles::under(flow), hash).await
    }

    pub async fn compilations(&self, caller: &Caller, flow: &str, page: &PageOf) -> Result<Listed<Kept<Compilation>>> {
        let flow = self.flow(caller, flow).await?;
        records::list(&*self.documents, &caller.scope(), &records::under(&flow.id), page).await
    }

    pub async fn show_compilation(&self, caller: &Caller, flow: &str, number: u64) -> Result<Kept<Compilation>> {
        let flow = self.flow(caller, flow).await?;
        self.compilation_of(caller, &flow.id, number).await
    }

    /// As [`Control::show_compilation`], for whoever runs it; of a deleted flow as long as that can come back, since its
    /// runs go on.
    pub async fn code_to_run(&self, caller: &Caller, flow: &str, number: u64) -> Result<Kept<Compilation>> {
        match records::find::<EndingCode>(&*self.documents, &caller.scope(), &EndingCode::id_of(flow)).await? {
            Some(ending) => self.compilation_of(caller, &ending.value.flow, number).await,
            None => self.show_compilation(caller, flow, number).await,
        }
    }

    async fn compilation_of(&self, caller: &Caller, flow: &Text, number: u64) -> Result<Kept<Compilation>> {
        let found = records::named(&*self.documents, &caller.tenant, flow, &number.to_string()).await?;
        found.ok_or(ControlError::not_found("compilation"))
    }

    /// Text by file name.
    pub async fn files_of(&self, caller: &Caller, made: &Compilation) -> Result<BTreeMap<String, String>> {
        let found = self.compiled_files(caller, &made.flow, &made.hash).await?;
        Ok(found.ok_or(ControlError::not_found("compilation"))?.value.files)
    }

    /// The newest compilation of a flow, if its number is above `after`; with a hash, if it is not the code of both.
    pub async fn code_after(
        &self,
        caller: &Caller,
        flow: &str,
        after: u64,
        hash: Option<&str>,
    ) -> Result<Option<Kept<Compilation>>> {
        let flow = self.flow(caller, flow).await?;
        let is_news = |newest: &Compilation| match hash {
            Some(hash) => (newest.number, &*newest.hash) != (after, hash),
            None => newest.number > after,
        };
        Ok(self.newest_compilation(caller, &flow.id).await?.filter(|newest| is_news(&newest.value)))
    }

    /// Told whenever this process has compiled something; what other processes do is not told.
    pub fn code_news(&self) -> watch::Receiver<u64> {
        self.news.0.subscribe()
    }
}

fn hash_of(files: &BTreeMap<String, String>) -> String {
    hash_value_hex(&Value::object(files.iter().map(|(name, text)| (name.as_str(), Value::from(text.as_str())))))
}

fn refused(error: CodeError) -> ControlError {
    match error {
        CodeError::Flow(diagnostics) => {
            let message = "the flow cannot be written as TypeScript so that it does the same".to_owned();
            ControlError::Invalid { code: "FLOW_PROBLEMS", message, diagnostics }
        }
        CodeError::Compilers { code, message } => ControlError::state(code, message),
    }
}

/// The code is ours, and so is the fault.
fn not_passed(verdict: Option<&CodeVerdict>) -> ControlError {
    let first = verdict.and_then(|verdict| verdict.compiler.iter().chain(&verdict.linter).next());
    let what = first.map(|found| format!(": {}: {}: {}", found.place, found.code, found.message));
    let message = format!("the compilers refuse the code{}; nothing was kept", what.unwrap_or_default());
    ControlError::invalid("CODE_REFUSED", message)
}
