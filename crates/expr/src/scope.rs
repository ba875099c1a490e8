use weir_base::Value;

/// The names an expression can see.
pub trait Scope {
    /// The value of a root name (`input`, `vars`, `item`…); `None` is `undefined`.
    ///
    /// A root that has members has a value too: it is asked for where a member is not found, or is not asked for by
    /// name. Only `secrets` is never asked for as a whole.
    fn get(&self, name: &str) -> Option<Value>;

    /// `name.key` without building all of `name`. Override for `vars`, `nodes`, `secrets` and the like.
    ///
    /// For `secrets` the answer is a [`Value::Sealed`], never the secret itself.
    fn member(&self, name: &str, key: &str) -> Option<Value> {
        self.get(name)?.get(key).cloned()
    }
}

/// An object is a scope: its members are the root names.
impl Scope for Value {
    fn get(&self, name: &str) -> Option<Value> {
        Value::get(self, name).cloned()
    }

    fn member(&self, name: &str, key: &str) -> Option<Value> {
        Value::get(self, name)?.get(key).cloned()
    }
}
