/// The longest name, in bytes, that a suggestion is looked for.
const LONGEST: usize = 200;

/// The candidate a person most likely meant by `name`, if any is near enough to offer.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A name of a megabyte is no misspelling, and measuring it would cost a great deal.
    if name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_lowercase();
    let limit = (wanted.chars().count() / 3).clamp(1, 4);
    let score = |candidate: &str| strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase());
    let scored =
        candidates.into_iter().filter(|known| known.len() <= LONGEST).map(|candidate| (score(candidate), candidate));
    scored.filter(|(distance, _)| *distance <= limit).min().map(|(_, candidate)| candidate)
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
}
