use async_trait::async_trait;

/// Numbers from outside the control plane, for `/metrics`: of the process, its disk, its database.
#[async_trait]
pub trait Readings: Send + Sync {
    async fn read(&self) -> Vec<Reading>;
}

/// One number.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Without the `_total` that is put behind what only rises.
    pub name: &'static str,
    pub about: &'static str,
    pub labels: Vec<(&'static str, String)>,
    pub rises: bool,
    pub value: f64,
}

impl Reading {
    pub fn gauge(name: &'static str, about: &'static str, value: f64) -> Self {
        Self { name, about, labels: Vec::new(), rises: false, value }
    }

    pub fn counter(name: &'static str, about: &'static str, value: f64) -> Self {
        Self { rises: true, ..Self::gauge(name, about, value) }
    }
}
