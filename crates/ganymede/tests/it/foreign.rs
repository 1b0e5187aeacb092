//! Weights of other programs: the same pictures and the same scores, in and out.

use std::fs;
use std::path::{Path, PathBuf};

use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{Device, Tensor, load_weights};
use ganymede_train::Trainer;

use crate::common::{CLOTHES, call, expect, run, text};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/foreign").join(name)
}

fn tensor(path: &Path, name: &str) -> Tensor {
    load_weights(path, None, &Device::Cpu).unwrap()[name].clone()
}

const TOL: Tol = Tol { rel: 1e-5, abs: 1e-5 };

/// The case, the model, whether the networks are told the class, and what the note says.
const CASES: [(&str, &str, bool, &str); 6] = [
    ("sngan", "sngan", false, "torch-mimicry"),
    ("cgan-pd", "sngan", true, "torch-mimicry"),
    ("sagan", "sagan", true, "torch-mimicry"),
    ("wgan-gp", "wgan-gp-resnet", false, "torch-mimicry"),
    ("biggan", "biggan", true, "BigGAN-PyTorch"),
    ("r3gan", "r3gan", true, "under `state_dict.generator`"),
];

/// What a generator draws of the case's latent vectors.
fn drawn(case: &str, told: bool, weights: &Path, more: &[&str], out: &Path) -> (Tensor, String) {
    let inputs = fixture(&format!("{case}.safetensors"));
    let mut args =
        vec!["sample", "--weights", text(weights), "--latents", text(&inputs), "--tensor", text(out)];
    args.extend(more);
    if told {
        args.extend(["--labels", text(&inputs)]);
    }
    let words = expect(&call(&args), 0, &["wrote"]);
    (tensor(out, "images"), words)
}

/// What a discriminator says of the case's images.
fn judged(case: &str, told: bool, weights: &Path, more: &[&str], out: &Path) -> Tensor {
    let inputs = fixture(&format!("{case}.safetensors"));
    let mut args = vec!["score", "--weights", text(weights), "--images", text(&inputs), "--out", text(out)];
    args.extend(more);
    if told {
        args.extend(["--labels", text(&inputs)]);
    }
    expect(&call(&args), 0, &["wrote 3 scores"]);
    tensor(out, "scores")
}

#[test]
fn pictures_and_scores_are_those_of_the_reference() {
    let dir = tempfile::tempdir().unwrap();
    for (case, model, told, says) in CASES {
        let inputs = fixture(&format!("{case}.safetensors"));
        let (g, d) = (fixture(&format!("{case}-g.pth")), fixture(&format!("{case}-d.pth")));
        let out = dir.path().join(format!("{case}.safetensors"));
        let (images, words) = drawn(case, told, &g, &["--model", model], &out);
        assert!(words.contains(says), "{words}");
        assert_close(&images, &tensor(&inputs, "images"), TOL);
        for batch in ["1", "64"] {
            let scores = judged(case, told, &d, &["--model", model, "--batch", batch], &out);
            assert_close(&scores, &tensor(&inputs, "scores"), Tol { rel: 1e-4, abs: 1e-5 });
        }
    }
}

#[test]
fn what_is_imported_needs_no_model_and_goes_out_as_it_came_in() {
    let dir = tempfile::tempdir().unwrap();
    for (case, model, told, _) in CASES {
        let inputs = fixture(&format!("{case}.safetensors"));
        let (g, d) = (fixture(&format!("{case}-g.pth")), fixture(&format!("{case}-d.pth")));
        let folder = dir.path().join(case);
        expect(
            &call(&["import", "--from", text(&g), "--model", model, "--out", text(&folder)]),
            0,
            &["generator"],
        );
        expect(
            &call(&["import", "--from", text(&d), "--model", model, "--out", text(&folder)]),
            0,
            &["discriminator"],
        );
        let (g, d) = (folder.join("generator.safetensors"), folder.join("discriminator.safetensors"));
        let out = dir.path().join("out.safetensors");
        assert_close(&drawn(case, told, &g, &[], &out).0, &tensor(&inputs, "images"), TOL);
        assert_close(
            &judged(case, told, &d, &[], &out),
            &tensor(&inputs, "scores"),
            Tol { rel: 1e-4, abs: 1e-5 },
        );
        for file in [&g, &d] {
            let (there, back) = (dir.path().join("there.safetensors"), dir.path().join("back.safetensors"));
            expect(&call(&["export", text(file), "--out", text(&there)]), 0, &["wrote"]);
            expect(&call(&["import", "--from", text(&there), "--out", text(&back)]), 0, &["wrote"]);
            assert!(fs::read(file).unwrap() == fs::read(&back).unwrap(), "{case}");
        }
        // Back under the program's own names: every tensor but the spectral vectors, which have moved.
        let dialect = match case {
            "biggan" | "r3gan" => case,
            _ => "mimicry",
        };
        for (ours, role) in [(&g, "g"), (&d, "d")] {
            let theirs = dir.path().join("theirs.safetensors");
            expect(&call(&["export", text(ours), "--dialect", dialect, "--out", text(&theirs)]), 0, &[]);
            let key = ["model_state_dict", "module", "state_dict.generator"].into_iter();
            let path = fixture(&format!("{case}-{role}.pth"));
            let original =
                key.map(Some).chain([None]).find_map(|key| load_weights(&path, key, &Device::Cpu).ok());
            let (original, theirs) = (original.unwrap(), load_weights(&theirs, None, &Device::Cpu).unwrap());
            for (name, tensor) in &theirs {
                let same = original.get(name).unwrap_or_else(|| panic!("{case}-{role}: {name}"));
                let moved = ["sn_u", "sn_sigma", "u0", "sv0"].iter().any(|end| name.ends_with(end));
                assert_eq!(tensor.dims(), same.dims(), "{case}-{role}: {name}");
                if !moved {
                    let tensor = tensor.to_dtype(same.dtype()).unwrap();
                    assert_close(&tensor, same, Tol { rel: 0.0, abs: 0.0 });
                }
            }
            let lost =
                original.keys().filter(|name| !theirs.contains_key(*name) && !name.ends_with("Kernel"));
            assert_eq!(lost.collect::<Vec<_>>(), Vec::<&String>::new(), "{case}-{role}");
        }
    }
}

#[test]
fn a_run_is_exported_and_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    Trainer::new(&run(CLOTHES, &[]), &out).unwrap().run(&mut ()).unwrap();
    let run_dir = text(&out);
    let path = |name: &str| dir.path().join(name);
    let export = |name: &str, more: &[&str]| {
        let file = path(name);
        let mut args = vec!["export", run_dir, "--out", text(&file)];
        args.extend(more);
        expect(&call(&args), 0, &["wrote"]);
        file
    };
    let (averaged, raw) = (export("a.safetensors", &[]), export("r.safetensors", &["--raw"]));
    assert!(fs::read(&averaged).unwrap() != fs::read(&raw).unwrap());
    let d = export("d.safetensors", &["--player", "discriminator"]);
    let tutorial = export("t.safetensors", &["--dialect", "pytorch-dcgan"]);

    let draw = |source: &[&str], name: &str| {
        let file = path(name);
        let mut args = vec!["sample", "--num", "4", "--tensor", text(&file)];
        args.extend(source);
        expect(&call(&args), 0, &[]);
        tensor(&file, "images")
    };
    let own = draw(&[run_dir], "own");
    for file in [&averaged, &tutorial] {
        assert_close(&draw(&["--weights", text(file)], "other"), &own, Tol { rel: 0.0, abs: 0.0 });
    }
    // The run's own discriminator and the file's say the same of what was drawn, whatever the batch.
    let score = |source: &[&str], name: &str| {
        let file = path(name);
        let images = path("own");
        let mut args = vec!["score", "--images", text(&images), "--out", text(&file)];
        args.extend(source);
        expect(&call(&args), 0, &["wrote 4 scores"]);
        file
    };
    let of_run = tensor(&score(&[run_dir], "s.safetensors"), "scores");
    assert_eq!(of_run.dims(), [4]);
    let of_file = score(&["--weights", text(&d), "--batch", "1"], "s2.safetensors");
    assert_close(&tensor(&of_file, "scores"), &of_run, Tol { rel: 1e-5, abs: 1e-6 });

    // A folder of pictures, in each format; a damaged file is named and takes no row.
    let pictures = path("pictures");
    expect(&call(&["sample", run_dir, "--num", "3", "--no-grid", "--out", text(&pictures)]), 0, &[]);
    fs::write(pictures.join("000001b.png"), b"no picture").unwrap();
    let file = path("scores.csv");
    let words = call(&["score", run_dir, "--images", text(&pictures), "--out", text(&file), "--json"]);
    expect(&words, 0, &["skipped", "000001b.png", "wrote 3 scores"]);
    let table = fs::read_to_string(&file).unwrap();
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!((rows.len(), rows[0]), (4, "file,score"));
    assert!(rows[2].starts_with("000001.png,"), "{table}");
    let report: serde_json::Value = serde_json::from_slice(&words.stdout).unwrap();
    assert_eq!((&report["images"], &report["skipped"]), (&3.into(), &1.into()));
    let json = path("scores.json");
    let shown = call(&["score", run_dir, "--images", text(&pictures), "--out", text(&json)]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("000002.png") && shown.contains("3 images: mean") && shown.contains("50 %"),
        "{shown}"
    );
    let whole: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert_eq!(whole["scores"][2]["file"], "000002.png");
    let npy = path("scores.npy");
    expect(&call(&["score", run_dir, "--images", text(&pictures), "--out", text(&npy)]), 0, &[]);
    let bytes = fs::read(&npy).unwrap();
    assert!(bytes.starts_with(b"\x93NUMPY\x01\x00") && bytes.len() == 128 + 12, "{}", bytes.len());

    for (args, says) in [
        (vec!["score", run_dir, "--images", text(&pictures), "--out", "scores.xlsx"], ".csv, .json, .npy"),
        (vec!["score", run_dir, "--images", text(&pictures), "--labels", text(&npy)], "not told the class"),
        (vec!["export", run_dir, "--out", "G.pt"], "safetensors.torch.load_file"),
        (vec!["export", run_dir, "--out", "G.safetensors", "--dialect", "mimcry"], "known are"),
    ] {
        expect(&call(&args), 2, &[says]);
    }
    let other = ["export", run_dir, "--out", text(&averaged), "--dialect", "mimicry"];
    expect(&call(&other), 1, &["mimicry has no such dcgan"]);
    expect(&call(&["sample", "--weights", text(&d)]), 1, &["ganymede score"]);
    expect(
        &call(&["score", "--weights", text(&averaged), "--images", text(&pictures)]),
        1,
        &["ganymede sample"],
    );
}

#[test]
fn features_of_a_critic_are_no_scores() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let sets = ["loss.kind=cramer", "discriminator.scores=3", "run.steps=2"];
    Trainer::new(&run(CLOTHES, &sets), &path("run")).unwrap().run(&mut ()).unwrap();
    let (made, pictures, d) = (path("run"), path("pictures"), path("d.safetensors"));
    expect(&call(&["sample", text(&made), "--num", "3", "--no-grid", "--out", text(&pictures)]), 0, &[]);
    let score = ["score", text(&made), "--images", text(&pictures)];
    expect(&call(&score), 2, &["its loss, `cramer`, compares features"]);
    // Of weights alone nobody knows what they were trained for.
    let export = ["export", text(&made), "--player", "discriminator", "--out", text(&d)];
    expect(&call(&export), 0, &[]);
    let score = ["score", "--weights", text(&d), "--images", text(&pictures)];
    expect(&call(&score), 0, &["gives 3 numbers of an image"]);
}

#[test]
fn misfits_name_what_would_fit() {
    let sngan = fixture("sngan-g.pth");
    let wrong = fixture("biggan-d.pth");
    for (args, says) in [
        (
            vec!["sample", "--weights", text(&sngan), "--model", "dcgan"],
            vec!["sngan-g.pth", "--model sngan (generator)"],
        ),
        (
            vec!["sample", "--weights", text(&wrong), "--model", "biggan"],
            vec!["--model biggan (discriminator)"],
        ),
        (
            vec!["import", "--from", text(&wrong), "--model", "biggan", "--dialect", "native", "--out", "x"],
            vec!["native's generator"],
        ),
        (vec!["sample", "--weights", text(&sngan), "--model", "sngan", "--set", "wdith=3"], vec!["wdith"]),
    ] {
        expect(&call(&args), 1, &says);
    }
    // Settings that are given count.
    let args = ["sample", "--weights", text(&sngan), "--model", "sngan", "--set", "width=8"];
    expect(&call(&args), 1, &["b5.weight: model [8], file [4]"]);
    let cgan = fixture("cgan-pd-g.pth");
    let inputs = fixture("cgan-pd.safetensors");
    let args =
        ["sample", "--weights", text(&cgan), "--model", "sngan", "--num", "2", "--labels", text(&inputs)];
    expect(&call(&args), 2, &["the labels have shape [3]", "2 samples"]);
}

/// StyleGAN's pickles carry the source of its networks: refused before anything is looked at, with the way out.
#[test]
fn pickles_of_stylegan_are_refused_with_how_to_export() {
    let dir = tempfile::tempdir().unwrap();
    let class = ["torch_utils.persistence", "_reconstruct_persistent_obj"];
    let word = |text: &str| [b"\x8c", &[text.len() as u8][..], text.as_bytes()].concat();
    // {"G_ema": reconstruct({})}, as protocols 3 and 4 say it.
    let old = [b"\x80\x03}X\x05\0\0\0G_emac", class.join("\n").as_bytes(), b"\n}\x85Rs."].concat();
    let new = [b"\x80\x04}", &word("G_ema")[..], &word(class[0]), &word(class[1]), b"\x93}\x85Rs."].concat();
    for (name, pickle) in [("old.pkl", old), ("new.pkl", new)] {
        let path = dir.path().join(name);
        fs::write(&path, pickle).unwrap();
        let out = dir.path().join("out");
        for command in [&["sample"][..], &["import", "--out", text(&out)]] {
            let from = if command[0] == "import" { "--from" } else { "--weights" };
            let args = [command, &[from, text(&path), "--model", "stylegan2"]].concat();
            expect(&call(&args), 1, &[name, "nothing was executed", "['G_ema'].state_dict()", "save_file("]);
        }
        assert!(!out.exists());
    }
}

#[test]
fn both_networks_of_a_wrapper_are_imported() {
    let dir = tempfile::tempdir().unwrap();
    let wrapped = |name: &str| fixture("").join("../wrapped").join(name);
    let out = dir.path().join("both");
    for file in ["lightning.ckpt", "nested.pth", "prefixes.safetensors"] {
        let args = ["import", "--from", text(&wrapped(file)), "--model", "dcgan", "--out", text(&out)]
            .map(str::to_owned);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        expect(&call(&args), 0, &["generator dcgan", "discriminator dcgan", "samples [1, 8, 8]"]);
        assert!(out.join("generator.safetensors").exists() && out.join("discriminator.safetensors").exists());
        fs::remove_dir_all(&out).unwrap();
    }
    let (several, file) = (wrapped("several.pth"), dir.path().join("D.safetensors"));
    let args = ["import", "--from", text(&several), "--model", "dcgan", "--out", text(&file)];
    expect(&call(&args), 1, &["several state dicts", "--key"]);
    let chosen = [&args[..], &["--player", "discriminator"]].concat();
    expect(&call(&chosen), 0, &["under `netD`", "discriminator dcgan"]);
}
