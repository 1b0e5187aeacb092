//! What the known classes make of their arguments.

use super::super::classes::{Class, Element};
use super::super::node::{Arena, Id, Node, TensorRef};
use super::super::{Fault, Result};
use super::{TOO_MANY, Vm};

/// More dimensions than any layer has.
const MAX_RANK: usize = 16;

impl Vm<'_> {
    /// REDUCE and NEWOBJ: a class and a tuple of arguments.
    pub(super) fn call(&mut self) -> Result<()> {
        let (args, callable) = (self.pop()?, self.pop()?);
        let class = self.class(callable)?;
        let made = self.make(class, args)?;
        self.push_id(made)
    }

    /// NEWOBJ_EX: named arguments only ever go to data that is not looked at.
    pub(super) fn call_with_names(&mut self) -> Result<()> {
        self.pop()?;
        self.call()
    }

    fn class(&self, id: Id) -> Result<Class> {
        match self.arena.get(id) {
            Node::Class(class) => Ok(*class),
            // The type of an array of settings, say; what it would make is as opaque as itself.
            Node::Opaque => Ok(Class::Inert),
            _ => Err(Fault::malformed("it calls what is no class")),
        }
    }

    fn make(&mut self, class: Class, args: Id) -> Result<Id> {
        let wrong = || Fault::malformed("a constructor in its pickle has unfit arguments");
        let items = self.arena.tuple(args).ok_or_else(wrong)?;
        match class {
            Class::Inert | Class::Storage(_) | Class::Dtype(_) => Ok(Arena::OPAQUE),
            Class::Dict => {
                let filled = items.first().copied().map_or(Ok(Vec::new()), |first| self.dict_items(first))?;
                self.new_node(Node::Dict(filled))
            }
            // The sequence itself in place of a copy: copies of a long one would cost much memory
            // for few bytes of pickle.
            Class::List | Class::Tuple => match items.first() {
                Some(&first) if matches!(self.arena.get(first), Node::List(_) | Node::Tuple(_)) => Ok(first),
                _ => Ok(Arena::OPAQUE),
            },
            Class::RebuildParameter => match items.first() {
                Some(&data) if matches!(self.arena.get(data), Node::Tensor(_)) => Ok(data),
                _ => Err(wrong()),
            },
            Class::RebuildTensor | Class::RebuildTensorV3 => {
                let tensor = self
                    .tensor(class, args)
                    .ok_or_else(|| Fault::malformed("a tensor in its pickle is none"))?;
                self.new_node(Node::Tensor(Box::new(tensor)))
            }
            Class::RebuildFromType => match *items {
                // The inner function may only be one that builds tensors: no nesting to descend.
                [function, _kind, inner, ..] => match self.class(function)? {
                    function @ (Class::RebuildTensor | Class::RebuildTensorV3 | Class::RebuildParameter) => {
                        self.make(function, inner)
                    }
                    _ => Err(wrong()),
                },
                _ => Err(wrong()),
            },
            Class::TensorType => {
                Err(Fault::malformed("a tensor is built directly from data, which is not supported"))
            }
        }
    }

    fn new_node(&mut self, node: Node) -> Result<Id> {
        self.arena.push(node).ok_or_else(|| Fault::malformed(TOO_MANY))
    }

    fn sequence(&self, id: Id) -> &[Id] {
        match self.arena.get(id) {
            Node::List(items) => items,
            Node::Tuple(items) => items,
            _ => &[],
        }
    }

    /// Python 2 gives an OrderedDict its items at once, as a list of lists of two. What else can
    /// stand here (the factory of a defaultdict) holds none.
    fn dict_items(&mut self, id: Id) -> Result<Vec<(Id, Id)>> {
        let len = self.sequence(id).len();
        self.arena.charge(len).ok_or_else(|| Fault::malformed(TOO_MANY))?;
        let pair = |&pair: &Id| match *self.sequence(pair) {
            [key, value] => Ok((key, value)),
            _ => Err(Fault::malformed("a key in its pickle has no value")),
        };
        self.sequence(id).iter().map(pair).collect()
    }

    /// Storage, offset, size, stride, requires_grad, hooks, then a dtype (third form), metadata.
    fn tensor(&self, class: Class, args: Id) -> Option<TensorRef> {
        let args = self.arena.tuple(args)?;
        let [storage, offset, size, stride, ..] = *args else { return None };
        let Node::Storage(storage) = self.arena.get(storage) else { return None };
        let (element, metadata) = match class {
            Class::RebuildTensorV3 => (self.dtype(*args.get(6)?)?, args.get(7)),
            _ => (storage.element, args.get(6)),
        };
        // The bits `conj` and `neg` say that the stored numbers are to be changed on reading.
        match metadata.map(|&m| self.arena.get(m)) {
            None | Some(Node::None) => {}
            Some(Node::Dict(items)) if items.is_empty() => {}
            Some(_) => return None,
        }
        Some(TensorRef {
            storage: (**storage).clone(),
            element,
            offset: u64::try_from(self.arena.int(offset)?).ok()?,
            size: self.counts(size)?,
            stride: self.counts(stride)?,
        })
    }

    fn dtype(&self, id: Id) -> Option<&'static Element> {
        match self.arena.get(id) {
            Node::Class(Class::Dtype(element)) => Some(element),
            _ => None,
        }
    }

    fn counts(&self, id: Id) -> Option<Vec<usize>> {
        let items = self.arena.tuple(id)?;
        if items.len() > MAX_RANK {
            return None;
        }
        items.iter().map(|&i| usize::try_from(self.arena.int(i)?).ok()).collect()
    }
}
