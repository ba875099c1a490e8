/// The longest name, in bytes, that a suggestion is looked for.
const LONGEST: usize = 200;

/// The fewest letters that are taken for the beginning of a name.
const BEGINNING: usize = 3;

/// The candidate a person most likely meant by `name`, if any is near enough to offer: one that is spelt nearly the
/// same, else the shortest that begins so.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A name of a megabyte is no misspelling, and measuring it would cost a great deal.
    if name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_lowercase();
    let length = wanted.chars().count();
    let limit = (length / 3).clamp(1, 4);
    let score = |candidate: &'a str| {
        let known = candidate.to_lowercase();
        let begins = length >= BEGINNING && known.starts_with(&wanted);
        let distance = strsim::damerau_levenshtein(&wanted, &known);
        (distance <= limit || begins).then_some((distance > limit, distance, candidate))
    };
    let near = candidates.into_iter().filter(|known| known.len() <= LONGEST).filter_map(score);
    near.min().map(|(_, _, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    #[test]
    fn offers_only_near_names() {
        let known = ["message", "timeoutMs", "level"];
        let closest = |name| super::closest(name, known);
        assert_eq!(closest("mesage"), Some("message"));
        assert_eq!(closest("timeoutms"), Some("timeoutMs"));
        assert_eq!(closest("colour"), None);
    }

    #[test]
    fn a_beginning_is_meant_where_nothing_is_spelt_nearly_the_same() {
        let known = ["WaitForSignal", "WaitAction"];
        assert_eq!(super::closest("wait", known), Some("WaitAction"));
        assert_eq!(super::closest("WaitFor", known), Some("WaitForSignal"));
        assert_eq!(super::closest("Wait", [known.as_slice(), &["Wain"]].concat()), Some("Wain"));
        assert_eq!(super::closest("Wa", known), None, "too little to tell");
    }
}
