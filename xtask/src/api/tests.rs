use serde_json::{Value, json};

use super::surface;

fn ty_i32() -> Value {
    json!({ "primitive": "i32" })
}

fn no_generics() -> Value {
    json!({ "params": [], "where_predicates": [] })
}

fn function(id: u32, name: &str, visibility: &str, inputs: &Value, output: &Value) -> Value {
    let inner = json!({ "function": {
        "sig": { "inputs": inputs, "output": output }, "generics": no_generics(), "has_body": true,
        "header": { "is_const": false, "is_async": false, "is_unsafe": false },
    } });
    item(id, Some(name), visibility, &inner)
}

fn item(id: u32, name: Option<&str>, visibility: &str, inner: &Value) -> Value {
    json!({ "id": id, "crate_id": 0, "name": name, "visibility": visibility, "attrs": [], "deprecation": null, "inner": inner })
}

/// A crate whose root holds `items`, and whose index holds those and `others`.
fn surface_of(items: &[Value], others: &[Value]) -> Vec<String> {
    let ids: Vec<&Value> = items.iter().map(|item| &item["id"]).collect();
    let root = item(0, Some("demo"), "public", &json!({ "module": { "items": ids } }));
    let all = items.iter().chain(others).chain([&root]);
    let index: serde_json::Map<String, Value> =
        all.map(|item| (item["id"].to_string(), item.clone())).collect();
    let paths = json!({
        "50": { "crate_id": 1, "path": ["core", "fmt", "Result"] },
        "51": { "crate_id": 2, "path": ["candle_core", "tensor", "Tensor"] },
        "53": { "crate_id": 2, "path": ["candle_core", "error", "Error"] },
        "52": { "crate_id": 1, "path": ["core", "clone", "Clone"] },
    });
    let crates = json!({ "1": { "name": "core" }, "2": { "name": "candle_core" } });
    surface::lines(&json!({ "root": 0, "index": index, "paths": paths, "external_crates": crates }))
}

fn path(id: u32, written: &str) -> Value {
    json!({ "resolved_path": { "path": written, "id": id, "args": null } })
}

#[test]
fn what_is_private_is_not_listed() {
    let seen = function(1, "seen", "public", &json!([]), &Value::Null);
    let hidden = function(2, "hidden", "default", &json!([]), &Value::Null);
    assert_eq!(surface_of(&[seen, hidden], &[]), ["fn seen()"]);
}

#[test]
fn a_re_export_of_a_private_module_counts_as_its_item_under_the_new_name() {
    let free = function(2, "free", "public", &json!([["x", ty_i32()]]), &ty_i32());
    let again = json!({ "use": { "source": "inner::free", "name": "renamed", "id": 2, "is_glob": false } });
    let foreign =
        json!({ "use": { "source": "candle_core::Tensor", "name": "Tensor", "id": 51, "is_glob": false } });
    let lines = surface_of(&[item(1, None, "public", &again), item(3, None, "public", &foreign)], &[free]);
    assert_eq!(lines, ["use Tensor = candle_core::Tensor", "fn renamed(x: i32) -> i32"]);
}

#[test]
fn names_of_others_carry_as_much_of_their_path_as_tells_them_apart() {
    let tensor =
        json!({ "borrowed_ref": { "lifetime": "'a", "is_mutable": false, "type": path(51, "Tensor") } });
    let f = function(
        1,
        "f",
        "public",
        &json!([["x", tensor], ["y", path(53, "Error")]]),
        &path(50, "fmt::Result"),
    );
    assert_eq!(surface_of(&[f], &[]), ["fn f(x: &'a Tensor, y: candle_core::Error) -> fmt::Result"]);
}

#[test]
fn a_struct_lists_its_open_fields_its_methods_and_its_traits() {
    let kind = json!({ "plain": { "fields": [2, 3], "has_stripped_fields": true } });
    let thing =
        item(1, Some("Thing"), "public", &json!({ "struct": { "kind": kind, "generics": no_generics() } }));
    let open = item(2, Some("open"), "public", &json!({ "struct_field": ty_i32() }));
    let closed = item(3, Some("closed"), "default", &json!({ "struct_field": ty_i32() }));
    let receiver =
        json!({ "borrowed_ref": { "lifetime": null, "is_mutable": false, "type": { "generic": "Self" } } });
    let method = function(4, "get", "public", &json!([["self", receiver]]), &ty_i32());
    let own = implementation(5, &Value::Null, &json!([4]));
    let clone = implementation(6, &json!({ "path": "Clone", "id": 52, "args": null }), &json!([]));
    let lines = surface_of(&[thing], &[open, closed, method, own, clone]);
    let expected = [
        "struct Thing",
        "fn Thing::get(&self) -> i32",
        "field Thing::open: i32",
        "field Thing::_: private",
        "impl Clone for Thing",
    ];
    assert_eq!(lines, expected);
}

fn implementation(id: u32, of: &Value, items: &Value) -> Value {
    let inner = json!({ "impl": {
        "generics": no_generics(), "trait": of, "for": path(1, "Thing"), "items": items,
        "is_negative": false, "is_synthetic": false, "blanket_impl": null,
    } });
    item(id, None, "default", &inner)
}

#[test]
fn types_read_as_rust() {
    let cases = [
        (json!({ "tuple": [] }), "()"),
        (json!({ "tuple": [ty_i32()] }), "(i32,)"),
        (json!({ "slice": ty_i32() }), "[i32]"),
        (json!({ "array": { "type": ty_i32(), "len": "4" } }), "[i32; 4]"),
        (json!({ "primitive": "never" }), "!"),
        (
            json!({ "dyn_trait": { "traits": [{ "trait": { "path": "Fn", "id": 60, "args": { "parenthesized": { "inputs": [ty_i32()], "output": ty_i32() } } }, "generic_params": [{ "name": "'b" }] }], "lifetime": "'a" } }),
            "dyn for<'b> Fn(i32) -> i32 + 'a",
        ),
        (json!("infer"), "_"),
        (json!({ "novel": 1 }), "{\"novel\":1}"),
    ];
    for (ty, expected) in cases {
        let constant = item(1, Some("X"), "public", &json!({ "constant": { "type": ty } }));
        assert_eq!(surface_of(&[constant], &[]), [format!("const X: {expected}")]);
    }
}
