//! The classes and functions that a pickle may name. All others are refused.

use super::super::stored::Stored;

/// The element type of a storage or tensor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element {
    /// The class of its storages; empty for the newer types, which lie in untyped ones.
    class: &'static str,
    /// PyTorch's name, for messages.
    pub(super) name: &'static str,
    /// Bytes; needed to step over a storage even where its elements cannot be read.
    pub(super) size: usize,
    /// Nothing for types that no tensor here can have.
    pub(super) stored: Option<Stored>,
}

/// A class or function, by what is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// A dictionary, ordered or not.
    Dict,
    /// A tuple: `torch.Size`.
    Tuple,
    /// `list(…)`
    List,
    /// Data that no state dict needs: its instances become opaque.
    Inert,
    Storage(&'static Element),
    Dtype(&'static Element),
    /// `torch._utils._rebuild_tensor` in its three forms.
    RebuildTensor,
    RebuildTensorV3,
    /// `torch._utils._rebuild_parameter`, with state or not: the tensor is its first argument.
    RebuildParameter,
    /// `torch._tensor._rebuild_from_type_v2`: a function, a type, its arguments, a state.
    RebuildFromType,
    /// `torch.Tensor`, `torch.nn.Parameter`: named as types only.
    TensorType,
}

static ELEMENTS: [Element; 22] = [
    element("FloatStorage", "float32", 4, Some(Stored::F32)),
    element("DoubleStorage", "float64", 8, Some(Stored::F64)),
    element("HalfStorage", "float16", 2, Some(Stored::F16)),
    element("BFloat16Storage", "bfloat16", 2, Some(Stored::Bf16)),
    element("LongStorage", "int64", 8, Some(Stored::I64)),
    element("IntStorage", "int32", 4, Some(Stored::I32)),
    element("ShortStorage", "int16", 2, Some(Stored::I16)),
    element("CharStorage", "int8", 1, Some(Stored::I8)),
    element("ByteStorage", "uint8", 1, Some(Stored::U8)),
    element("BoolStorage", "bool", 1, Some(Stored::Bool)),
    element("", "uint16", 2, Some(Stored::U16)),
    element("", "uint32", 4, Some(Stored::U32)),
    element("", "uint64", 8, None),
    element("", "float8_e4m3fn", 1, None),
    element("", "float8_e5m2", 1, None),
    element("", "float8_e4m3fnuz", 1, None),
    element("", "float8_e5m2fnuz", 1, None),
    element("ComplexFloatStorage", "complex64", 8, None),
    element("ComplexDoubleStorage", "complex128", 16, None),
    element("QInt8Storage", "qint8", 1, None),
    element("QUInt8Storage", "quint8", 1, None),
    element("QInt32Storage", "qint32", 4, None),
];

const fn element(class: &'static str, name: &'static str, size: usize, stored: Option<Stored>) -> Element {
    Element { class, name, size, stored }
}

/// Bytes without a type; the tensors in it name theirs.
static UNTYPED: Element = element("", "untyped", 1, None);

/// The class of that name, or nothing for one that has no business in a state dict.
pub(super) fn lookup(module: &str, name: &str) -> Option<Class> {
    match module {
        "collections" => match name {
            "OrderedDict" | "defaultdict" => Some(Class::Dict),
            "Counter" | "deque" => Some(Class::Inert),
            _ => None,
        },
        "builtins" | "__builtin__" => match name {
            "dict" => Some(Class::Dict),
            "list" => Some(Class::List),
            "tuple" => Some(Class::Tuple),
            "int" | "float" | "bool" | "complex" | "str" | "unicode" | "long" | "bytes" | "bytearray"
            | "set" | "frozenset" | "slice" | "range" | "xrange" => Some(Class::Inert),
            _ => None,
        },
        "torch._utils" => match name {
            "_rebuild_tensor" | "_rebuild_tensor_v2" => Some(Class::RebuildTensor),
            "_rebuild_tensor_v3" => Some(Class::RebuildTensorV3),
            "_rebuild_parameter" | "_rebuild_parameter_with_state" => Some(Class::RebuildParameter),
            _ => None,
        },
        "torch._tensor" => (name == "_rebuild_from_type_v2").then_some(Class::RebuildFromType),
        "torch.nn.parameter" | "torch.nn" => {
            matches!(name, "Parameter" | "Buffer").then_some(Class::TensorType)
        }
        "torch" | "torch.cuda" | "torch.storage" => torch(module, name),
        _ => inert(module, name).then_some(Class::Inert),
    }
}

fn torch(module: &str, name: &str) -> Option<Class> {
    if let Some(element) = ELEMENTS.iter().find(|e| !e.class.is_empty() && e.class == name) {
        return Some(Class::Storage(element));
    }
    match (module, name) {
        ("torch" | "torch.storage", "UntypedStorage") => Some(Class::Storage(&UNTYPED)),
        ("torch", "Size") => Some(Class::Tuple),
        ("torch", "Tensor") => Some(Class::TensorType),
        ("torch", "device") => Some(Class::Inert),
        ("torch", _) => ELEMENTS.iter().find(|e| e.name == name).map(Class::Dtype),
        _ => None,
    }
}

/// Plain data that training programs like to put beside their weights: arguments, scores, paths.
fn inert(module: &str, name: &str) -> bool {
    match module {
        "_codecs" => name == "encode",
        "argparse" => name == "Namespace",
        // pytorch_GAN_zoo's settings.
        "models.utils.config" => name == "BaseConfig",
        // Lightning's settings.
        "pytorch_lightning.utilities.parsing"
        | "lightning_fabric.utilities.data"
        | "lightning.fabric.utilities.data" => name == "AttributeDict",
        "torch.torch_version" => name == "TorchVersion",
        "numpy" => matches!(name, "dtype" | "ndarray"),
        "numpy.core.multiarray" | "numpy._core.multiarray" => matches!(name, "scalar" | "_reconstruct"),
        "pathlib" | "pathlib._local" => {
            matches!(name, "PosixPath" | "WindowsPath" | "PurePosixPath" | "PureWindowsPath")
        }
        _ => false,
    }
}
