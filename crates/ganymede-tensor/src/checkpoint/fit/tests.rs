#![allow(clippy::unwrap_used)]
use super::*;

fn dict(path: &str, names: &[&str]) -> Dict {
    let shapes = names.iter().map(|name| ((*name).to_owned(), vec![2, 3])).collect();
    Dict { path: path.to_owned(), shapes }
}

/// A network of two tensors; a lone `step` does no harm.
fn fits(shapes: &Shapes) -> Option<Vec<String>> {
    let own = ["a.weight", "b.weight"];
    let others: Vec<String> = shapes.keys().filter(|name| !own.contains(&name.as_str())).cloned().collect();
    (own.iter().all(|name| shapes.contains_key(*name)) && others.iter().all(|name| name == "step"))
        .then_some(others)
}

#[test]
fn a_network_is_found_under_any_key_and_prefix() {
    let other = dict("netD", &["a.weight", "c.weight"]);
    type Case<'a> = (Dict, &'a [&'a str], Option<&'a str>);
    let cases: [Case<'_>; 7] = [
        (dict("", &["a.weight", "b.weight"]), &["a.weight", "b.weight"], Some("left out are `netD`")),
        (dict("", &["a.weight", "b.weight", "step"]), &["a.weight", "b.weight"], Some("`step`, `netD`")),
        (dict("g", &["a.weight", "b.weight"]), &["a.weight", "b.weight"], Some("under `g` are taken")),
        (
            dict("", &["module.a.weight", "module.b.weight", "n_averaged"]),
            &["module.a.weight", "module.b.weight"],
            Some("under `module` are taken; left out are `n_averaged`, `netD`"),
        ),
        (
            dict("state_dict", &["gen.net.a.weight", "gen.net.b.weight", "gen.w_avg", "disc.a.weight"]),
            &["gen.net.a.weight", "gen.net.b.weight"],
            Some("under `state_dict.gen.net` are taken; left out are `disc.a.weight`, `gen.w_avg`"),
        ),
        (
            dict("", &["a._orig_mod.weight", "b.module.weight"]),
            &["a._orig_mod.weight", "b.module.weight"],
            None,
        ),
        (
            dict("x", &["module._orig_mod.a.weight", "module._orig_mod.b.weight"]),
            &["module._orig_mod.a.weight", "module._orig_mod.b.weight"],
            Some("`x.module._orig_mod`"),
        ),
    ];
    for (given, taken, says) in cases {
        let path = given.path.clone();
        let dicts = [given, Dict { path: other.path.clone(), shapes: other.shapes.clone() }];
        let Chosen::One(choice) = choose(&dicts, &fits) else { panic!("{path}: {taken:?}") };
        assert_eq!(choice.dict, 0);
        assert_eq!(choice.names.keys().collect::<Vec<_>>(), ["a.weight", "b.weight"]);
        assert_eq!(choice.names.values().collect::<Vec<_>>(), taken);
        let note = choice.note.unwrap_or_default();
        assert!(says.is_none_or(|says| note.contains(says)), "{note}");
    }
    let alone = [dict("", &["a.weight", "b.weight"])];
    assert!(matches!(choose(&alone, &fits), Chosen::One(Choice { note: None, .. })));
}

#[test]
fn several_are_named_by_keys_that_choose_one() {
    let dicts = [
        dict("g", &["a.weight", "b.weight"]),
        dict("ema", &["module.a.weight", "module.b.weight"]),
        dict("", &["x.a.weight", "x.b.weight"]),
        dict("y", &["z"]),
    ];
    match choose(&dicts, &fits) {
        Chosen::Several(keys) => assert_eq!(keys, ["g", "ema", "x"]),
        other => panic!("{other:?}"),
    }
    assert!(matches!(choose(&dicts[3..], &fits), Chosen::None));
    assert!(matches!(choose(&[], &fits), Chosen::None));
}

#[test]
fn many_prefixes_cost_little() {
    let names: Vec<String> = (0..20_000).map(|i| format!("{i}.a.b.c.d.e.f.g.h.i.j.k.l.m.weight")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(matches!(choose(&[dict("", &names)], &fits), Chosen::None));
    assert!(
        matches!(choose(&[dict("", &names)], &|_| Some(Vec::new())), Chosen::Several(keys) if keys.len() == MAX_FOUND)
    );
}
