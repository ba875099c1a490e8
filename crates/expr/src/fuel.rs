/// The budget of one evaluation.
///
/// One unit is one visited node or one produced array element or object member; text costs one unit for every
/// eight bytes produced and every 32 bytes searched. What was made and leaves is paid for by the tree it stands for,
/// shared parts as often as they occur: one unit for every four values and every 32 bytes of text. So both time and
/// memory are bounded by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fuel {
    pub left: u64,
}

impl Default for Fuel {
    /// A million units: some hundredths of a second of work, and at most some tens of megabytes.
    fn default() -> Self {
        Self { left: 1_000_000 }
    }
}

impl Fuel {
    /// Takes `amount`, or takes all there is and says false.
    pub(crate) fn spend(&mut self, amount: u64) -> bool {
        let enough = self.left >= amount;
        self.left = self.left.saturating_sub(amount);
        enough
    }
}
