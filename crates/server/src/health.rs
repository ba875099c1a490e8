use async_trait::async_trait;

/// Something the server stands on, for `/health` and `/ready`.
#[async_trait]
pub trait Dependency: Send + Sync {
    fn name(&self) -> &'static str;

    /// What is wrong with it, if something is.
    async fn check(&self) -> Result<(), String>;
}
