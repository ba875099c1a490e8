use crate::graph::analysis::{Fate, NONE, Role, Shape};
use crate::graph::read::Step;
use crate::graph::routes::Route;
use std::collections::{HashMap, HashSet};
use weir_base::{Span, Text};
use weir_ir::OUT;

/// The nodes and edges of one region: the flow itself, or what one loop or retry owns.
#[derive(Debug, Default)]
pub struct Region {
    pub members: Vec<usize>,
    pub edges: Vec<Lifted>,
    /// Handles that end the region, and the handle of the owner each becomes.
    pub exits: Vec<(usize, Text, Text)>,
    /// The nodes the owner leads to.
    pub entries: Vec<usize>,
    /// Handles that end an iteration: they lead back to the loop that owns the region.
    pub back: Vec<(usize, Text)>,
}

/// An edge between two nodes of one region. `source` is the node it was drawn from.
#[derive(Clone, Debug)]
pub struct Lifted {
    pub from: usize,
    pub handle: Text,
    pub to: usize,
    pub source: usize,
    pub span: Span,
}

/// Sorts routes into the regions they belong to. A route that leaves regions becomes an exit of each of them
/// and an edge of the region its target stands in. The regions come by owner, the flow's own last.
pub fn regions(steps: &[Step<'_>], roles: &[Role], shape: &Shape, routes: &[Route]) -> Vec<Region> {
    let mut regions = Regions::new(steps, roles, &shape.owner);
    regions.find_sinks(shape, routes);
    for (route, fate) in routes.iter().zip(&shape.fates) {
        regions.place(route, *fate);
    }
    regions.regions
}

struct Regions<'s> {
    steps: &'s [Step<'s>],
    roles: &'s [Role],
    owner: &'s [usize],
    /// By owner; the flow's own region is the last.
    regions: Vec<Region>,
    /// For each owner its only node without a way on inside the region, or [`NONE`].
    sink: Vec<usize>,
    exit_names: HashMap<(usize, Text), Text>,
    taken: HashSet<(usize, Text)>,
    seen: HashSet<(usize, Text, usize)>,
}

impl<'s> Regions<'s> {
    fn new(steps: &'s [Step<'s>], roles: &'s [Role], owner: &'s [usize]) -> Self {
        let mut regions = Self {
            steps,
            roles,
            owner,
            regions: (0..=steps.len()).map(|_| Region::default()).collect(),
            sink: vec![NONE; steps.len()],
            exit_names: HashMap::new(),
            taken: HashSet::new(),
            seen: HashSet::new(),
        };
        for (node, owner) in owner.iter().enumerate() {
            regions.of(*owner).members.push(node);
        }
        regions
    }

    fn of(&mut self, owner: usize) -> &mut Region {
        let last = self.regions.len() - 1;
        &mut self.regions[owner.min(last)]
    }

    fn find_sinks(&mut self, shape: &Shape, routes: &[Route]) {
        let mut goes_on = vec![false; self.steps.len()];
        for (route, _) in routes.iter().zip(&shape.fates).filter(|(_, fate)| **fate == Fate::Kept) {
            if self.owner[route.to] == route.from {
                continue;
            }
            let mut at = route.from;
            while self.owner[at] != self.owner[route.to] && self.owner[at] != NONE {
                at = self.owner[at];
            }
            goes_on[at] |= self.owner[at] == self.owner[route.to];
        }
        for owner in (0..self.steps.len()).filter(|node| self.roles[*node] == Role::Retry) {
            let ends: Vec<usize> = self.regions[owner].members.iter().copied().filter(|node| !goes_on[*node]).collect();
            if let [only] = ends[..] {
                self.sink[owner] = only;
            }
        }
    }

    fn place(&mut self, route: &Route, fate: Fate) {
        if fate == Fate::Dropped {
            return;
        }
        if fate == Fate::Kept && self.owner[route.to] == route.from {
            return self.of(route.from).entries.push(route.to);
        }
        let home = if fate == Fate::Back { route.to } else { self.owner[route.to] };
        let (mut at, mut handle) = (route.from, route.handle.clone());
        while self.owner[at] != home {
            // Every region has one entry, its owner, so the target's region is always among the outer ones.
            let owner = self.owner[at];
            if owner == NONE {
                return;
            }
            handle = self.leave(owner, at, handle);
            at = owner;
        }
        if fate == Fate::Back {
            return self.of(home).back.push((at, handle));
        }
        if self.seen.insert((at, handle.clone(), route.to)) {
            let edge = Lifted { from: at, handle, to: route.to, source: route.from, span: route.span };
            self.of(home).edges.push(edge);
        }
    }

    /// Leaving a region by a node's handle: the handle of its owner that this becomes.
    ///
    /// A failure that leaves a retry is the retry's failure, after its last attempt. A retry whose one last node
    /// leads out is left when it is done. Anything else ends the region at once.
    fn leave(&mut self, owner: usize, node: usize, handle: Text) -> Text {
        if self.roles[owner] == Role::Retry {
            let usual = &*handle == OUT || (self.roles[node] == Role::Loop && &*handle == "done");
            match &*handle {
                "error" => return handle,
                _ if usual && self.sink[owner] == node => return OUT.into(),
                _ => {}
            }
        }
        if let Some(name) = self.exit_names.get(&(node, handle.clone())) {
            return name.clone();
        }
        let mut name = Text::from(format!("{}.{handle}", self.steps[node].id));
        while !self.taken.insert((owner, name.clone())) {
            name = Text::from(format!("{name}'"));
        }
        self.exit_names.insert((node, handle.clone()), name.clone());
        self.of(owner).exits.push((node, handle, name.clone()));
        name
    }
}
