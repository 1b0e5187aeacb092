//! Types and signatures of rustdoc's JSON, written as Rust.
//!
//! Format 57 and its neighbours; a part that is unknown is written as its JSON, so that a change to it still shows.

use serde_json::Value;

use super::surface::array;

pub(super) struct Renderer<'a> {
    paths: &'a Value,
    crates: &'a Value,
}

impl<'a> Renderer<'a> {
    pub(super) fn new(json: &'a Value) -> Self {
        Self { paths: &json["paths"], crates: &json["external_crates"] }
    }

    /// The line of an item, without its members.
    pub(super) fn head(&self, kind: &str, inner: &Value, path: &str) -> String {
        let (parameters, conditions) = self.generics(&inner["generics"]);
        match kind {
            "module" => format!("mod {path}"),
            "function" => self.function(inner, path),
            "constant" | "assoc_const" => format!("const {path}: {}", self.ty(&inner["type"])),
            "static" => format!("static {path}: {}", self.ty(&inner["type"])),
            "type_alias" => format!("type {path}{parameters} = {}{conditions}", self.ty(&inner["type"])),
            "assoc_type" => {
                let default = if inner["type"].is_null() {
                    String::new()
                } else {
                    format!(" = {}", self.ty(&inner["type"]))
                };
                format!("type {path}{parameters}{}{default}{conditions}", self.colon_bounds(&inner["bounds"]))
            }
            "trait" => format!("trait {path}{parameters}{}{conditions}", self.colon_bounds(&inner["bounds"])),
            "macro" => {
                format!("macro {path}: {}", text(inner).split_whitespace().collect::<Vec<_>>().join(" "))
            }
            _ => format!("{kind} {path}{parameters}{conditions}"),
        }
    }

    pub(super) fn impl_header(&self, inner: &Value) -> String {
        let (parameters, conditions) = self.generics(&inner["generics"]);
        let not = if inner["is_negative"] == true { "!" } else { "" };
        let name = self.path(&inner["trait"]);
        format!("impl{parameters} {not}{name} for {}{conditions}", self.ty(&inner["for"]))
    }

    fn function(&self, inner: &Value, path: &str) -> String {
        let (parameters, conditions) = self.generics(&inner["generics"]);
        let header = &inner["header"];
        let mut line = String::new();
        for (flag, word) in [("is_const", "const "), ("is_async", "async "), ("is_unsafe", "unsafe ")] {
            line.push_str(if header[flag] == true { word } else { "" });
        }
        let inputs: Vec<String> =
            array(&inner["sig"]["inputs"]).iter().map(|input| self.input(input)).collect();
        let output = self.output(&inner["sig"]["output"]);
        format!("{line}fn {path}{parameters}({}){output}{conditions}", inputs.join(", "))
    }

    /// `name: type`, and `self` in its short forms.
    fn input(&self, input: &Value) -> String {
        let (name, ty) = (text(&input[0]), self.ty(&input[1]));
        match (name, ty.as_str()) {
            ("self", "Self") => "self".to_owned(),
            ("self", "&Self") => "&self".to_owned(),
            ("self", "&mut Self") => "&mut self".to_owned(),
            _ => format!("{name}: {ty}"),
        }
    }

    fn output(&self, output: &Value) -> String {
        if output.is_null() { String::new() } else { format!(" -> {}", self.ty(output)) }
    }

    pub(super) fn ty(&self, ty: &Value) -> String {
        let Some((kind, inner)) = ty.as_object().and_then(|object| object.iter().next()) else {
            return if ty == "infer" { "_".to_owned() } else { ty.to_string() };
        };
        match kind.as_str() {
            "primitive" if inner == "never" => "!".to_owned(),
            "primitive" | "generic" => text(inner).to_owned(),
            "resolved_path" => self.path(inner),
            "tuple" => self.tuple(array(inner)),
            "slice" => format!("[{}]", self.ty(inner)),
            "array" => format!("[{}; {}]", self.ty(&inner["type"]), text(&inner["len"])),
            "borrowed_ref" => self.reference(inner),
            "raw_pointer" => {
                let mutability = if inner["is_mutable"] == true { "mut" } else { "const" };
                format!("*{mutability} {}", self.ty(&inner["type"]))
            }
            "impl_trait" => format!("impl {}", self.bounds(inner)),
            "dyn_trait" => format!("dyn {}", self.dyn_bounds(inner)),
            "function_pointer" => self.function_pointer(inner),
            "qualified_path" => self.qualified(inner),
            _ => ty.to_string(),
        }
    }

    fn tuple(&self, parts: &[Value]) -> String {
        let parts: Vec<String> = parts.iter().map(|part| self.ty(part)).collect();
        if parts.len() == 1 { format!("({},)", parts[0]) } else { format!("({})", parts.join(", ")) }
    }

    fn reference(&self, inner: &Value) -> String {
        let lifetime = inner["lifetime"].as_str().map_or_else(String::new, |name| format!("{name} "));
        let mutable = if inner["is_mutable"] == true { "mut " } else { "" };
        let ty = self.ty(&inner["type"]);
        let ty = if ty.contains(" + ") && !ty.ends_with(['>', ')']) { format!("({ty})") } else { ty };
        format!("&{lifetime}{mutable}{ty}")
    }

    fn function_pointer(&self, inner: &Value) -> String {
        let inputs: Vec<String> =
            array(&inner["sig"]["inputs"]).iter().map(|input| self.ty(&input[1])).collect();
        format!("fn({}){}", inputs.join(", "), self.output(&inner["sig"]["output"]))
    }

    fn qualified(&self, inner: &Value) -> String {
        let (name, subject) = (text(&inner["name"]), self.ty(&inner["self_type"]));
        let args = self.args(&inner["args"]);
        match (&inner["trait"], subject.as_str()) {
            (Value::Null, _) | (_, "Self") => format!("{subject}::{name}{args}"),
            (of, _) => format!("<{subject} as {}>::{name}{args}", self.path(of)),
        }
    }

    fn path(&self, inner: &Value) -> String {
        format!("{}{}", self.name(inner), self.args(&inner["args"]))
    }

    /// The last part of a path; with its crate where that is neither ours nor the standard library, and with its
    /// module where the standard library has several of that name.
    fn name(&self, inner: &Value) -> String {
        let written = text(&inner["path"]);
        let last = written.rsplit("::").next().unwrap_or(written).to_owned();
        let known = &self.paths[inner["id"].to_string()];
        let owner = text(&self.crates[known["crate_id"].to_string()]["name"]);
        let full = array(&known["path"]);
        match owner {
            "" => last,
            "std" | "core" | "alloc" => match full.iter().rev().nth(1).map(text) {
                Some(module @ ("io" | "fmt")) if last == "Error" || last == "Result" => {
                    format!("{module}::{last}")
                }
                Some("error") if full.len() > 2 && text(&full[full.len() - 3]) == "io" => {
                    format!("io::{last}")
                }
                _ => last,
            },
            // `Tensor`, `Device` and their kin are re-exported, and on every line; the two that others have too stay whole.
            "candle_core" if last != "Error" && last != "Result" => last,
            other => format!("{other}::{last}"),
        }
    }

    fn args(&self, args: &Value) -> String {
        if let Some(inner) = args.get("parenthesized") {
            let inputs: Vec<String> = array(&inner["inputs"]).iter().map(|input| self.ty(input)).collect();
            return format!("({}){}", inputs.join(", "), self.output(&inner["output"]));
        }
        let inner = &args["angle_bracketed"];
        let plain = array(&inner["args"]).iter().map(|arg| self.argument(arg));
        let parts: Vec<String> =
            plain.chain(array(&inner["constraints"]).iter().map(|c| self.constraint(c))).collect();
        if parts.is_empty() { String::new() } else { format!("<{}>", parts.join(", ")) }
    }

    fn argument(&self, arg: &Value) -> String {
        match arg.as_object().and_then(|object| object.iter().next()) {
            Some((kind, inner)) if kind == "lifetime" => text(inner).to_owned(),
            Some((kind, inner)) if kind == "type" => self.ty(inner),
            Some((kind, inner)) if kind == "const" => text(&inner["expr"]).to_owned(),
            _ => "_".to_owned(),
        }
    }

    fn constraint(&self, constraint: &Value) -> String {
        let name = format!("{}{}", text(&constraint["name"]), self.args(&constraint["args"]));
        let binding = &constraint["binding"];
        match binding.get("equality") {
            Some(term) => format!("{name} = {}", self.argument(term)),
            None => format!("{name}: {}", self.bounds(&binding["constraint"])),
        }
    }

    fn dyn_bounds(&self, inner: &Value) -> String {
        let traits = array(&inner["traits"]).iter().map(|bound| self.trait_of(bound));
        let lifetime = inner["lifetime"].as_str().map(str::to_owned);
        traits.chain(lifetime).collect::<Vec<_>>().join(" + ")
    }

    fn bounds(&self, bounds: &Value) -> String {
        array(bounds).iter().map(|bound| self.bound(bound)).collect::<Vec<_>>().join(" + ")
    }

    fn colon_bounds(&self, bounds: &Value) -> String {
        if array(bounds).is_empty() { String::new() } else { format!(": {}", self.bounds(bounds)) }
    }

    fn bound(&self, bound: &Value) -> String {
        if let Some(lifetime) = bound["outlives"].as_str() {
            return lifetime.to_owned();
        }
        let inner = &bound["trait_bound"];
        match inner["modifier"].as_str() {
            Some("none") => self.trait_of(inner),
            Some("maybe") => format!("?{}", self.trait_of(inner)),
            _ => bound.to_string(),
        }
    }

    /// A trait with its `for<'a>`.
    fn trait_of(&self, bound: &Value) -> String {
        let lifetimes: Vec<&str> = array(&bound["generic_params"]).iter().map(|p| text(&p["name"])).collect();
        let name = self.path(&bound["trait"]);
        if lifetimes.is_empty() { name } else { format!("for<{}> {name}", lifetimes.join(", ")) }
    }

    /// `<'a, T: Clone>` and ` where …`.
    fn generics(&self, generics: &Value) -> (String, String) {
        let parameters = array(&generics["params"]).iter().filter_map(|parameter| self.parameter(parameter));
        let parameters: Vec<String> = parameters.collect();
        let conditions: Vec<String> =
            array(&generics["where_predicates"]).iter().map(|p| self.predicate(p)).collect();
        let wrap = |parts: Vec<String>, start: &str, end: &str| {
            if parts.is_empty() { String::new() } else { format!("{start}{}{end}", parts.join(", ")) }
        };
        (wrap(parameters, "<", ">"), wrap(conditions, " where ", ""))
    }

    /// `None` for the parameter that an `impl Trait` argument stands for.
    fn parameter(&self, parameter: &Value) -> Option<String> {
        let (name, kind) = (text(&parameter["name"]), &parameter["kind"]);
        if let Some(constant) = kind.get("const") {
            return Some(format!("const {name}: {}", self.ty(&constant["type"])));
        }
        if let Some(lifetime) = kind.get("lifetime") {
            let outlives: Vec<&str> = array(&lifetime["outlives"]).iter().map(text).collect();
            return Some(if outlives.is_empty() {
                name.to_owned()
            } else {
                format!("{name}: {}", outlives.join(" + "))
            });
        }
        let ty = &kind["type"];
        if ty["is_synthetic"] == true {
            return None;
        }
        let default =
            if ty["default"].is_null() { String::new() } else { format!(" = {}", self.ty(&ty["default"])) };
        Some(format!("{name}{}{default}", self.colon_bounds(&ty["bounds"])))
    }

    fn predicate(&self, predicate: &Value) -> String {
        if let Some(inner) = predicate.get("bound_predicate") {
            return format!("{}: {}", self.ty(&inner["type"]), self.bounds(&inner["bounds"]));
        }
        if let Some(inner) = predicate.get("lifetime_predicate") {
            let outlives: Vec<&str> = array(&inner["outlives"]).iter().map(text).collect();
            return format!("{}: {}", text(&inner["lifetime"]), outlives.join(" + "));
        }
        predicate.to_string()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
