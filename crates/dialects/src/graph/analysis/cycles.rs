use super::dominators::Dominators;
use super::network::{Network, Role, retreating};

/// A cycle that no loop node owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// The links of the cycle, in order; the last one leads back to where the first begins.
    pub links: Vec<usize>,
    /// A loop node of the cycle, and the links that enter the cycle without passing it.
    pub second_entry: Option<(usize, Vec<usize>)>,
}

/// How many cycles are described; further ones are only counted.
const DESCRIBED: usize = 20;

/// The links that close cycles without a loop node, the first of those cycles, and the number of such links.
pub fn illegal(network: &Network, dominators: &Dominators, back: &[bool]) -> (Vec<usize>, Vec<Cycle>) {
    let mut closing = Vec::new();
    let mut cycles: Vec<Cycle> = Vec::new();
    retreating(network, &|link| !back[link], &mut |link, path| {
        closing.push(link);
        if cycles.len() < DESCRIBED {
            let links: Vec<usize> = path.iter().copied().chain([link]).collect();
            let second_entry = second_entry(network, dominators, &links);
            cycles.push(Cycle { links, second_entry });
        }
    });
    (closing, cycles)
}

fn second_entry(network: &Network, dominators: &Dominators, cycle: &[usize]) -> Option<(usize, Vec<usize>)> {
    let mut inside = vec![false; network.nodes()];
    cycle.iter().for_each(|link| inside[network.links[*link].to] = true);
    let header = (0..network.nodes()).find(|node| inside[*node] && network.roles[*node] == Role::Loop)?;
    let enters = |link: &usize| {
        let link = network.links[*link];
        inside[link.to] && link.to != header && !inside[link.from] && !dominators.dominates(header, link.from)
    };
    let entries: Vec<usize> = (0..network.links.len()).filter(enters).collect();
    (!entries.is_empty()).then_some((header, entries))
}
