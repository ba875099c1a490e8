use weir_base::Micros;

/// The first and the last moment at which a tick may be.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub starts_at: Option<Micros>,
    pub ends_at: Option<Micros>,
}

impl Bounds {
    /// Where to look from, so that nothing before the first moment is found.
    pub fn after(self, at: Micros) -> Micros {
        self.starts_at.map_or(at, |start| at.max(start.saturating_sub(1)))
    }

    pub fn hold(self, tick: Micros) -> bool {
        self.ends_at.is_none_or(|end| tick <= end)
    }
}
