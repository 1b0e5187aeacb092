//! A pickle machine that builds data and calls nothing.

use std::collections::HashMap;
use std::io::BufRead;

use super::classes::{self, Class};
use super::node::{Arena, Id, Node, StorageRef};
use super::{Fault, Result};

mod input;
mod reduce;

use input::Input;

/// Longest key of a storage; PyTorch's are numbers.
const MAX_KEY_BYTES: usize = 128;

const TOO_MANY: &str = "its pickle holds too many objects";

/// Reads one pickle, up to its STOP and no byte further.
pub(super) fn read(input: &mut dyn BufRead, arena: &mut Arena) -> Result<Id> {
    let mut vm =
        Vm { input: Input::new(input), arena, stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() };
    loop {
        let at = vm.input.position;
        let op = vm.input.byte()?;
        if op == b'.' {
            return vm.pop();
        }
        vm.step(op).map_err(|fault| match fault {
            Fault::Malformed(reason) => Fault::malformed(format!("{reason} (byte {at} of its pickle)")),
            other => other,
        })?;
    }
}

struct Vm<'a> {
    input: Input<'a>,
    arena: &'a mut Arena,
    stack: Vec<Id>,
    /// Heights of the stack at each open MARK.
    marks: Vec<u32>,
    memo: HashMap<u32, Id>,
}

impl Vm<'_> {
    fn step(&mut self, op: u8) -> Result<()> {
        match op {
            0x80 => self.input.skip(1), // PROTO
            0x95 => self.input.skip(8), // FRAME: its length, of no use here
            b'c' => self.global(),
            0x93 => self.stack_global(),
            b'(' => self.mark(),
            b'0' => self.pop_any(),
            b'1' => self.pop_mark().map(drop),
            b'2' => self.duplicate(),
            b'q' | b'r' | b'p' | 0x94 => self.put(op),
            b'h' | b'j' | b'g' => self.get(op),
            b'N' => self.push_id(Arena::NONE),
            0x88 => self.push_id(Arena::OPAQUE),
            0x89 => self.push_id(Arena::FALSE),
            b'J' | b'K' | b'M' | b'I' | b'L' | 0x8a | 0x8b => self.integer(op),
            b'G' | b'F' => self.float(op),
            b'X' | 0x8c | 0x8d | b'T' | b'U' => self.string(op),
            b'B' | b'C' | 0x8e | 0x96 => self.bytes(op),
            b')' | b't' | 0x85..=0x87 => self.tuple(op),
            b']' => self.push(Node::List(Vec::new())),
            b'l' => self.pop_mark().and_then(|items| self.push(Node::List(items))),
            b'a' | b'e' => self.append(op),
            b'}' => self.push(Node::Dict(Vec::new())),
            b'd' => self.pop_mark().and_then(pairs).and_then(|items| self.push(Node::Dict(items))),
            b's' | b'u' => self.set_items(op),
            0x8f => self.push_id(Arena::OPAQUE), // EMPTY_SET
            0x90 => self.pop_mark().map(drop),   // ADDITEMS, to an opaque set
            0x91 => self.pop_mark().and_then(|_| self.push_id(Arena::OPAQUE)), // FROZENSET
            b'Q' => self.persistent(),
            b'R' | 0x81 => self.call(),
            0x92 => self.call_with_names(),
            b'b' => self.pop().map(drop), // BUILD: attributes are of no use here
            _ => Err(Fault::malformed(format!("opcode 0x{op:02x} is not one of a saved state dict"))),
        }
    }

    fn push_id(&mut self, id: Id) -> Result<()> {
        self.stack.push(id);
        Ok(())
    }

    fn push(&mut self, node: Node) -> Result<()> {
        let id = self.arena.push(node).ok_or_else(|| Fault::malformed(TOO_MANY))?;
        self.push_id(id)
    }

    /// The height that the innermost open MARK protects.
    fn floor(&self) -> usize {
        self.marks.last().map_or(0, |&m| m as usize)
    }

    fn pop(&mut self) -> Result<Id> {
        if self.stack.len() <= self.floor() {
            return Err(Fault::malformed("the stack of its pickle is empty"));
        }
        Ok(self.stack.pop().expect("higher than the floor"))
    }

    fn top(&self) -> Result<Id> {
        match self.stack.last() {
            Some(&id) if self.stack.len() > self.floor() => Ok(id),
            _ => Err(Fault::malformed("the stack of its pickle is empty")),
        }
    }

    fn mark(&mut self) -> Result<()> {
        let height =
            u32::try_from(self.stack.len()).map_err(|_| Fault::malformed("its pickle is too deep"))?;
        self.marks.push(height);
        Ok(())
    }

    fn pop_mark(&mut self) -> Result<Vec<Id>> {
        let mark = self.marks.pop().ok_or_else(|| Fault::malformed("its pickle lacks a mark"))?;
        Ok(self.stack.split_off(mark as usize))
    }

    /// POP takes a mark where that lies on top.
    fn pop_any(&mut self) -> Result<()> {
        if self.marks.last().is_some_and(|&m| m as usize == self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    fn duplicate(&mut self) -> Result<()> {
        let id = self.top()?;
        self.push_id(id)
    }

    fn put(&mut self, op: u8) -> Result<()> {
        let slot = match op {
            b'q' => u32::from(self.input.byte()?),
            b'r' => self.input.u32()?,
            b'p' => self.input.number()?,
            // MEMOIZE takes the next free number.
            _ => u32::try_from(self.memo.len()).map_err(|_| Fault::malformed("its pickle is too long"))?,
        };
        let id = self.top()?;
        if self.memo.len() >= Arena::MAX_NODES {
            return Err(Fault::malformed(TOO_MANY));
        }
        self.memo.insert(slot, id);
        Ok(())
    }

    fn get(&mut self, op: u8) -> Result<()> {
        let slot = match op {
            b'h' => u32::from(self.input.byte()?),
            b'j' => self.input.u32()?,
            _ => self.input.number()?,
        };
        let id = *self.memo.get(&slot).ok_or_else(|| Fault::malformed("its pickle refers to nothing"))?;
        self.push_id(id)
    }

    fn integer(&mut self, op: u8) -> Result<()> {
        let node = match op {
            b'J' => Node::Int(i64::from(self.input.u32()?.cast_signed())),
            b'K' => Node::Int(i64::from(self.input.byte()?)),
            b'M' => Node::Int(i64::from(u16::from_le_bytes(self.input.array()?))),
            0x8a | 0x8b => return self.long(op),
            _ => return self.text_integer(),
        };
        self.push(node)
    }

    fn long(&mut self, op: u8) -> Result<()> {
        let len = if op == 0x8a { u64::from(self.input.byte()?) } else { u64::from(self.input.u32()?) };
        let bytes = self.input.block(len)?;
        if bytes.len() > 16 {
            return self.push_id(Arena::OPAQUE);
        }
        let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
        let mut wide = [if negative { 0xff } else { 0 }; 16];
        wide[..bytes.len()].copy_from_slice(&bytes);
        let value = i128::from_le_bytes(wide);
        self.push(i64::try_from(value).map_or_else(|_| Node::Big(Box::new(value)), Node::Int))
    }

    /// Python 2 writes what does not fit 32 bits, and its booleans, as text.
    fn text_integer(&mut self) -> Result<()> {
        let line = self.input.line()?;
        match line.as_str() {
            "01" => self.push_id(Arena::OPAQUE),
            "00" => self.push_id(Arena::FALSE),
            text => match text.strip_suffix('L').unwrap_or(text).parse::<i128>() {
                Ok(value) => {
                    self.push(i64::try_from(value).map_or_else(|_| Node::Big(Box::new(value)), Node::Int))
                }
                Err(_) => Err(Fault::malformed("a number in its pickle is none")),
            },
        }
    }

    fn float(&mut self, op: u8) -> Result<()> {
        if op == b'G' {
            self.input.skip(8)?;
        } else {
            self.input.line()?;
        }
        self.push_id(Arena::OPAQUE)
    }

    fn string(&mut self, op: u8) -> Result<()> {
        let len = match op {
            b'X' | b'T' => u64::from(self.input.u32()?),
            0x8d => u64::from_le_bytes(self.input.array()?),
            _ => u64::from(self.input.byte()?),
        };
        let bytes = self.input.block(len)?;
        // Python allows lone surrogates, and Python 2 any bytes; no name of a tensor has them.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.push(Node::Str(text.into()))
    }

    fn bytes(&mut self, op: u8) -> Result<()> {
        let len = match op {
            b'B' => u64::from(self.input.u32()?),
            b'C' => u64::from(self.input.byte()?),
            _ => u64::from_le_bytes(self.input.array()?),
        };
        self.input.skip(len)?;
        self.push_id(Arena::OPAQUE)
    }

    fn tuple(&mut self, op: u8) -> Result<()> {
        let items = match op {
            b't' => self.pop_mark()?,
            b')' => Vec::new(),
            _ => {
                let len = usize::from(op - 0x84);
                if self.stack.len() < self.floor() + len {
                    return Err(Fault::malformed("the stack of its pickle is empty"));
                }
                self.stack.split_off(self.stack.len() - len)
            }
        };
        self.push(Node::Tuple(items.into()))
    }

    fn append(&mut self, op: u8) -> Result<()> {
        let items = if op == b'a' { vec![self.pop()?] } else { self.pop_mark()? };
        let list = self.top()?;
        match self.arena.get_mut(list) {
            Node::List(list) => list.extend(items),
            Node::Opaque => {}
            _ => return Err(Fault::malformed("it appends to what is no list")),
        }
        Ok(())
    }

    fn set_items(&mut self, op: u8) -> Result<()> {
        let items = if op == b's' {
            let value = self.pop()?;
            vec![(self.pop()?, value)]
        } else {
            pairs(self.pop_mark()?)?
        };
        let dict = self.top()?;
        match self.arena.get_mut(dict) {
            Node::Dict(dict) => dict.extend(items),
            Node::Opaque => {}
            _ => return Err(Fault::malformed("it sets items of what is no dictionary")),
        }
        Ok(())
    }

    fn global(&mut self) -> Result<()> {
        let module = self.input.line()?;
        let name = self.input.line()?;
        self.push_class(&module, &name)
    }

    fn stack_global(&mut self) -> Result<()> {
        let (name, module) = (self.pop()?, self.pop()?);
        match (self.arena.str(module), self.arena.str(name)) {
            (Some(module), Some(name)) => {
                let (module, name) = (module.to_string(), name.to_string());
                self.push_class(&module, &name)
            }
            _ => Err(Fault::malformed("it names a class by what is no text")),
        }
    }

    fn push_class(&mut self, module: &str, name: &str) -> Result<()> {
        match classes::lookup(module, name) {
            Some(class) => self.push(Node::Class(class)),
            None => Err(Fault::Refused(shorten(&format!("{module}.{name}")))),
        }
    }

    /// `("storage", class, key, location, length)` and, in older files, a view.
    fn persistent(&mut self) -> Result<()> {
        let id = self.pop()?;
        let storage = self.storage(id).ok_or_else(|| Fault::malformed("a storage in its pickle is none"))?;
        self.push(Node::Storage(Box::new(storage)))
    }

    fn storage(&self, id: Id) -> Option<StorageRef> {
        let (kind, class, key, len, view) = match *self.arena.tuple(id)? {
            [kind, class, key, _location, len] => (kind, class, key, len, None),
            [kind, class, key, _location, len, view] => (kind, class, key, len, Some(view)),
            _ => return None,
        };
        let Node::Class(Class::Storage(element)) = self.arena.get(class) else { return None };
        if self.arena.str(kind)? != "storage" {
            return None;
        }
        let count = |id| u64::try_from(self.arena.int(id)?).ok();
        let (start, len) = match view.filter(|&v| v != Arena::NONE) {
            None => (0, count(len)?),
            Some(view) => match self.arena.tuple(view)? {
                &[_key, offset, size] => (count(offset)?, count(size)?),
                _ => return None,
            },
        };
        let key = self.arena.str(key).filter(|k| k.len() <= MAX_KEY_BYTES)?.to_string();
        Some(StorageRef { key, element, len, start })
    }
}

/// Keys and values in turn.
fn pairs(items: Vec<Id>) -> Result<Vec<(Id, Id)>> {
    let (pairs, rest) = items.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Fault::malformed("a key in its pickle has no value"));
    }
    Ok(pairs.iter().map(|&[k, v]| (k, v)).collect())
}

/// Names from a hostile file, fit for a message.
fn shorten(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(120).collect()
}
