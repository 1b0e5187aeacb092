//! PyTorch's older format: five pickles, then the storages one after the other.

use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Read};

use candle_core::{Device, Tensor};

use super::super::fit::Found;
use super::build::Budget;
use super::classes::Element;
use super::node::{Arena, Id, Node};
use super::{Fault, Pick, Result, Wanted, cut, vm};

const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;
const PROTOCOL: i64 = 1001;

pub(super) fn read(
    file: &[u8],
    pick: &Pick<'_>,
    device: &Device,
) -> Result<(BTreeMap<String, Tensor>, Found)> {
    let mut input = Cursor::new(file);
    let mut arena = Arena::new();
    check_preamble(&mut input, &mut arena)?;
    let top = vm::read(&mut input, &mut arena)?;
    let elements = storage_elements(&arena);
    let keys = vm::read(&mut input, &mut arena)?;
    let keys = storage_keys(&arena, keys)?;
    let (wanted, how) = pick(&arena, top)?;
    drop(arena);
    Ok((storages(input, &keys, &elements, wanted, device)?, how))
}

/// Magic number, protocol, and what the writing machine was like.
fn check_preamble(input: &mut Cursor<&[u8]>, arena: &mut Arena) -> Result<()> {
    let magic = vm::read(input, arena)?;
    if !matches!(arena.get(magic), Node::Big(n) if **n == MAGIC) {
        return Err(Fault::malformed(
            "a pickle, but not of torch.save; a program's own pickle needs Python: torch.save(state_dict, file)",
        ));
    }
    let protocol = vm::read(input, arena)?;
    if arena.int(protocol) != Some(PROTOCOL) {
        return Err(Fault::malformed(format!("its protocol is not {PROTOCOL}")));
    }
    let system = vm::read(input, arena)?;
    let Node::Dict(items) = arena.get(system) else {
        return Err(Fault::malformed("its description of the machine is missing"));
    };
    let big = |&(k, v): &(Id, Id)| arena.str(k) == Some("little_endian") && v == Arena::FALSE;
    if items.iter().any(big) {
        return Err(Fault::malformed("it is big-endian; only little-endian files are read"));
    }
    Ok(())
}

/// The element type of every storage: even those that are stepped over have a length in elements.
fn storage_elements(arena: &Arena) -> HashMap<String, &'static Element> {
    arena.storages().map(|s| (s.key.clone(), s.element)).collect()
}

fn storage_keys(arena: &Arena, id: Id) -> Result<Vec<String>> {
    let Node::List(keys) = arena.get(id) else {
        return Err(Fault::malformed("its list of storages is missing"));
    };
    let text = |&k: &Id| arena.str(k).map(str::to_string);
    keys.iter()
        .map(text)
        .collect::<Option<_>>()
        .ok_or_else(|| Fault::malformed("a storage in its list is none"))
}

fn storages(
    mut input: Cursor<&[u8]>,
    keys: &[String],
    elements: &HashMap<String, &'static Element>,
    mut wanted: Wanted,
    device: &Device,
) -> Result<BTreeMap<String, Tensor>> {
    let file = *input.get_ref();
    let len = file.len() as u64;
    let budget = Budget::of_file(len);
    let mut tensors = BTreeMap::new();
    for key in keys {
        if wanted.is_empty() {
            break;
        }
        let element =
            elements.get(key).ok_or_else(|| Fault::malformed("a storage in its list is never used"))?;
        let mut count = [0; 8];
        input.read_exact(&mut count)?;
        let bytes = u64::from_le_bytes(count).checked_mul(element.size as u64);
        let end = bytes.and_then(|b| b.checked_add(input.position())).filter(|&end| end <= len);
        let Some(end) = end else {
            return Err(Fault::Io(std::io::ErrorKind::UnexpectedEof.into()));
        };
        if let Some(of_storage) = wanted.remove(key) {
            // Both are within the file, which is in the memory's address space.
            let storage = &file[input.position() as usize..end as usize];
            cut(storage, &of_storage, &budget, device, &mut tensors)?;
        }
        input.set_position(end);
    }
    match wanted.into_keys().next() {
        Some(key) => Err(Fault::malformed(format!("its storage `{key}` is missing"))),
        None => Ok(tensors),
    }
}
