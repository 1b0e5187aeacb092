//! From rustdoc's JSON to lines: which items can be named from outside, and what each one is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::render::Renderer;

/// One line an item, in order of path.
pub(super) fn lines(json: &Value) -> Vec<String> {
    let mut walk = Walk {
        renderer: Renderer::new(json),
        index: &json["index"],
        public: BTreeMap::new(),
        lines: Vec::new(),
    };
    walk.module(&json["root"], "");
    walk.impls();
    walk.lines.sort();
    walk.lines.dedup();
    walk.lines.into_iter().map(|(_, line)| line).collect()
}

struct Walk<'a> {
    renderer: Renderer<'a>,
    index: &'a Value,
    /// Types and traits that can be named, by id, with their path.
    public: BTreeMap<String, String>,
    /// Lines with the path that they are sorted by.
    lines: Vec<(String, String)>,
}

impl<'a> Walk<'a> {
    fn item(&self, id: &Value) -> Option<&'a Value> {
        item(self.index, id)
    }

    fn push(&mut self, path: &str, line: String) {
        self.lines.push((path.to_owned(), line));
    }

    fn module(&mut self, id: &Value, path: &str) {
        let Some(item) = self.item(id) else { return };
        for child in array(&item["inner"]["module"]["items"]) {
            if let Some(item) = self.item(child) {
                self.public_item(item, path, item["name"].as_str());
            }
        }
    }

    /// An item under the name by which it is reached, which for a re-export is not its own.
    fn public_item(&mut self, item: &'a Value, parent: &str, name: Option<&str>) {
        if item["visibility"] != "public" {
            return;
        }
        let Some((kind, inner)) = kind_of(item) else { return };
        if kind == "use" {
            return self.re_export(inner, parent);
        }
        let path = join(parent, name.unwrap_or("_"));
        self.public.insert(item["id"].to_string(), path.clone());
        let notes = notes(item);
        let head = self.renderer.head(kind, inner, &path);
        self.push(&path, format!("{notes}{head}"));
        match kind {
            "module" => self.module(&item["id"], &path),
            "struct" | "union" => self.fields(inner, &path),
            "enum" => self.variants(inner, &path),
            "trait" => self.members(array(&inner["items"]), &path, true),
            _ => {}
        }
    }

    fn re_export(&mut self, inner: &'a Value, parent: &str) {
        let name = inner["name"].as_str().unwrap_or("_");
        let path = join(parent, name);
        match self.item(&inner["id"]) {
            Some(item) if item["crate_id"] == 0 && inner["is_glob"] == false => {
                self.public_item(item, parent, Some(name))
            }
            _ => {
                let glob = if inner["is_glob"] == true { "::*" } else { "" };
                self.push(&path, format!("use {path} = {}{glob}", inner["source"].as_str().unwrap_or("?")));
            }
        }
    }

    fn fields(&mut self, inner: &'a Value, path: &str) {
        let kind = &inner["kind"];
        let plain = if inner["fields"].is_array() { &inner["fields"] } else { &kind["plain"]["fields"] };
        for id in array(plain).iter().chain(array(&kind["tuple"])) {
            if let Some(field) = self.item(id).filter(|field| field["visibility"] == "public") {
                self.field(field, path);
            }
        }
        if kind["plain"]["has_stripped_fields"] == true || array(&kind["tuple"]).iter().any(Value::is_null) {
            self.push(&join(path, "~"), format!("field {path}::_: private"));
        }
    }

    fn field(&mut self, field: &'a Value, path: &str) {
        let path = join(path, field["name"].as_str().unwrap_or("_"));
        let line = format!("field {path}: {}", self.renderer.ty(&field["inner"]["struct_field"]));
        self.push(&path, line);
    }

    fn variants(&mut self, inner: &'a Value, path: &str) {
        let index = self.index;
        for variant in array(&inner["variants"]).iter().filter_map(|id| item(index, id)) {
            let path = join(path, variant["name"].as_str().unwrap_or("_"));
            self.push(&path, format!("{}variant {path}", notes(variant)));
            let kind = &variant["inner"]["variant"]["kind"];
            for id in array(&kind["tuple"]).iter().chain(array(&kind["struct"]["fields"])) {
                if let Some(field) = self.item(id) {
                    self.field(field, &path);
                }
            }
        }
    }

    /// What a trait or an `impl` holds.
    fn members(&mut self, ids: &'a [Value], path: &str, in_trait: bool) {
        let index = self.index;
        for member in ids.iter().filter_map(|id| item(index, id)) {
            if !in_trait && member["visibility"] != "public" {
                continue;
            }
            let Some((kind, inner)) = kind_of(member) else { continue };
            let path = join(path, member["name"].as_str().unwrap_or("_"));
            let is_provided = inner["has_body"] == true
                || !inner["value"].is_null()
                || !inner["type"].is_null() && kind == "assoc_type";
            let provided = if in_trait && is_provided { " (provided)" } else { "" };
            let line = format!("{}{}{provided}", notes(member), self.renderer.head(kind, inner, &path));
            self.push(&path, line);
        }
    }

    fn impls(&mut self) {
        let items = self.index.as_object().into_iter().flat_map(|index| index.values());
        for item in items.filter(|item| item["crate_id"] == 0) {
            let inner = &item["inner"]["impl"];
            if inner.is_object() && inner["is_synthetic"] == false && inner["blanket_impl"].is_null() {
                self.one_impl(inner);
            }
        }
    }

    fn one_impl(&mut self, inner: &'a Value) {
        let subject = &inner["for"]["resolved_path"]["id"];
        let named = self.public.get(&subject.to_string()).cloned();
        if inner["trait"].is_null() {
            if let Some(path) = named {
                self.members(array(&inner["items"]), &path, false);
            }
            return;
        }
        let is_hidden = |id: &Value| {
            self.item(id).is_some_and(|item| item["crate_id"] == 0)
                && !self.public.contains_key(&id.to_string())
        };
        let name = inner["trait"]["path"].as_str().unwrap_or_default();
        if is_hidden(subject) || is_hidden(&inner["trait"]["id"]) || name.ends_with("StructuralPartialEq") {
            return;
        }
        let path = named.unwrap_or_else(|| "~".to_owned());
        let line = self.renderer.impl_header(inner);
        self.push(&join(&path, "~impl"), line);
    }
}

fn item<'a>(index: &'a Value, id: &Value) -> Option<&'a Value> {
    index.get(id.to_string())
}

/// The one key of `inner`, which is the kind of the item.
fn kind_of(item: &Value) -> Option<(&str, &Value)> {
    let (kind, inner) = item["inner"].as_object()?.iter().next()?;
    Some((kind, inner))
}

fn notes(item: &Value) -> String {
    let mut notes = String::new();
    if array(&item["attrs"]).iter().any(|attribute| attribute == "non_exhaustive") {
        notes.push_str("#[non_exhaustive] ");
    }
    if !item["deprecation"].is_null() {
        notes.push_str("#[deprecated] ");
    }
    notes
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}::{name}") }
}

pub(super) fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
