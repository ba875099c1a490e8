use super::{Kinds, lower::TREES, problems, read};
use proptest::prelude::*;
use weir_base::has_errors;

/// A chain of decorators, one inside the other.
fn nested(depth: usize) -> String {
    let open = "{type: Invert, children: [".repeat(depth - 1);
    format!("{open}{{type: SuccessNode}}{}", "]}".repeat(depth - 1))
}

#[test]
fn nesting_has_a_limit() {
    assert_eq!(problems("", read(&nested(100)).diagnostics), "");
    let deep = read(&nested(101));
    assert_eq!(deep.diagnostics.iter().map(|problem| problem.code.as_str()).collect::<Vec<_>>(), ["TOO_DEEP"]);
    assert!(deep.flow.is_some());
    let inner = nested(100).replace("SuccessNode", "MockAction, props: {ticksBeforeComplete: 2}");
    assert_eq!(problems("", read(&inner).diagnostics).split(' ').next(), Some("TOO_DEEP"));
    for depth in [1_000, 10_000] {
        assert!(has_errors(&read(&nested(depth)).diagnostics));
    }
}

#[test]
fn wide_trees_are_read_in_good_time() {
    let text = format!("type: Sequence\nchildren:\n{}", "  - {type: SuccessNode}\n".repeat(20_000));
    let flow = read(&text).flow.unwrap();
    let mut count = 0;
    flow.for_each_node(&mut |_| count += 1);
    assert_eq!(count, 20_001);
}

#[test]
fn an_alias_repeats_a_step() {
    let parsed = read("type: Sequence\nchildren:\n  - &n {type: SuccessNode}\n  - *n\n");
    assert_eq!(problems("", parsed.diagnostics), "");
}

fn mutated() -> impl Strategy<Value = String> {
    let pick = (0..TREES.len(), any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..5usize);
    let words = prop::sample::select(vec![
        "{{", "}}", "[", "}", ":", "-", "'", "type", "children", "null", "\n", "  ", "${", "*a", "&a ", "😀", "9e99",
        "---\n",
    ]);
    (pick, words).prop_map(|((tree, at, to, how), word)| {
        let text = TREES[tree].1;
        let boundary = |index: prop::sample::Index| {
            let mut at = index.index(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (a, b) = (boundary(at), boundary(to));
        let (a, b) = (a.min(b), a.max(b));
        match how {
            0 => text[..a].to_owned(),
            1 => format!("{}{}", &text[..a], &text[b..]),
            2 => format!("{}{word}{}", &text[..a], &text[a..]),
            3 => format!("{}{word}{}", &text[..a], &text[b..]),
            _ => format!("{}{}{}", &text[..b], &text[a..b], &text[b..]),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// A tree with a hole, a cut or a foreign word in it ends in a flow or in diagnostics that point into the text.
    #[test]
    fn broken_trees_never_panic(text in mutated()) {
        let parsed = read(&text);
        prop_assert!(parsed.flow.is_some() || has_errors(&parsed.diagnostics));
        for problem in &parsed.diagnostics {
            prop_assert!(problem.span.is_none_or(|span| span.start <= span.end && span.end as usize <= text.len()));
        }
        if let (Some(flow), false) = (parsed.flow, has_errors(&parsed.diagnostics)) {
            // Whatever reads without errors is written back as the same flow, or refused with a reason.
            match crate::print(&flow, "tree", &Kinds) {
                Ok(printed) => prop_assert!(!has_errors(&read(&printed).diagnostics), "{printed}"),
                Err(problems) => prop_assert!(has_errors(&problems)),
            }
        }
        let _ = crate::write_ids(&text);
    }
}
