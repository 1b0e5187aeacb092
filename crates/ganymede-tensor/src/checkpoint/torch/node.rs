//! What a pickle describes, as plain data.

use super::classes::{Class, Element};

/// The place of a node in its [`Arena`]. References are copied, never the nodes: a pickle that
/// refers to one object a million times costs a million of these.
pub(super) type Id = u32;

/// All nodes of one pickle. They never own each other, so neither a cycle nor a deep nesting needs
/// recursion, not even on being dropped.
pub(super) struct Arena {
    nodes: Vec<Node>,
    cost: usize,
}

/// An object. What a state dict has no need of (`True`, floats, bytes, sets, settings) is [`Node::Opaque`].
#[derive(Debug)]
pub(super) enum Node {
    Opaque,
    None,
    False,
    Int(i64),
    /// An integer of up to 16 bytes: the magic number of PyTorch's older format.
    Big(Box<i128>),
    Str(Box<str>),
    Tuple(Box<[Id]>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Class(Class),
    Storage(Box<StorageRef>),
    Tensor(Box<TensorRef>),
}

/// A storage, by reference to where the file keeps it.
#[derive(Clone, Debug)]
pub(super) struct StorageRef {
    pub(super) key: String,
    pub(super) element: &'static Element,
    /// Elements, as the pickle claims.
    pub(super) len: u64,
    /// First element within the storage of that key; not 0 for the views of very old files.
    pub(super) start: u64,
}

/// A tensor: a strided window into a storage. Counts are in elements and unchecked.
#[derive(Clone, Debug)]
pub(super) struct TensorRef {
    pub(super) storage: StorageRef,
    pub(super) element: &'static Element,
    pub(super) offset: u64,
    pub(super) size: Vec<usize>,
    pub(super) stride: Vec<usize>,
}

impl Arena {
    pub(super) const OPAQUE: Id = 0;
    pub(super) const NONE: Id = 1;
    pub(super) const FALSE: Id = 2;
    /// About a quarter of a gigabyte; a state dict of ten thousand tensors needs a fiftieth of it.
    pub(super) const MAX_NODES: usize = 1 << 23;

    pub(super) fn new() -> Self {
        // The commonest objects exist once: a list of a million floats costs a million references.
        Self { nodes: vec![Node::Opaque, Node::None, Node::False], cost: 0 }
    }

    /// Nothing when there are too many nodes.
    pub(super) fn push(&mut self, node: Node) -> Option<Id> {
        // What a node holds beyond its own size and beyond bytes of the file.
        let cost = match &node {
            Node::Tensor(_) | Node::Storage(_) => 16,
            _ => 1,
        };
        self.charge(cost)?;
        self.nodes.push(node);
        Id::try_from(self.nodes.len() - 1).ok()
    }

    /// Counts memory that a few bytes of pickle ask for; nothing when it is too much.
    pub(super) fn charge(&mut self, cost: usize) -> Option<()> {
        self.cost = self.cost.saturating_add(cost);
        (self.cost <= Self::MAX_NODES).then_some(())
    }

    pub(super) fn get(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }

    pub(super) fn get_mut(&mut self, id: Id) -> &mut Node {
        &mut self.nodes[id as usize]
    }

    /// All storages, in no particular order.
    pub(super) fn storages(&self) -> impl Iterator<Item = &StorageRef> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Storage(storage) => Some(&**storage),
            _ => None,
        })
    }

    pub(super) fn str(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Node::Str(s) => Some(s),
            _ => None,
        }
    }

    pub(super) fn int(&self, id: Id) -> Option<i64> {
        match self.get(id) {
            Node::Int(i) => Some(*i),
            _ => None,
        }
    }

    pub(super) fn tuple(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Node::Tuple(t) => Some(t),
            _ => None,
        }
    }
}
