use crate::names::shape_of_schema;
use std::collections::BTreeMap;
use weir_base::Text;
use weir_expr::Shape;
use weir_ir::{Assign, Flow, LoopMode, NodeKind, VarType, Write};

/// What is known of a flow's variables: those it declares, those it writes, those that come in.
pub(crate) struct Variables {
    pub known: BTreeMap<Text, Shape>,
    /// Others may be there too: names that are made at run time, or an input without a schema.
    pub open: bool,
}

pub(crate) fn of(flow: &Flow) -> Variables {
    let mut variables = Variables { known: BTreeMap::new(), open: false };
    variables.declared(flow);
    flow.for_each_node(&mut |node| {
        variables.assigned(node.kind.assigns());
        match &node.kind {
            NodeKind::Set { writes } => writes.iter().for_each(|write| variables.write(write)),
            NodeKind::Loop(inner) => {
                if let LoopMode::ForEach { item_var, index_var, .. } = &inner.mode {
                    item_var.iter().chain(index_var).for_each(|name| variables.note(name.clone(), Shape::Open));
                }
            }
            _ => {}
        }
    });
    variables
}

impl Variables {
    fn declared(&mut self, flow: &Flow) {
        for (name, variable) in &flow.variables {
            self.note(name.clone(), shape_of(variable.ty));
        }
        for signal in flow.signals.values() {
            signal.assign.keys().for_each(|name| self.note(name.clone(), Shape::Open));
        }
        if flow.input_as_variables {
            let properties = flow.input.as_ref().and_then(|schema| schema.get("properties")?.as_object());
            match properties {
                Some(properties) => {
                    properties.iter().for_each(|(name, schema)| self.note(Text::clone(name), shape_of_schema(schema)));
                }
                None => self.open = true,
            }
        }
    }

    fn write(&mut self, write: &Write) {
        let Some(target) = &write.target else { return };
        match target.name.constant() {
            Some(name) => self.note(name.as_str().unwrap_or_default().into(), Shape::Open),
            None => self.open = true,
        }
    }

    fn assigned(&mut self, assigns: &[Assign]) {
        assigns.iter().for_each(|assign| self.note(assign.var.clone(), Shape::Open));
    }

    /// A name that is written with more than one shape has none.
    fn note(&mut self, name: Text, shape: Shape) {
        let entry = self.known.entry(name).or_insert_with(|| shape.clone());
        if *entry != shape {
            *entry = Shape::Open;
        }
    }
}

fn shape_of(ty: VarType) -> Shape {
    match ty {
        VarType::String => Shape::String,
        VarType::Number => Shape::Number,
        VarType::Boolean => Shape::Boolean,
        VarType::Array => Shape::Array(Box::default()),
        VarType::Any | VarType::Object => Shape::Open,
    }
}
