//! What is looked at in a file of ONNX before anything is made of it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::dimension::Value;
use tract_onnx::pb::{GraphProto, ModelProto, TensorProto, ValueInfoProto, type_proto};

use super::{BATCH, MOST_BATCH, MOST_LATENTS, MOST_NUMBERS};

/// The shape of the only input, latent vectors: as many in a pass as the file says, or [`BATCH`].
pub(super) fn input(proto: &ModelProto) -> Result<Vec<usize>> {
    let Some(graph) = &proto.graph else { bail!("it holds no network") };
    // Older files name their weights among the inputs.
    let weights: BTreeSet<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
    let inputs: Vec<&ValueInfoProto> =
        graph.input.iter().filter(|input| !weights.contains(input.name.as_str())).collect();
    let [input] = inputs[..] else {
        let all: Vec<String> = inputs.iter().map(|input| described(input)).collect();
        bail!(
            "it takes {}, and latent vectors (N, Z) alone are wanted: export a generator that draws the rest itself, such as \
             classes",
            if all.is_empty() { "nothing".to_owned() } else { all.join(" and ") }
        );
    };
    let wrong = || format!("it takes {}, and wanted are latent vectors (N, Z) of f32", described(input));
    let Some(tensor) = tensor_of(input) else { bail!(wrong()) };
    let Some(dims) = tensor.shape.as_ref().map(|shape| &shape.dim) else { bail!(wrong()) };
    if tensor.elem_type != DataType::Float as i32 || dims.len() < 2 {
        bail!(wrong());
    }
    let mut shape = Vec::new();
    for (at, dim) in dims.iter().enumerate() {
        shape.push(match (&dim.value, at) {
            (Some(Value::DimValue(size)), _) => usize::try_from(*size).unwrap_or(0),
            (_, 0) => BATCH,
            _ => bail!("{}; their length has to be a number", wrong()),
        });
    }
    let size = shape[1..].iter().try_fold(1_usize, |size, dim| size.checked_mul(*dim));
    if !(1..=MOST_BATCH).contains(&shape[0]) || !size.is_some_and(|size| (1..=MOST_LATENTS).contains(&size)) {
        bail!("{}: 1 to {MOST_BATCH} of 1 to {MOST_LATENTS} numbers each", wrong());
    }
    Ok(shape)
}

fn tensor_of(value: &ValueInfoProto) -> Option<&type_proto::Tensor> {
    let type_proto::Value::TensorType(tensor) = value.r#type.as_ref()?.value.as_ref()?;
    Some(tensor)
}

/// An input in words: `z` (N, 128) of Float.
fn described(value: &ValueInfoProto) -> String {
    let Some(tensor) = tensor_of(value) else { return format!("`{}`", value.name) };
    let dims = tensor.shape.iter().flat_map(|shape| &shape.dim).map(|dim| match &dim.value {
        Some(Value::DimValue(size)) => size.to_string(),
        Some(Value::DimParam(name)) => name.clone(),
        None => "?".to_owned(),
    });
    let kind =
        DataType::try_from(tensor.elem_type).map_or("something".to_owned(), |kind| format!("{kind:?}"));
    format!("`{}` ({}) of {kind}", value.name, dims.collect::<Vec<_>>().join(", "))
}

/// Refuses steps that make a large tensor of a few bytes: they would be made while the network is read.
pub(super) fn check_constants(proto: &ModelProto) -> Result<()> {
    proto.graph.iter().try_for_each(check_graph)
}

fn check_graph(graph: &GraphProto) -> Result<()> {
    let mut known: BTreeMap<&str, Vec<i64>> =
        graph.initializer.iter().map(|tensor| (tensor.name.as_str(), whole_numbers(tensor))).collect();
    for node in graph.node.iter().filter(|node| node.op_type == "Constant") {
        let value = node.attribute.iter().find_map(|attribute| match attribute.name.as_str() {
            "value" => attribute.t.as_ref().map(whole_numbers),
            "value_ints" => Some(attribute.ints.clone()),
            _ => None,
        });
        if let (Some(name), Some(value)) = (node.output.first(), value) {
            known.insert(name, value);
        }
    }
    for node in &graph.node {
        node.attribute
            .iter()
            .flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs))
            .try_for_each(check_graph)?;
        let shape = match node.op_type.as_str() {
            "ConstantOfShape" => node.input.first(),
            "Expand" | "Tile" => node.input.get(1),
            _ => None,
        };
        let given = shape.and_then(|name| known.get(name.as_str())).cloned();
        let of_attribute =
            node.attribute.iter().find(|attribute| attribute.name == "shape").map(|a| a.ints.clone());
        let is_random = ["RandomNormal", "RandomUniform"].contains(&node.op_type.as_str());
        let shape = if is_random { of_attribute } else { given };
        let volume = shape.iter().flatten().try_fold(1_i64, |volume, dim| volume.checked_mul((*dim).max(1)));
        if !volume.is_some_and(|volume| volume <= MOST_NUMBERS as i64) {
            bail!("`{}` makes a tensor of more than {MOST_NUMBERS} numbers", node.name);
        }
    }
    Ok(())
}

/// Whole numbers of 64 bits that a small tensor holds; nothing of others.
fn whole_numbers(tensor: &TensorProto) -> Vec<i64> {
    const MOST: usize = 64;
    if tensor.data_type != DataType::Int64 as i32 || tensor.raw_data.len() > 8 * MOST {
        return Vec::new();
    }
    match tensor.raw_data.as_chunks::<8>() {
        ([], _) => tensor.int64_data.iter().take(MOST).copied().collect(),
        (chunks, _) => chunks.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect(),
    }
}
